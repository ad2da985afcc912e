/** JSON documents as tables: arrays of objects, and objects of columns. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { readTable, tableFromRows, tableToObjects } from "../../src/index.ts";
import { jsonPieces } from "../../src/tables/reading/json.ts";
import { readJson, readJsonLines } from "./readers.ts";

const read = (text: string) => readJson(text, { name: "d.json" });
const lines = [
  '{"x": 1, "s": "a, ]\\" b"}',
  '{"s": "[{", "x": 123456789012345678901}',
  '{"x": NaN, "deep": {"a": [1]}}',
];

describe("readJson", () => {
  test("an array of objects is read as JSON lines are", async () => {
    const expected = await readJsonLines(lines.join("\n"), { name: "d.json" });
    expect(await read(`\ufeff [\n${lines.join(",\r\n  ")} ]\n`)).toEqual(expected);
    // As some programs call it.
    expect(await read(lines.join("\n"))).toEqual(expected);
    expect(tableToObjects(await read('{"x": 1, "s": "a"}'))).toEqual([{ x: 1, s: "a" }]);
  });

  test("an object of columns is read, by array or by label as pandas writes it", async () => {
    const rows = [
      { id: "9007199254740993", x: 1.5, s: "a" },
      { id: "9007199254740995", x: Number.NaN, s: null },
    ];
    const id = "[9007199254740993, 9007199254740995]";
    for (const text of [
      `{"id": ${id}, "x": [1.5, null], "s": ["a", null]}`,
      '{"id":{"7":9007199254740993,"9":9007199254740995},"x":{"7":1.5,"9":NaN},"s":{"7":"a","9":null}}',
    ]) {
      const table = await read(text);
      expect(tableToObjects(table).map(({ x, s }) => ({ x, s }))).toEqual(rows.map(({ x, s }) => ({ x, s })));
      const json = await readJsonLines(
        rows.map((row) => `{"id": ${row.id}, "x": ${row.x}, "s": ${JSON.stringify(row.s)}}`).join("\n"),
      );
      expect(table.records.map(({ name, readAs }) => [name, readAs])).toEqual(
        json.records.map(({ name, readAs }) => [name, readAs]),
      );
    }
  });

  test.each([
    ["an element that is not an object", '[{"x": 1}, 5]', DataError, /\(row 2\): expected an object/],
    ["an element that is not JSON", '[{"x": 1}, {"x": }]', FormatError, /\(row 2\): .* is not JSON/],
    ["a duplicate key", '[{"x": 1, "x": 2}]', DataError, /\(row 1\): the key "x" stands there twice/],
    ["a column twice", '{"x": [1], "x": [2]}', DataError, /d\.json: the key "x" stands there twice/],
    ["columns of two lengths", '{"x": [1, 2], "y": [1]}', DataError, /"x" has 2 values, and "y" has 1/],
    ["a file that is cut", '[{"x": 1}, {"x"', FormatError, /ends in the middle of the array/],
    ["a cut string", '[{"x": "1', FormatError, /ends in the middle of the array/],
    ["two arrays", '[{"x": 1}] [{"x": 2}]', FormatError, /has more after the array/],
    ["a comma too many", '[{"x": 1},]', FormatError, /a comma with nothing/],
    ["an empty array", " [ ] ", DataError, /is empty/],
    [
      "other JSON",
      '{"x": 1,\n"y": [{"a": 2}]}',
      DataError,
      /an object with "x", "y" is not a table.*is it "y"\?/,
    ],
    ["an empty file", "", DataError, /is empty/],
  ])("%s is an error that says where", async (_, text, type, message) => {
    const error = await read(text).then(
      () => expect.unreachable("it was read"),
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
  });

  test("random text is read or refused in one line", async () => {
    const letter = fc.constantFrom("{", "}", '"', ":", ",", "\n", "1", "a", "\\", "[", "]");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: letter, maxLength: 40 }), async (text) => {
        for (const document of [text, `[${text}]`, `[{"a":1},${text}]`]) {
          const error = await readJson(document).catch((caught: unknown) => caught);
          if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("bytes and Blobs without a name are taken for JSON if they start as an array of objects", async () => {
    const bytes = new TextEncoder().encode('[\n  {"x": 1},\n  {"x": 2}\n]\n');
    for (const source of [bytes, new Blob([bytes])])
      expect((await readTable(source)).values).toEqual(Float64Array.of(1, 2));
  });

  test("a line that is over the limit is named", async () => {
    await expect(readJson('[{"x": 100000}]', { limits: { lineLength: 8 } })).rejects.toThrow(
      /a row of more than 8 characters/,
    );
  });

  test("what is written is JSON, and read back", async () => {
    const table = tableFromRows(
      ["x", "y"],
      Array.from({ length: 5000 }, (_, i) => [i / 3, -i]),
    );
    const text = [...jsonPieces(table)].join("");
    expect(JSON.parse(text)).toHaveLength(5000);
    expect((await readJson(text)).values).toEqual(table.values);
    expect(JSON.parse([...jsonPieces({ ...table, rows: 0, values: new Float64Array() })].join(""))).toEqual(
      [],
    );
  });
});
