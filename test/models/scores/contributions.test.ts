/** Scores of mixed columns taken apart: by column, by outcome and value, by measure, and why a row cannot be. */

import { beforeAll, describe, expect, test } from "vitest";
import { fit } from "../../../src/fitting/fit.ts";
import { type Flow, load } from "../../../src/models/flow.ts";
import { tableFromObjects } from "../../../src/tables/reading/tableFromObjects.ts";
import type { TableSchema } from "../../../src/tables/schema/columnSchema.ts";

type Row = Record<string, string | number | boolean | null>;
const colors = ["red", "green", "blue"];
const rows: Row[] = Array.from({ length: 180 }, (_, i) => {
  const color = (i + (i >> 2)) % 3;
  return {
    // One level that a single row has.
    color: i === 17 ? "violet" : colors[color]!,
    size: color * 4 + (i % 3),
    share: ((i * 37) % 41) / 20,
    price: i % 7 === 0 ? 0 : 0.1 + ((i * 7919) % 997) / 10,
    member: i % 5 === 0 ? null : i % 2 === 0,
  };
});
const kinds = { size: "integer", price: "positive" };
const schema: TableSchema = {
  columns: [{ name: "share", kind: "continuous", use: "fit", step: 0.05, from: 0 }],
};
const options = {
  flow: "columns",
  seed: 1,
  threads: 1,
  hidden: [8],
  members: 1,
  epochs: 3,
  kinds,
  schema,
} as const;
const red: Row = { color: "red", size: 1, share: 1.05, price: 0, member: null };

let flow: Flow;
let conditional: Flow;
beforeAll(async () => {
  ({ flow } = await fit(tableFromObjects(rows), options));
  ({ flow: conditional } = await fit(tableFromObjects(rows), {
    ...options,
    kinds: { size: "integer" },
    given: ["color", "size"],
    columns: ["member"],
  }));
});

const line = (index: number, change: Row = {}): Row => ({ ...red, ...rows[index], ...change });

describe("contributions", () => {
  test("add up to the log-density, bit by bit, in the table's order", async () => {
    const { columns, logProb } = await flow.contributions(rows);
    expect(columns.map(({ column }) => column)).toEqual(["color", "size", "share", "price", "member"]);
    expect(columns.map(({ outcome }) => outcome !== undefined)).toEqual([false, false, false, true, true]);
    expect(logProb).toEqual(await flow.logProb(rows));
    logProb.forEach((value, row) => {
      const sum = columns.reduce((total, own) => total + ((own.outcome?.[row] ?? 0) + own.value[row]!), 0);
      expect(sum).toBe(value);
    });
    // An atom and a missing cell have a probability, and nothing beside it.
    expect(columns[3]!.value[0]).toBe(0);
    expect(columns[4]!.value[0]).toBe(0);
    expect(columns[3]!.outcome![0]).toBeLessThan(0);
  });

  test("say with respect to what they are; less log step they are densities", async () => {
    const { columns, logProb, logDensity } = await flow.contributions([red, line(3)]);
    expect(columns.map(({ value: _, outcome: __, ...measure }) => measure)).toEqual(
      flow.description.measures,
    );
    expect(flow.description.measures).toEqual([
      { column: "color", measure: "counting" },
      { column: "size", measure: "counting", step: 1 },
      { column: "share", measure: "counting", step: 0.05 },
      { column: "price", measure: "Lebesgue and atoms", atoms: [0] },
      { column: "member", measure: "counting", missing: true },
    ]);
    logProb.forEach((value, row) => {
      expect(logDensity[row]! - value).toBeCloseTo(Math.log(20), 12);
    });
  });

  test("of a row do not depend on the other rows, be it scored once or twice", async () => {
    const far = line(1, { size: 100_000, price: 1e9 });
    const { columns, logProb } = await flow.contributions([far, line(2), far, red]);
    expect(Math.min(...columns.map(({ value }) => value[0]!))).toBeLessThan(-30);
    const alone = await flow.logProb([far]);
    expect([logProb[0], logProb[2]]).toEqual([alone[0], alone[0]]);
    expect(logProb[1]).toBe((await flow.logProb([line(2)]))[0]);
    expect(logProb[3]).toBe((await flow.logProb([red]))[0]);
  });

  test("of rows without a score are not numbers, or left out", async () => {
    const holes = [line(1), line(2, { price: null }), line(3)];
    const empty = await flow.contributions(holes, { missing: "empty" });
    expect(empty.columns.map(({ value }) => Number.isNaN(value[1]!))).toEqual(new Array(5).fill(true));
    expect(empty.logProb).toEqual(await flow.logProb(holes, { missing: "empty" }));
    const dropped = await flow.contributions(holes, { missing: "drop" });
    expect(dropped.logProb).toEqual(empty.logProb.filter((value) => !Number.isNaN(value)));
    expect(dropped.columns[2]!.value).toHaveLength(2);
  });

  test("are refused for a flow of another kind, with the way out", async () => {
    const { flow: gaussian } = await fit(tableFromObjects(rows.map(({ size, price }) => ({ size, price }))), {
      flow: "gaussian",
    });
    await expect(gaussian.contributions([{ size: 1, price: 2 }])).rejects.toThrow(
      /not a product of one factor per column; fit one with `flow: "columns"`/,
    );
    expect(gaussian.description.measures).toEqual([
      { column: "size", measure: "Lebesgue" },
      { column: "price", measure: "Lebesgue" },
    ]);
    expect(
      await gaussian.impossibleRows([
        [1, 2],
        [Number.POSITIVE_INFINITY, 1],
      ]),
    ).toEqual([{ row: 2, column: "size", cell: "Infinity", reason: '"size" is Infinity' }]);
  });
});

describe("rows that cannot be", () => {
  const cases: readonly (readonly [Row, string, RegExp])[] = [
    [{ color: "mauve" }, "color", /^"color" is "mauve", which no row of the fit had$/],
    [{ price: -3 }, "price", /^"price" is -3, below its lower bound, 0$/],
    [{ size: 2.5 }, "size", /^"size" is 2\.5, off its grid: from 0 in steps of 1$/],
    [{ share: 0.123 }, "share", /^"share" is 0\.123, off its grid: from 0 in steps of 0\.05$/],
    [{ member: "perhaps" }, "member", /^"member" is "perhaps", which no row of the fit had$/],
  ];
  test("are named with column, cell and reason; their mean is told apart", async () => {
    const all = [line(1), ...cases.map(([change]) => line(2, change)), line(3)];
    const found = await flow.impossibleRows(all);
    expect(found.map(({ row, column }) => [row, column])).toEqual(cases.map(([, name], i) => [i + 2, name]));
    found.forEach(({ reason }, i) => expect(reason).toMatch(cases[i]![2]));
    const score = await flow.score(all);
    expect(score).toMatchObject({ mean: Number.NEGATIVE_INFINITY, rows: 7, impossible: 5 });
    const possible = await flow.logProb([line(1), line(3)]);
    expect(score.possible.mean).toBeCloseTo((possible[0]! + possible[1]!) / 2, 12);
    const whole = await flow.score([line(1), line(3)]);
    expect(whole).toMatchObject({ impossible: 0, possible: { mean: whole.mean } });
  });

  test("warn of each column with unseen levels, with the first and how many there are", async () => {
    const lines: string[] = [];
    const all = [
      red,
      line(1, { color: "mauve" }),
      line(2, { color: "puce" }),
      line(3, { member: "perhaps" }),
    ];
    await flow.logProb(all, { onWarning: (text) => lines.push(text) });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^column "color" \(row 2\): "mauve" is a level that no row of the fit had \(2 rows have such a level\): their log-density is minus infinity; pass `unseen: "other"`/,
    );
    expect(lines[1]).toMatch(/^column "member" \(row 4\): "perhaps" .* \(1 row has such a level\)/);
  });
});

describe("an unseen level taken for another one", () => {
  test("has the probability of new ones: all masses of the column add up to 1", async () => {
    const levels = ["red", "green", "blue", "violet", "mauve"];
    const all = levels.map((color) => ({ ...red, color }));
    const { columns } = await flow.contributions(all, { unseen: "other" });
    const masses = columns[0]!.value.map(Math.exp);
    expect(Math.abs(masses.reduce((sum, mass) => sum + mass) - 1)).toBeLessThan(1e-6);
    // One of the rows is alone with its level; heads are made of all rows, the held-out ones among them.
    expect(masses[4]).toBeCloseTo(2 / (flow.description.fitted.rows + 2), 12);
    const before = await flow.contributions(all);
    expect(before.columns[0]!.value[4]).toBe(Number.NEGATIVE_INFINITY);
    for (let row = 0; row < 4; row++)
      expect(columns[0]!.value[row]! - before.columns[0]!.value[row]!).toBeCloseTo(
        Math.log1p(-masses[4]!),
        12,
      );
  });

  test("does not stop what comes after it, and survives a model file", async () => {
    const back = await load(flow.toBytes());
    const scores = await back.logProb([line(1, { color: "mauve" })], { unseen: "other" });
    expect(Number.isFinite(scores[0])).toBe(true);
    expect(scores).toEqual(await flow.logProb([line(1, { color: "mauve" })], { unseen: "other" }));
  });

  test("may be given, where else there is no density", async () => {
    const rowsGiven = [line(1), line(2, { color: "mauve" }), line(3, { size: 2.5 })];
    await expect(conditional.logProb(rowsGiven)).rejects.toThrow(
      /row 2: "color" is "mauve", which no row of the fit had, so that there is no density given it; pass `unseen: "other"`, or leave the row out/,
    );
    const empty = await conditional.logProb(rowsGiven, { missing: "empty" });
    expect(Array.from(empty, Number.isNaN)).toEqual([false, true, true]);
    const other = await conditional.logProb(rowsGiven.slice(0, 2), { unseen: "other" });
    expect(other.every(Number.isFinite)).toBe(true);
    await expect(conditional.sample(2, { given: { color: "red", size: 2.5 } })).rejects.toThrow(
      /"size" is 2\.5, off its grid/,
    );
  });
});
