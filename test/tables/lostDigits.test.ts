/** Numbers that no double holds: whole numbers beyond 2^53, and what is beyond the largest and the smallest double. */

import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { lossOf, parseCell } from "../../src/tables/reading/cell.ts";
import { readingLines } from "../../src/tables/reading/readingLines.ts";
import { type ReadTableOptions, readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { column, type Table } from "../../src/tables/table.ts";
import { readCsv } from "./readers.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, options: ReadTableOptions = {}): Promise<Table> =>
  readTable(bytes(text), options);

describe("a cell loses", () => {
  test.each([
    ["9007199254740993", "rounded"],
    [" -9007199254740993 ", "rounded"],
    ["9007199254740993.0", "rounded"],
    ["9,007,199,254,740,993", "rounded"],
    ["0009007199254740993", "rounded"],
    ["12345678901234567890", "rounded"],
    ["1e-400", "rounded"],
    ["0.0000001e-330", "rounded"],
    ["1e400", "overflow"],
    ["-1e400", "overflow"],
    [`1${"0".repeat(309)}`, "overflow"],
  ])("%s: %s", (cell, loss) => {
    expect(lossOf(cell, parseCell(cell.replaceAll(",", ""))!)).toBe(loss);
  });

  test.each([
    "0",
    "-0.000",
    "0e5",
    "NaN",
    "inf",
    "-Infinity",
    "1.#INF",
    "0.1",
    "9007199254740992",
    "9007199254740994",
    "10000000000000000",
    "1.23456789012345678e20",
    // Printed as JavaScript prints a double, and as C does.
    String(2 ** 60 + 256),
    "1152921504606847232",
    "1180591620717411303424",
  ])("nothing: %s", (cell) => {
    expect(lossOf(cell, parseCell(cell)!)).toBeUndefined();
  });
});

const rounded = { row: 2, cell: "9007199254740993", value: 9007199254740992 };
const line =
  'column "id" (row 2): "9007199254740993" is read as 9007199254740992, the nearest number, and others like it may become ' +
  "the same; if the column is a label, leave it out with `columns`; if not, subtract one number from all of its cells first";

/** A .npy file of two columns of 64-bit integers, in the order of Fortran. */
function npy(rows: readonly (readonly [bigint, bigint])[]): Uint8Array {
  const header = `{'descr': '<i8', 'fortran_order': True, 'shape': (${rows.length}, 2), }`.padEnd(117);
  const out = new Uint8Array(128 + 16 * rows.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  out.set(bytes(`${header}\n`), 10);
  const view = new DataView(out.buffer);
  rows.forEach((row, i) => {
    row.forEach((value, place) => {
      view.setBigInt64(128 + 8 * (place * rows.length + i), value, true);
    });
  });
  return out;
}

describe("an id beyond 2^53 is told with its first cell and the remedy", () => {
  const ids = [1n, 9007199254740993n, 9007199254740995n];
  const parquet = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "x", data: [0.5, 1.5, 2.5], type: "DOUBLE" },
        { name: "id", data: ids, type: "INT64" },
      ],
    }),
  );
  const nullable = new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "id", data: [null, ids[1], ids[1]] as bigint[], type: "INT64" }],
    }),
  );
  test.each<[string, () => Promise<Table>, string]>([
    ["CSV", () => read("x,id\n0.5,1\n1.5,9007199254740993\n2.5,9007199254740995\n"), "id"],
    [
      "JSON lines",
      () =>
        read('{"x":0.5,"id":1}\n{"x": 1.5, "id" : 9007199254740993}\n{"x":2.5,"id":9007199254740995}\n', {
          format: "jsonl",
        }),
      "id",
    ],
    [
      "JSON lines beside text that looks like numbers",
      () =>
        read('{"id":1}\n{"a\\"7":"3 \\\\","b":[12],"c":NaN,"id":9007199254740993}\n', { format: "jsonl" }),
      "id",
    ],
    ["Parquet", () => readTable(parquet), "id"],
    ["Parquet with nulls and a dictionary", () => readTable(nullable), "id"],
    [
      ".npy",
      () =>
        readTable(
          npy([
            [0n, 1n],
            [1n, ids[1]!],
            [2n, ids[2]!],
          ]),
        ),
      "x2",
    ],
    [
      ".npy with marks of missing values",
      () =>
        readTable(
          npy([
            [0n, 1n],
            [1n, ids[1]!],
          ]),
          { missingMarks: ["-1"] },
        ),
      "x2",
    ],
    ["objects", async () => tableFromObjects(ids.map((id) => ({ id })) as never), "id"],
  ])("%s", async (_, reading, name) => {
    const table = await reading();
    expect(table.records.find((record) => record.name === name)!.rounded).toEqual(rounded);
    expect(column(table, name)[1]).toBe(9007199254740992);
    expect(readingLines(table, [], [name])).toEqual([line.replace('"id"', `"${name}"`)]);
    // Of the columns in use alone.
    expect(readingLines(table, [], ["x"])).toEqual([]);
  });

  test("a number too small for a double is told, too", async () => {
    for (const table of [
      await read("p\n0.5\n1e-400\n0\n"),
      await read('{"p":0.5}\n{"p":1e-400}\n{"p":0}\n', { format: "jsonl" }),
    ])
      expect(readingLines(table, [], ["p"])).toEqual([
        'column "p" (row 2): "1e-400" is read as 0, the nearest number; write its logarithm to the file instead',
      ]);
  });

  test("a mark of a missing value is no number that could be rounded", async () => {
    const table = await read("x\n1\n99999999999999999999\n", { missingMarks: ["99999999999999999999"] });
    expect(table.records[0]!.rounded).toBeUndefined();
  });

  test("many such columns are one line", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const table = await read(`${names.join()}\n${names.map(() => "9007199254740993").join()}\n`);
    expect(readingLines(table, [], names)).toEqual([
      expect.stringMatching(/^12 columns hold numbers .*"c0" \("9007199254740993" is 9007199254740992\)/),
    ]);
  });

  test("a fit says it", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${Math.sin(i)},${9007199254740993n + BigInt(i * 7)}`);
    const warnings: string[] = [];
    await fit(await read(`x,id\n${rows.join("\n")}\n`), {
      flow: "gaussian",
      onWarning: (text) => void warnings.push(text),
    });
    expect(warnings.filter((text) => text.includes("9007199254740993"))).toHaveLength(1);
  });
});

describe("a number beyond the largest double is refused with its text", () => {
  const rows = Array.from({ length: 12 }, (_, i) => String(Math.sin(i)));
  rows[4] = "-1e400";
  const message =
    'column "x" (row 5): "-1e400" is beyond the largest number that there is (1.8e308); write its logarithm, mend the cell or take out the row.';
  test.each<[string, () => Promise<Table>]>([
    ["CSV", () => readCsv(`x\n${rows.join("\n")}\n`)],
    ["JSON lines", () => read(rows.map((cell) => `{"x":${cell}}`).join("\n"), { format: "jsonl" })],
  ])("%s", async (_, reading) => {
    const table = await reading();
    expect(column(table, "x")[4]).toBe(Number.NEGATIVE_INFINITY);
    const error = await fit(table, { flow: "gaussian" }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ message, column: "x", row: 5 });
    // An infinity before it is what it is.
    table.values[1] = Number.POSITIVE_INFINITY;
    await expect(fit(table, { flow: "gaussian" })).rejects.toThrow(/row 2\): Infinity is not finite/);
  });
});
