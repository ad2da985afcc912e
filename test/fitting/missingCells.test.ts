/** Missing cells of mixed tables that say nothing: the density of the cells that are there. */

import { beforeAll, describe, expect, it } from "vitest";
import { fit } from "../../src/fitting/fit.ts";
import type { Flow } from "../../src/models/flow.ts";
import { load } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import type { Table } from "../../src/tables/table.ts";

const stream = new RandomStream(randomKey(3));
/** What is bought follows the group; the group, and the price, which is often 0, are missing at random. */
const table: Table = tableFromObjects(
  Array.from({ length: 500 }, () => {
    const group = Math.floor(2 * stream.uniform());
    const item = (group + Math.floor(1.3 * stream.uniform())) % 3;
    const isFree = stream.uniform() < 0.3;
    return {
      group: stream.uniform() < 0.25 ? null : ["a", "b"][group]!,
      item: ["p", "q", "r"][item]!,
      price: stream.uniform() < 0.25 ? null : isFree ? 0 : Math.exp(group + 0.2 * stream.normal()),
    };
  }),
);
const options = { seed: 1, threads: 1, hidden: [16], epochs: 30 } as const;

let flow: Flow;
beforeAll(async () => {
  ({ flow } = await fit(table, { ...options, missing: "marginal" }));
});

/** The mass of all rows of some cells. */
async function massOf(rows: readonly Record<string, string | number | null>[]): Promise<number> {
  const scores = await flow.logProb(rows, { precision: "float64" });
  return scores.reduce((sum, score) => sum + Math.exp(score), 0);
}

describe("missing: marginal", () => {
  const groups = ["a", "b"];
  const items = ["p", "q", "r"];

  it("is a density of the cells that are there, for each pattern of missing ones", async () => {
    expect(await massOf(groups.map((group) => ({ group, item: null as never, price: null })))).toBeCloseTo(
      1,
      6,
    );
    expect(await massOf(items.map((item) => ({ group: null, item, price: null })))).toBeCloseTo(1, 6);
    expect(
      await massOf(groups.flatMap((group) => items.map((item) => ({ group, item, price: null })))),
    ).toBeCloseTo(1, 6);
    expect(await massOf([{ group: null, item: null as never, price: null }])).toBe(1);
  });

  it("has outcomes of values alone: of a price 0 and others, of which none is missing", async () => {
    const free = await massOf(items.map((item) => ({ group: null, item, price: 0 })));
    expect(free).toBeGreaterThan(0.2);
    expect(free).toBeLessThan(0.4);
    const samples = tableToObjects(await flow.sample(300, { seed: 1 }));
    for (const { group, item, price } of samples) {
      expect(groups).toContain(group);
      expect(items).toContain(item);
      expect(price).toBeGreaterThanOrEqual(0);
    }
  });

  it("scores rows as they are, higher than where what is missing is an outcome, and survives its file", async () => {
    const scores = await flow.logProb(table);
    expect(scores.every(Number.isFinite)).toBe(true);
    const { flow: outcomes } = await fit(table, { ...options, missing: "outcome" });
    const mean = async (of: Flow): Promise<number> => (await of.score(table)).mean;
    // Which cells are missing costs about 2 times 0.56 nats, the entropy of a quarter.
    expect((await mean(flow)) - (await mean(outcomes))).toBeGreaterThan(0.9);
    const back = await load(flow.toBytes());
    expect(back.description.schema!.columns.map(({ missing }) => missing)).toEqual([
      "marginal",
      undefined,
      "marginal",
    ]);
    expect(await back.logProb(table)).toEqual(scores);
  });

  it("a point of the base needs all cells", async () => {
    await expect(flow.toBase([{ group: null, item: "p", price: 1 }])).rejects.toThrow(
      /column "group" \(row 1\): the cell is missing/,
    );
  });
});
