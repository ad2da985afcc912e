import { describe, expect, it } from "vitest";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import type { Flow } from "../../src/models/flow.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { draw, kinds, meanOf, momentsOf } from "../fitting/tables.ts";

const options: FitOptions = { hidden: [16], transforms: 2, epochs: 25, threads: 1, seed: 3 };
/**
 * The integral of a density, with the given columns fixed, by the midpoint rule on a box around a few thousand samples,
 * half as large again on each side.
 */
async function integral(flow: Flow, given: Readonly<Record<string, number>>, side: number): Promise<number> {
  const drawn = await flow.sample(4000, { seed: 1, given, threads: 1 });
  const all = drawn.columns.length;
  const first = flow.given.length;
  const boxes = flow.columns.map((_, i) => {
    const own = Array.from({ length: drawn.rows }, (_, row) => drawn.values[row * all + first + i]!);
    const low = own.reduce((a, b) => Math.min(a, b));
    const high = own.reduce((a, b) => Math.max(a, b));
    return { from: low - 0.5 * (high - low), cell: (2 * (high - low)) / side };
  });
  const cells = side ** boxes.length;
  const rows = new Float64Array(cells * all);
  let at = 0;
  for (let cell = 0; cell < cells; cell++) {
    for (const name of flow.given) rows[at++] = given[name]!;
    let rest = cell;
    for (const { from, cell } of boxes) {
      rows[at++] = from + ((rest % side) + 0.5) * cell;
      rest = Math.floor(rest / side);
    }
  }
  const density = await flow.logProb(rows, { threads: 1 });
  const volume = boxes.reduce((product, { cell }) => product * cell, 1);
  return density.reduce((sum, value) => sum + Math.exp(value), 0) * volume;
}

/** A skewed column, a ridge over it, and one that depends on both, none of them too sharp for a grid. */
const table = draw(["mass", "gap", "height"], 400, 5, (stream) => {
  const [a, b, c] = [stream.normal(), stream.normal(), stream.normal()];
  return [1e3 * Math.exp(0.25 * a), 1e-3 * (0.3 * a * a + b), 1e4 + 50 * (Math.sin(b) + c)];
});
const expectOne = (total: number): void => {
  if (process.env.REPORT) console.log(`integral ${total}`);
  expect(Math.abs(total - 1)).toBeLessThan(1e-3);
};

describe.each(kinds)("the fitted density of %s integrates to 1", (flow) => {
  it("in one dimension, and given a column", async () => {
    const plain = await fit(table, { ...options, flow, columns: ["mass"] });
    expectOne(await integral(plain.flow, {}, 4000));
    const given = await fit(table, { ...options, flow, columns: ["gap"], given: ["mass"] });
    for (const mass of [500, 2000, 6000]) expectOne(await integral(given.flow, { mass }, 4000));
  });

  it("in two dimensions, and given a column", async () => {
    const plain = await fit(table, { ...options, flow, columns: ["mass", "gap"] });
    expectOne(await integral(plain.flow, {}, 300));
    const given = await fit(table, { ...options, flow, columns: ["gap", "height"], given: ["mass"] });
    expectOne(await integral(given.flow, { mass: 1500 }, 280));
  });
});

describe("a conditional flow", () => {
  it.each(kinds)("%s recovers a density whose mean and width depend on what is given", async (flow) => {
    const width = (x: number): number => 0.2 + 0.8 / (1 + Math.exp(-2 * x));
    const sample = (rows: number, seed: number) =>
      draw(["x", "y"], rows, seed, (stream) => {
        const x = 2 * stream.normal();
        return [x, Math.sin(x) + width(x) * stream.normal()];
      });
    const own = {
      flow,
      given: ["x"],
      hidden: [32, 32],
      transforms: 2,
      epochs: 60,
      batch: 128,
      threads: 1,
      seed: 1,
    };
    const fitted = (await fit(sample(2000, 1), own)).flow;
    const fresh = sample(2000, 2);
    const truth = Array.from({ length: fresh.rows }, (_, row) => {
      const [x, y] = fresh.values.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
      return -0.5 * Math.log(2 * Math.PI) - Math.log(width(x)) - 0.5 * ((y - Math.sin(x)) / width(x)) ** 2;
    });
    const gap = meanOf(truth) - meanOf(await fitted.logProb(fresh));
    expect(gap).toBeLessThan(0.06);
    // No density is better than the true one on rows that it has not seen, but by chance.
    expect(gap).toBeGreaterThan(-0.02);
    for (const x of [-2, 0, 2]) {
      const drawn = await fitted.sample(4000, { seed: 5, given: { x } });
      const moments = momentsOf(drawn);
      expect(Math.abs(moments.mean[1]! - Math.sin(x))).toBeLessThan(0.15);
      expect(Math.abs(moments.deviation[1]! / width(x) - 1)).toBeLessThan(0.2);
    }
  });

  it("scores p(y given x), which does not depend on how likely x is", async () => {
    const independent = draw(["x", "y"], 600, 3, (stream) => [stream.normal(), stream.normal()]);
    const { flow } = await fit(independent, { ...options, given: ["x"] });
    const scores = await flow.logProb(
      tableFromRows(
        ["x", "y"],
        [
          [0, 0],
          [1.5, 0],
          [-1.5, 0],
        ],
      ),
    );
    for (const score of scores) expect(Math.abs(score + 0.5 * Math.log(2 * Math.PI))).toBeLessThan(0.3);
  });
});
