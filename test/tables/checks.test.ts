import { describe, expect, test } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { checkForFitting, diagnoseColumns } from "../../src/tables/checks.ts";
import { measureResolution } from "../../src/tables/recording/resolution.ts";
import { column, type Table, tableFromColumns } from "../../src/tables/table.ts";

const normals = (count: number, seed = 1): Float64Array => {
  const values = new Float64Array(count);
  new RandomStream(randomKey(seed)).fillNormal(values);
  return values;
};
const oneColumn = (values: ArrayLike<number>): Table => tableFromColumns({ x: values });
const kinds = (values: ArrayLike<number>): string[] =>
  diagnoseColumns(oneColumn(values)).map(({ kind }) => kind);
const { NaN: missing, POSITIVE_INFINITY: infinity } = Number;

describe("checkForFitting", () => {
  const sound = [...normals(12)];

  test("gives back a sound table as it is", () => {
    const table = oneColumn(sound);
    expect(checkForFitting(table)).toEqual({ table, dropped: 0 });
  });

  test("names column and row of a missing value, and drops such rows where asked", () => {
    const table = tableFromColumns({
      x: sound,
      y: sound.map((value, row) => (row % 10 === 1 ? missing : value)),
    });
    expect(() => checkForFitting(table)).toThrow(
      'column "y" (row 2): the value is missing (2 rows miss values in all); ' +
        'fill the cell, or leave such rows out with `missing: "drop"`',
    );
    const { table: kept, dropped } = checkForFitting(table, { missing: "drop" });
    expect([kept.rows, dropped]).toEqual([10, 2]);
    expect([...column(kept, "y")]).toEqual(sound.filter((_, row) => row % 10 !== 1));
  });

  test("names column and row of an infinite value, dropped rows or not", () => {
    const table = oneColumn(sound.map((value, row) => (row === 4 ? -infinity : value)));
    for (const policy of ["error", "drop"] as const) {
      expect(() => checkForFitting(table, { missing: policy })).toThrow(/column "x" \(row 5\): -Infinity/);
    }
  });

  test("asks for ten usable rows", () => {
    expect(() => checkForFitting(oneColumn(sound.slice(0, 9)))).toThrow(
      "9 usable rows; fitting needs at least 10",
    );
    const holes = oneColumn([...sound.slice(0, 8), missing, missing, missing]);
    expect(() => checkForFitting(holes, { missing: "drop" })).toThrow(
      "8 usable rows (3 left out for missing values); fitting needs at least 10",
    );
    expect(checkForFitting(oneColumn(sound.slice(0, 10))).dropped).toBe(0);
  });

  test("refuses a constant column, also one that dropping made constant", () => {
    expect(() => checkForFitting(tableFromColumns({ a: sound, b: sound.map(() => 3) }))).toThrow(
      /column "b" is constant \(3 in every row\)/,
    );
    const hidden = tableFromColumns({ a: [...sound, missing], b: [...sound.map(() => 3), 4] });
    expect(() => checkForFitting(hidden, { missing: "drop" })).toThrow(/column "b" is constant/);
  });
});

describe("diagnoseColumns", () => {
  test("is silent on continuous columns, also with a few ties", () => {
    expect(kinds(normals(1000))).toEqual([]);
    expect(kinds(normals(1000).map((value) => Math.round(value * 1e3) / 1e3))).toEqual([]);
    const ties = normals(200);
    ties.copyWithin(0, 100, 104);
    expect(kinds(ties)).toEqual([]);
    expect(kinds([0.1, 0.1, 0.7, 0.3])).toEqual([]);
  });

  test("flags whole numbers, however few ties, but not long counts such as time stamps", () => {
    expect(kinds([1, 2, 3, 5, 8, 13])).toEqual(["integers"]);
    expect(kinds(normals(100).map((value) => 1.7e9 + Math.round(value * 1e7)))).toEqual([]);
  });

  test("flags a grid with its step, whatever rounding did to it", () => {
    const grid = Array.from({ length: 150 }, (_, i) => (i % 7) * 0.1 + 0.2);
    grid[3] = 0.1 + 0.2 + 0.2;
    const [warning] = diagnoseColumns(oneColumn(grid));
    expect(warning).toMatchObject({ kind: "repeated", resolution: 0.1 });
    expect(warning?.message).toBe(
      'column "x" repeats its values (7 different in 150 rows, 0.1 apart): a density can grow without bound on them; ' +
        'fit `flow: "columns"`, which gives such values a probability',
    );
  });

  test("flags one value that holds many rows of a continuous column", () => {
    const rain = normals(300).map((value, row) => (row % 3 === 0 ? 0 : Math.exp(value)));
    const [warning] = diagnoseColumns(oneColumn(rain));
    expect(warning?.kind).toBe("spike");
    expect(warning?.message).toMatch(/column "x" is 0 in 100 of 300 rows/);
  });

  test("passes over missing and infinite values", () => {
    const table = tableFromColumns({
      "shoe size": [1, 2, 2, missing, infinity],
      empty: Array(5).fill(missing),
    });
    const warnings = diagnoseColumns(table);
    expect(warnings.map(({ column: name }) => name)).toEqual(["shoe size"]);
  });
});

describe("the resolution of a column", () => {
  test.each([
    ["whole numbers", [3, 1, 2, 2], 1],
    ["thousands", [1000, 5000, 8000, 5000], 1000],
    ["sparse whole numbers share a finer step", [0, 10, 25], 5],
    ["tenths with rounding errors", [0.1 + 0.2, 0.3, 0.1, 0.7, 0.8 - 0.1], 0.2],
    ["a rounding error near zero", [0.3 - 0.2 - 0.1, 0, 0.5, 1], 0.5],
    ["milliseconds on a time stamp in seconds", [1.7e9, 1.7e9 + 0.001, 1.7e9 + 0.005, 1.7e9 + 0.005], 0.001],
    ["microseconds since 1970", [1.79e15, 1.79e15 + 3, 1.79e15 + 9], 3],
    ["identifiers of 64 bits", [2 ** 60, 2 ** 60 + 512, 2 ** 60 + 1024], 512],
  ])("%s", (_, values, step) => {
    expect(measureResolution(Float64Array.from(values)).step).toBeCloseTo(step, 6);
  });

  test("holds for all values where each was rounded", () => {
    // Seven decimals: the smallest gap is 0.0030471, by which the last value is off by more than a thousandth of a step.
    const values = Float64Array.from({ length: 853 }, (_, k) => Number((k * 0.0030471058).toFixed(7)));
    const { lattice, step } = measureResolution(values);
    expect(lattice).toBe(true);
    for (const value of values)
      expect(Math.abs(value / step! - Math.round(value / step!))).toBeLessThan(1e-3);
  });
});
