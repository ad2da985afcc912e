/** Fits of mixed columns, end to end: what a table holds comes back in its own types, with an exact density. */

import { beforeAll, describe, expect, it } from "vitest";
import { DataError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitResult } from "../../src/fitting/fitReport.ts";
import { load } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import type { Table } from "../../src/tables/table.ts";

const rows = 600;
const stream = new RandomStream(randomKey(11));
const colors = ["blue", "green", "red"];
const day = 86_400_000;

/** Color decides the size and the price; the note is missing where the color is red, half of the time. */
const table: Table = tableFromObjects(
  Array.from({ length: rows }, (_, row) => {
    const color = Math.floor(3 * stream.uniform());
    const size = Math.max(0, Math.round(3 * color + stream.normal()));
    const isFree = stream.uniform() < 0.2;
    return {
      id: `row${row}`,
      color: colors[color]!,
      size,
      price: isFree ? 0 : Math.exp(color + 0.3 * stream.normal()),
      score: color === 2 && stream.uniform() < 0.5 ? null : stream.normal(),
      member: stream.uniform() < 0.3,
      joined: new Date(Date.UTC(2020, 0, 1) + day * Math.floor(300 * stream.uniform()))
        .toISOString()
        .slice(0, 10),
      heading: 360 * stream.uniform() - 180,
    };
  }),
);
const options = { flow: "columns", seed: 2, threads: 1, hidden: [32], members: 1, epochs: 40 } as const;

let result: FitResult;
beforeAll(async () => {
  result = await fit(table, options);
});

describe("a flow of mixed columns", () => {
  it("says what it took the columns for, and what it left out", () => {
    const { flow, report } = result;
    expect(flow.columns).toEqual(["color", "size", "price", "score", "member", "joined", "heading"]);
    const { columns } = flow.description.schema!;
    expect(columns.map(({ kind }) => kind)).toEqual([
      "categorical",
      "integer",
      "positive",
      "continuous",
      "boolean",
      "date-time",
      "angle",
    ]);
    expect(columns[2]!.atoms).toEqual([0]);
    expect(columns.map(({ missing }) => missing ?? false)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(report.leftOut.map(({ column, kind }) => [column, kind])).toEqual([["id", "identifier"]]);
    expect(report.rows).toBe(rows);
    expect(report.warnings.some(({ message }) => /column "heading" is taken for angle/.test(message))).toBe(
      true,
    );
  });

  it("has learnt that color decides size, price and what is missing", async () => {
    const row = {
      color: "red",
      size: 6,
      price: Math.exp(2),
      score: null,
      member: true,
      joined: "2020-03-01",
      heading: 10,
    };
    const scores = await result.flow.logProb([
      row,
      { ...row, color: "blue" },
      { ...row, color: "pink" },
      { ...row, price: -1 },
    ]);
    expect(scores[0]! - scores[1]!).toBeGreaterThan(4);
    expect(Array.from(scores.subarray(2))).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it("has samples in the table's types, with values that it allows alone", async () => {
    const samples = await result.flow.sample(2000, { seed: 5 });
    const drawn = tableToObjects(samples);
    expect(Object.keys(drawn[0]!)).toEqual(result.flow.columns);
    for (const { color, size, price, member, joined, heading } of drawn) {
      expect(colors).toContain(color);
      expect(Number.isInteger(size) && (size as number) >= 0).toBe(true);
      expect(price).toBeGreaterThanOrEqual(0);
      expect(["true", "false"]).toContain(member);
      expect(joined).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(Math.abs(heading as number)).toBeLessThanOrEqual(180);
    }
    const share = (of: Table, holds: (row: Record<string, unknown>) => boolean): number =>
      tableToObjects(of).filter(holds).length / of.rows;
    for (const holds of [
      (row: Record<string, unknown>) => row.price === 0,
      (row: Record<string, unknown>) => Number.isNaN(row.score),
      (row: Record<string, unknown>) => row.color === "red" && (row.size as number) < 3,
    ])
      expect(Math.abs(share(samples, holds) - share(table, holds))).toBeLessThan(0.06);
    expect(await result.flow.score(samples)).toMatchObject({ rows: 2000 });
  });

  it("goes to the base and back", async () => {
    const { flow } = result;
    const first = tableFromObjects(tableToObjects(table).slice(0, 20));
    const points = await flow.toBase(first);
    expect(points).toHaveLength(20 * flow.columns.length);
    expect(points.every(Number.isFinite)).toBe(true);
    const [row] = tableToObjects(first);
    const impossible = await flow.toBase([{ ...row!, color: "pink" }, row!]);
    expect(impossible.subarray(0, flow.columns.length).every(Number.isNaN)).toBe(true);
    // The point of a row depends on its number, not on what came before it.
    expect(impossible.subarray(flow.columns.length)).toEqual(
      (await flow.toBase([row!, row!])).subarray(flow.columns.length),
    );
    await expect(flow.toBase([{ ...row!, size: null }])).rejects.toThrow(
      /column "size" \(row 1\): the cell is missing/,
    );
    const cells = await flow.toData(points);
    // Places of levels, milliseconds and numbers: the scores of the rows say that they are the same.
    expect(cells).toHaveLength(points.length);
    tableToObjects(first).forEach((row, i) => {
      expect(colors[cells[i * flow.columns.length]!]).toBe(row.color);
      expect(cells[i * flow.columns.length + 1]).toBe(row.size);
      expect(cells[i * flow.columns.length + 2]).toBeCloseTo(row.price as number, 6);
    });
  });

  it("is saved and loaded with the same scores and samples", async () => {
    const bytes = result.flow.toBytes();
    const back = await load(bytes);
    expect(back.toBytes()).toEqual(bytes);
    expect(back.description).toEqual(result.flow.description);
    expect(await back.logProb(table)).toEqual(await result.flow.logProb(table));
    expect(await back.sample(10, { seed: 1 })).toEqual(await result.flow.sample(10, { seed: 1 }));
    expect(back.wasFittedTo(table)).toBe(true);
  });

  it("is a density of some columns given others, levels among them", async () => {
    const { flow } = await fit(table, {
      ...options,
      columns: ["price", "score"],
      given: ["color"],
    });
    const red = await flow.sample(300, { given: { color: "red" }, seed: 1 });
    const blue = await flow.sample(300, { given: { color: "blue" }, seed: 1 });
    const mean = (of: Table): number =>
      tableToObjects(of).reduce((sum, { price }) => sum + (price as number) / of.rows, 0);
    expect(mean(red)).toBeGreaterThan(3 * mean(blue));
    expect(tableToObjects(red).every(({ color }) => color === "red")).toBe(true);
    await expect(flow.sample(1, { given: { color: "pink" } })).rejects.toThrow(UsageError);
    const alone = await flow.logProb([{ price: 2, score: 0 }], { given: { color: "red" } });
    expect(alone).toEqual(await flow.logProb([{ color: "red", price: 2, score: 0 }]));
  });

  it("takes kinds that somebody names, and refuses what has none", async () => {
    const { flow } = await fit(table, {
      ...options,
      epochs: 1,
      columns: ["id", "size"],
      kinds: { id: "categorical", size: "categorical" },
    });
    expect(flow.description.schema!.columns[0]!.levels).toHaveLength(rows);
    await expect(fit(table, { ...options, columns: ["id"] })).rejects.toThrow(
      /column "id" has no density: the column is an identifier \(another text in each row\)/,
    );
    await expect(fit(table, { ...options, kinds: { color: "integer" } })).rejects.toThrow(DataError);
    await expect(fit(table, { flow: "nsf-ar", kinds: { color: "integer" } })).rejects.toThrow(
      /kinds means nothing for nsf-ar/,
    );
    await expect(fit(table, { ...options, missing: "error" })).rejects.toThrow(
      /column "score" \(row \d+\): the value is missing/,
    );
    const { report } = await fit(table, { ...options, epochs: 1, missing: "drop" });
    expect(report.dropped).toBeGreaterThan(50);
  });
});

it("draws days of the week that are those of the dates", async () => {
  const names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const moments = Array.from(
    { length: 800 },
    () => Date.UTC(2021, 0, 1) + day * Math.floor(400 * stream.uniform()),
  );
  const visits = tableFromObjects(
    moments.map((moment) => ({
      weekday: names[new Date(moment).getUTCDay()]!,
      visit: new Date(moment).toISOString().slice(0, 10),
    })),
  );
  const { flow } = await fit(visits, { ...options, epochs: 100 });
  const drawn = tableToObjects(await flow.sample(400, { seed: 1 }));
  const right = drawn.filter(
    ({ weekday, visit }) => weekday === names[new Date(visit as string).getUTCDay()],
  ).length;
  expect(right / drawn.length).toBeGreaterThan(0.8);
});
