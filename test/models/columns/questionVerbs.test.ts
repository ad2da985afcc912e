/** What a flow of mixed columns answers about any of its columns, in the columns' own types. */

import { expect, test } from "vitest";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import type { GivenReport } from "../../../src/models/columns/questions/questionOptions.ts";
import { ColumnsCore } from "../../../src/models/cores/columnsCore.ts";
import { Flow } from "../../../src/models/flow.ts";
import { tableFromObjects, tableToObjects } from "../../../src/tables/reading/tableFromObjects.ts";
import type { ColumnSchema } from "../../../src/tables/schema/columnSchema.ts";
import { column } from "../../../src/tables/table.ts";
import { product, someDensity } from "./models.ts";

const threads = 1;
const colors = ["blue", "green", "red"];
const schema: readonly ColumnSchema[] = [
  { name: "price", kind: "positive", lower: 0, atoms: [0], use: "fit" },
  { name: "color", kind: "categorical", levels: colors, use: "fit" },
  { name: "size", kind: "integer", lower: 0, upper: 3, step: 1, from: 0, use: "fit" },
  { name: "grade", kind: "ordinal", levels: ["low", "middle", "high"], missing: true, use: "fit" },
];
const densityColumns: readonly DensityColumn[] = [
  { name: "price", kind: "positive", lower: 0, atoms: [0] },
  { name: "color", kind: "categorical", levels: 3 },
  { name: "size", kind: "integer", lower: 0, upper: 3 },
  { name: "grade", kind: "ordinal", levels: 3, missing: true },
];
const flowOf = (order: readonly number[]): Flow =>
  new Flow(
    new ColumnsCore({
      columns: schema,
      given: [],
      model: someDensity(densityColumns, { order, scale: 0.5 }).model,
      fitted: { rows: 1, seed: 0, epochs: 0, trainLogProb: 0, validationLogProb: 0, dequantized: {} },
    }),
  );
const flow = flowOf([2, 0, 1, 3]);

/** Pearson's statistic of counts for some probabilities. */
const chiSquare = (counts: readonly number[], shares: readonly number[]): number => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + (count - total * shares[i]!) ** 2 / (total * shares[i]!), 0);
};

/** All rows of some columns, as objects. */
const allRows = (cells: Readonly<Record<string, readonly (string | number | null)[]>>) => {
  const names = Object.keys(cells);
  const places = product(names.map((name) => cells[name]!.map((_, i) => i)));
  return Array.from(places[0]!.keys(), (row) =>
    Object.fromEntries(names.map((name, c) => [name, cells[name]![places[c]![row]!]!])),
  );
};

test("marginals of a discrete column add up to 1, exactly or within their error", async () => {
  for (const [name, cells, isExact] of [
    ["size", [0, 1, 2, 3], true],
    ["color", colors, false],
    ["grade", [null, "low", "middle", "high"], false],
  ] as const) {
    const { logProb, standardError, effectiveSize, summedOut } = await flow.marginal(
      cells.map((cell) => ({ [name]: cell })),
      { columns: [name], threads, draws: 500 },
    );
    const sum = logProb.reduce((total, value) => total + Math.exp(value), 0);
    expect(Math.abs(sum - 1)).toBeLessThan(isExact ? 1e-9 : 1e-6);
    expect(standardError.every((error) => error === 0)).toBe(isExact);
    expect(effectiveSize.every((size) => size === Number.POSITIVE_INFINITY)).toBe(isExact);
    expect(summedOut).toBe(0);
  }
});

test("log p of a row with a missing cell is that of the other cells, with a notice", async () => {
  const rows = allRows({ price: [0], size: [1], color: colors, grade: ["low"] });
  const whole = await flow.logProb(rows, { threads });
  const lines: string[] = [];
  const hole = { price: 0, size: 1, color: null, grade: "low" };
  const scores = await flow.logProb([hole, rows[1]!], { threads, onWarning: (line) => lines.push(line) });
  expect(scores[0]).toBeCloseTo(Math.log(whole.reduce((sum, value) => sum + Math.exp(value), 0)), 9);
  expect(scores[1]).toBe(whole[1]);
  expect(lines).toEqual([
    "cells of color are missing in 1 row, and none was in the rows of the fit: the score is the log-density of the other cells, exactly",
  ]);
  await expect(flow.logProb([hole], { missing: "error" })).rejects.toThrow(
    /column "color" \(row 1\): the cell is missing/,
  );
  expect(await flow.logProb([hole, rows[1]!], { missing: "drop", threads })).toHaveLength(1);
  expect((await flow.logProb([hole], { missing: "empty", threads }))[0]).toBeNaN();
});

test.each([
  ["size", { price: 0 }],
  ["price", { size: 2 }],
  ["price", { color: "red", size: { from: 1 } }],
  ["grade", { color: "red", price: { from: 0, to: 1 } }],
] as const)("quantile and cdf of %s given %o are each other's inverse", async (name, given) => {
  const at = [0.1, 0.5, 0.9];
  const how = { column: name, given, threads, draws: 200 };
  const { table } = await flow.quantile({ ...how, at });
  const values = at.map((probability) => tableToObjects(table)[0]![String(probability)]!);
  const { probability } = await flow.cdf({ ...how, at: values });
  at.forEach((wanted, i) => {
    expect(probability[i]).toBeGreaterThan(wanted - 1e-9);
  });
  const isAtom = (value: unknown): boolean => value === 0;
  const below = values.map((value) =>
    typeof value === "string"
      ? (["low", "middle", "high"][["low", "middle", "high"].indexOf(value) - 1] ?? value)
      : name === "size"
        ? value - 1
        : value - (isAtom(value) ? 1e-300 : 1e-9 * value),
  );
  const before = await flow.cdf({ ...how, at: below });
  at.forEach((wanted, i) => {
    if (below[i] !== values[i]) expect(before.probability[i]).toBeLessThan(wanted + 1e-6);
  });
});

test("samples given ranges and levels follow the conditional distribution", async () => {
  const n = 1200;
  const given = { color: "red", size: { from: 1, to: 2 } };
  let report: GivenReport | undefined;
  const samples = await flow.sample(n, { given, seed: 4, threads, onGiven: (own) => (report = own) });
  const rows = tableToObjects(samples);
  expect(rows.every(({ color, size }) => color === "red" && (size === 1 || size === 2))).toBe(true);
  const cells = allRows({ size: [1, 2], grade: [null, "low", "middle", "high"] });
  const { logProb } = await flow.marginal(cells, {
    columns: ["size", "grade"],
    given: { color: "red" },
    threads,
    draws: 1500,
  });
  const total = logProb.reduce((sum, value) => sum + Math.exp(value), 0);
  const counts = cells.map(
    ({ size, grade }) => rows.filter((row) => row.size === size && row.grade === grade).length,
  );
  // A value of 24.3 is passed once in a thousand times.
  const shares = Array.from(logProb, (value) => Math.exp(value) / total);
  expect(chiSquare(counts, shares)).toBeLessThan(24.3);
  // Met by 4 of 1,000 rows: too seldom for rejection.
  expect(report!.acceptance).toBe(undefined);
  expect(report!.effectiveSize).toBeGreaterThan(2 * n);
  const { logProb: condition } = await flow.marginal([{ color: "red" }], {
    columns: ["color"],
    given: { size: { from: 1, to: 2 } },
    threads,
    draws: 1500,
  });
  const { logProb: range } = await flow.marginal([{ size: 1 }, { size: 2 }], { columns: ["size"], threads });
  expect(report!.logProbGiven).toBeCloseTo(
    condition[0]! + Math.log(Math.exp(range[0]!) + Math.exp(range[1]!)),
    1,
  );
});

test("what has a probability is drawn by rejection, what has a density by resampling", async () => {
  const n = 800;
  const reports: GivenReport[] = [];
  const onGiven = (report: GivenReport): number => reports.push(report);
  const given = { size: { from: 0, to: 2 }, grade: { from: "middle", to: "high" } };
  const rejecting = flowOf([0, 2, 1, 3]);
  const rows = tableToObjects(await rejecting.sample(n, { given, seed: 4, threads, onGiven }));
  expect(rows.every(({ size, grade }) => size !== 3 && grade !== "low" && grade !== null)).toBe(true);
  const [{ acceptance, candidates, effectiveSize, logProbGiven }] = reports as [GivenReport];
  expect(effectiveSize).toBe(Number.POSITIVE_INFINITY);
  expect(candidates).toBeGreaterThanOrEqual(n);
  // The acceptance is a mean of coins whose probabilities have the mean that is reported as the probability of what is given.
  const deviation = Math.sqrt((acceptance! * (1 - acceptance!)) / candidates);
  expect(Math.abs(acceptance! - Math.exp(logProbGiven))).toBeLessThan(4 * deviation);
  const cells = allRows({ size: [0, 1, 2], color: colors, grade: ["middle", "high"] });
  const { logProb } = await rejecting.marginal(cells, {
    columns: ["size", "color", "grade"],
    threads,
    draws: 1500,
  });
  const total = logProb.reduce((sum, value) => sum + Math.exp(value), 0);
  const counts = cells.map(
    (cell) => rows.filter((row) => Object.entries(cell).every(([name, value]) => row[name] === value)).length,
  );
  // 17 degrees of freedom: a value of 40.8 is passed once in a thousand times.
  const shares = Array.from(logProb, (value) => Math.exp(value) / total);
  expect(chiSquare(counts, shares)).toBeLessThan(40.8);
  await flowOf([1, 2, 0, 3]).sample(50, { given: { price: 1.5 }, seed: 4, threads, onGiven });
  expect(reports[1]!.acceptance).toBe(undefined);
});

test("complete rows are rows given that no cell is missing", async () => {
  const n = 600;
  const rows = tableToObjects(await flow.sample(n, { complete: true, seed: 3, threads }));
  expect(rows.some(({ grade }) => grade === null)).toBe(false);
  const levels = ["low", "middle", "high"];
  const cells = allRows({ size: [0, 1, 2, 3], grade: levels });
  const { logProb } = await flow.marginal(cells, { columns: ["size", "grade"], threads, draws: 1500 });
  const total = logProb.reduce((sum, value) => sum + Math.exp(value), 0);
  const counts = cells.map(
    ({ size, grade }) => rows.filter((row) => row.size === size && row.grade === grade).length,
  );
  // 11 degrees of freedom: a value of 31.3 is passed once in a thousand times.
  const shares = Array.from(logProb, (value) => Math.exp(value) / total);
  expect(chiSquare(counts, shares)).toBeLessThan(31.3);
  const given = tableToObjects(
    await flow.sample(20, { complete: true, given: { size: 2 }, seed: 3, threads }),
  );
  expect(given.every(({ size, grade }) => size === 2 && grade !== null)).toBe(true);
  const { table, logProb: scores } = await flow.sampleWithLogProb(20, { complete: true, seed: 3, threads });
  expect(tableToObjects(table).every(({ grade }) => grade !== null)).toBe(true);
  expect([...scores]).toEqual([...(await flow.logProb(table, { threads }))]);
});

test("one row is drawn of each condition of a list, where null says nothing", async () => {
  const given = { color: ["red", null, "blue"], size: [0, 1, null] };
  const rows = tableToObjects(await flow.sample(3, { given, seed: 1, threads }));
  expect([rows[0]!.color, rows[0]!.size, rows[1]!.size, rows[2]!.color]).toEqual(["red", 0, 1, "blue"]);
  expect(rows.every(({ color }) => colors.includes(color as string))).toBe(true);
  await expect(flow.sample(2, { given })).rejects.toThrow(/one value for each of the 2 rows/);
});

test("what is imputed follows the distribution of the cell given the others; the rest stays", async () => {
  const draws = 600;
  const rows = [
    { note: "a", grade: "low", color: null, size: 2, price: 0 },
    { note: "b", grade: null, color: "red", size: 1, price: 2.5 },
    { note: "c", grade: "high", color: "blue", size: 3, price: 1 },
  ];
  const { tables, filled, effectiveSize } = await flow.impute(tableFromObjects(rows), {
    draws,
    seed: 2,
    threads,
  });
  expect([tables.length, filled]).toEqual([draws, 2]);
  expect(effectiveSize.every((size) => size === Number.POSITIVE_INFINITY)).toBe(true);
  const drawn = tables.map(tableToObjects);
  expect(Object.keys(drawn[0]![0]!)).toEqual(Object.keys(rows[0]!));
  for (const [first, second, third] of drawn) {
    expect(first).toEqual({ ...rows[0], color: first!.color });
    expect(second).toEqual({ ...rows[1], grade: second!.grade });
    expect(third).toEqual(rows[2]);
  }
  const expected = await flow.logProb(
    colors.map((color) => ({ ...rows[0]!, color })),
    { threads },
  );
  const total = expected.reduce((sum, value) => sum + Math.exp(value), 0);
  const counts = colors.map((color) => drawn.filter(([first]) => first!.color === color).length);
  // Systematic draws are spread more evenly than independent ones.
  counts.forEach((count, k) => {
    expect(Math.abs(count / draws - Math.exp(expected[k]!) / total)).toBeLessThan(0.02);
  });
  const grades = ["low", "middle", "high"];
  const { logProb } = await flow.marginal(
    grades.map((grade) => ({ grade })),
    { columns: ["grade"], given: { color: "red", size: 1, price: 2.5 }, threads },
  );
  const present = logProb.reduce((sum, value) => sum + Math.exp(value), 0);
  const shares = Array.from(logProb, (value) => Math.exp(value) / present);
  const found = grades.map((grade) => drawn.filter(([, second]) => second!.grade === grade).length);
  // A value of 13.8 is passed once in a thousand times.
  expect(chiSquare(found, shares)).toBeLessThan(13.8);
});

test("what is asked wrongly is refused by name", async () => {
  const row = [{ size: 1, color: "red" }];
  const refused: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => flow.marginal(row, { columns: ["sise"] }), /no column "sise" \(did you mean "size"\?\)/],
    [
      () => flow.marginal(row, { columns: ["size"], given: ["size"] }),
      /column "size" is asked for twice, or asked for and given/,
    ],
    [() => flow.marginal(row, { columns: [] }), /columns must be the names of one column at least/],
    [
      () => flow.marginal(row, { columns: ["size"], given: { color: "pink" } }),
      /one of its levels: blue, green, red/,
    ],
    [
      () => flow.marginal(row, { columns: ["size"], given: { color: { from: "red" } } }),
      /levels of a categorical column/,
    ],
    [() => flow.quantile({ column: "color", at: [0.5] }), /categorical, and its levels are in no order/],
    [() => flow.quantile({ column: "size", at: [1.5] }), /above 0 and below 1/],
    [() => flow.quantile({ column: "size", at: [0.5], given: { size: 1 } }), /asked for and given/],
    [() => flow.cdf({ column: "grade", at: ["top"] }), /levels of "grade": low, middle, high/],
    [() => flow.sample(1, { given: { price: { from: 3, to: 1 } } }), /from its lower to its upper end/],
    [() => flow.sample(1, { given: { size: { from: 7 } } }), /what is given cannot be/],
    [
      () => flow.sampleWithLogProb(1, { given: { size: 1 } }),
      /"size" is not a column that the model is given/,
    ],
    [
      () => flow.impute([{ price: 1, color: "pink", size: 1, grade: null }]),
      /none of the levels that the model knows/,
    ],
    [() => flow.impute([{ price: -1, color: null, size: 1, grade: null }]), /cannot be/],
  ];
  for (const [answer, message] of refused) await expect(answer()).rejects.toThrow(message);
});

test("the order of the model changes how a question is answered, not who may ask it", async () => {
  const other = flowOf([3, 2, 1, 0]);
  const { table, effectiveSize } = await other.quantile({ column: "grade", at: [0.5], threads });
  expect(effectiveSize[0]).toBe(Number.POSITIVE_INFINITY);
  expect(["low", "middle", "high"]).toContain(tableToObjects(table)[0]!["0.5"]);
  const price = await other.quantile({ column: "price", at: [0.5], given: { color: "red" }, threads });
  expect(price.effectiveSize[0]).toBe(Number.POSITIVE_INFINITY);
  expect(column(price.table, "0.5")[0]).toBeGreaterThanOrEqual(0);
});
