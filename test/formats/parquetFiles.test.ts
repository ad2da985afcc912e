/** Files that pyarrow and pandas wrote: test/files/makeParquet.py. */

import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { column, leftOutColumns, numericColumns, type Table } from "../../src/tables/table.ts";
import { readParquet } from "../tables/readers.ts";

const path = (name: string): string => new URL(`../files/${name}`, import.meta.url).pathname;
const read = (name: string): Promise<Table> => readParquet(new Uint8Array(readFileSync(path(name))), name);

describe("codecs", () => {
  const names = readdirSync(path("parquet")).filter((name) => name.startsWith("codec-"));

  test("there are twelve files", () => expect(names.length).toBe(12));

  test.each(names)("%s", async (name) => {
    const table = await read(`parquet/${name}`);
    const plain = await read("parquet/codec-none-1.0.parquet");
    expect(table).toEqual(plain);
    expect([...column(table, "k")]).toEqual(Array.from({ length: 300 }, (_, i) => i % 7));
    expect([...column(table, "some")]).toEqual(
      Array.from({ length: 300 }, (_, i) => (i % 5 === 0 ? Number.NaN : i / 8)),
    );
    for (const [i, value] of column(table, "x").entries())
      expect(Math.abs(value - Math.sin(i))).toBeLessThan(1e-15);
  });
});

describe("encodings", () => {
  test.each(["dictionary", "split", "delta", "lengths"])("%s", async (name) => {
    const table = await read(`parquet/encoding-${name}.parquet`);
    const expected = (cell: (i: number) => number): number[] => Array.from({ length: 60 }, (_, i) => cell(i));
    expect([...column(table, "i4")]).toEqual(expected((i) => ((i * 12345) % 1001) - 500));
    expect([...column(table, "i8")]).toEqual(
      expected((i) => Number(BigInt((-1) ** i) * ((BigInt(i) * 7919n ** 4n) % 2n ** 62n))).map((v) => v || v),
    );
    expect([...column(table, "f4")]).toEqual([...column(table, "f8")].map(Math.fround));
    expect([...column(table, "flag")]).toEqual(
      expected((i) => (i % 9 === 4 ? Number.NaN : Number(i % 3 === 0))),
    );
    expect(leftOutColumns(table)).toMatchObject([{ column: "text", row: 1, cell: "name 0" }]);
  });
});

describe("decimals are the nearest doubles of their text", () => {
  test("of 128 bits, as integers of 32 and 64 bits, of any scale", async () => {
    const table = await read("parquet/decimals.parquet");
    const digits = Array.from({ length: 200 }, (_, i) => BigInt(((i * 7907 + 13) % 999983) - 400000));
    for (const [name, factor, scale] of [
      ["s3p9", 1n, 3],
      ["s5p18", 10n ** 9n + 7n, 5],
      ["s3p12", 1n, 3],
      ["s20p38", 10n ** 21n + 9n, 20],
      ["s30p38", 10n ** 28n + 9n, 30],
      ["p60", 10n ** 40n + 7n, 41],
    ] as const)
      expect([...column(table, name)], name).toEqual(digits.map((d) => Number(`${d * factor}e-${scale}`)));
    const fixed = await read("parquet/decimals-fixed.parquet");
    for (const name of fixed.columns) expect(column(fixed, name)).toEqual(column(table, name));
  });

  test("of the reported file", async () => {
    const values = column(await read("reports/decimals.parquet"), "d");
    expect(values.length).toBe(1000);
    for (const value of values) expect(value).toBe(Number(value.toFixed(3)));
  });
});

test("what is not a number, or not a single value, is a text column and refuses nothing", async () => {
  const table = await read("parquet/kinds.parquet");
  expect(table.columns).toEqual(["x", "half", "u8", "u32", "u64", "nothing", "flag"]);
  expect([...column(table, "half")]).toEqual([1.5, Number.NaN, -(2 ** -24)]);
  expect([...column(table, "u32")]).toEqual([1, 2 ** 32 - 1, Number.NaN]);
  expect([...column(table, "u64")]).toEqual([1, 2 ** 64, Number.NaN]);
  expect([...column(table, "flag")]).toEqual([1, 0, Number.NaN]);
  const text = Object.fromEntries(
    leftOutColumns(table)
      .filter(({ kind }) => kind === "text")
      .map(({ column: name, cell }) => [name, cell]),
  );
  expect(text).toEqual({
    list: "a list",
    numbers: "a list",
    struct: "a structure",
    map: "a map",
    day: "2020-01-02",
    moment: "2020-01-02T03:04:05",
    clock: "01:02:03",
    bytes: "binary data",
    fixed: "binary data",
  });
  const other = await read("reports/nested-other-column.parquet");
  expect(other.columns).toEqual(["x", "y"]);
});

test.each([
  ["parquet/pandas-level", ["__index_level_0__"]],
  ["parquet/pandas-named", ["id"]],
  ["parquet/pandas-two", ["id", "part"]],
  ["parquet/pandas-range", []],
  ["reports/pandas-index-level", ["__index_level_0__"]],
])("the index of a pandas frame is left out: %s", async (name, index) => {
  const table = await read(`${name}.parquet`);
  expect(numericColumns(table)).toEqual(["x", "y"]);
  expect(leftOutColumns(table).map((own) => own.column)).toEqual(index);
  // Who asks for it gets it.
  for (const own of index.filter((each) => each !== "part"))
    expect(column(table, own).length).toBe(table.rows);
});

test("Zstandard, as pandas and polars write it", async () => {
  const table = await read("reports/zstd.parquet");
  expect([table.rows, ...table.columns]).toEqual([60, "x", "y"]);
});

test("damaged files end in an error, at once", async () => {
  const names = readdirSync(path("faults")).filter((name) => name.endsWith(".parquet"));
  expect(names.length).toBe(6);
  for (const name of names) {
    const start = performance.now();
    const error = await read(`faults/${name}`).catch((caught: unknown) => caught);
    if (error instanceof Error) expect(error, name).toBeInstanceOf(FormatError);
    expect(performance.now() - start, name).toBeLessThan(2000);
  }
});
