import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { jsonLinesPieces } from "../../src/tables/reading/jsonLines.ts";
import { leftOutColumns, tableFromRows } from "../../src/tables/table.ts";
import { readJsonLines } from "./readers.ts";

const failure = (text: string): Promise<unknown> =>
  readJsonLines(text, { name: "d.jsonl" }).then(
    () => expect.unreachable("it was read"),
    (caught: unknown) => caught,
  );

describe("readJsonLines", () => {
  test("takes the keys of all lines as columns; a key that is not there is missing", async () => {
    const table = await readJsonLines('{"x": 1, "y": 2}\n\n{"y": 3}\r\n{"z": null, "x": 4}');
    const { NaN: missing } = Number;
    const expected = tableFromRows(
      ["x", "y", "z"],
      [
        [1, 2, missing],
        [missing, 3, missing],
        [4, missing, missing],
      ],
    );
    expect({ ...table, records: expected.records }).toEqual(expected);
    expect(leftOutColumns(table)).toMatchObject([{ column: "z", kind: "empty" }]);
  });

  test("reads booleans as 1 and 0, strings as cells, and Python's bare NaN and Infinity", async () => {
    const table = await readJsonLines(
      '{"a": true, "b": "1e3", "c": NaN, "d": -Infinity}\n{"a": false, "b": "inf"}',
    );
    expect([...table.values.subarray(0, 4)]).toEqual([1, 1000, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(table.values[4]).toBe(0);
    const text = await readJsonLines('{"a": "NaN or \\"Infinity\\"", "b": NaN}');
    expect(text.records[0]?.leftOut?.cell).toBe('NaN or "Infinity"');
  });

  test("a nested value makes a text column", async () => {
    const table = await readJsonLines('{"x": 1, "tags": [1, 2]}\n{"x": 2, "tags": []}');
    expect(table.columns).toEqual(["x"]);
    expect(leftOutColumns(table)).toMatchObject([{ column: "tags", row: 1, cell: "an array", kind: "text" }]);
  });

  test.each([
    ["an array", '{"x": 1}\n[1, 2]', DataError, /d\.jsonl \(row 2\): expected an object/],
    ["a number", "5", DataError, /\(row 1\): expected an object/],
    ["no JSON", '{"x": 1}\n{"x": }', FormatError, /\(row 2\): "\{\\"x\\": \}" is not JSON/],
    ["a duplicate key", '{"x": 1, "\\u0078": 2}', DataError, /\(row 1\): the key "x" stands there twice/],
    ["an empty key", '{"": 1}', DataError, /no name/],
    ["an empty file", "\n \n", DataError, /is empty/],
    ["empty objects", "{}\n{}", DataError, /no columns/],
  ])("%s is an error that names the row", async (_, text, type, message) => {
    const error = await failure(text);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
  });

  test("random text is read or refused in one line", async () => {
    const letter = fc.constantFrom("{", "}", '"', ":", ",", "\n", "1", "a", "\\", "[");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: letter, maxLength: 40 }), async (text) => {
        const error = await readJsonLines(text).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
      }),
      { numRuns: 1000 },
    );
  });

  test("what is written is read back with the same bits", async () => {
    const rows = fc.array(fc.tuple(fc.double(), fc.double()), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (values) => {
        const table = tableFromRows(['say "x"', "__proto__"], values);
        const back = await readJsonLines([...jsonLinesPieces(table)].join(""));
        expect(back.columns).toEqual(table.columns);
        expect(new BigUint64Array(back.values.buffer)).toEqual(new BigUint64Array(table.values.buffer));
      }),
    );
  });
});
