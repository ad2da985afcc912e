import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { writeParquet } from "../../src/tables/binary/writeParquet.ts";
import { tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { leftOutColumns, numericColumns, tableFromRows } from "../../src/tables/table.ts";
import { readParquet } from "../tables/readers.ts";

type Options = Parameters<typeof parquetWriteBuffer>[0];
const write = (columnData: Options["columnData"], options: Partial<Options> = {}): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
const failure = async (bytes: Uint8Array): Promise<Error> => {
  const error = await readParquet(bytes, "a.parquet").then(
    () => expect.unreachable("it was read"),
    (caught: unknown) => caught,
  );
  expect((error as Error).message).not.toMatch(/\n/);
  return error as Error;
};

describe("reading", () => {
  test("numbers of every type, nulls, booleans, text and dates", async () => {
    const table = await readParquet(
      write([
        { name: "double", data: [1.5, null, -3], type: "DOUBLE" },
        { name: "float", data: [0.5, 1, 2], type: "FLOAT" },
        { name: "small", data: [1, -2, null], type: "INT32" },
        { name: "large", data: [1n, -2n, 2n ** 40n], type: "INT64" },
        { name: "flag", data: [true, false, null], type: "BOOLEAN" },
        { name: "city", data: ["Rome", null, "Oslo"], type: "STRING" },
        { name: "mixed", data: ["1", "2", "x"], type: "STRING" },
        { name: "when", data: [new Date(0), new Date(1), new Date(2)], type: "TIMESTAMP" },
      ]),
    );
    const { NaN: missing } = Number;
    const numbers = tableFromRows(
      ["double", "float", "small", "large", "flag"],
      [
        [1.5, 0.5, 1, 1, 1],
        [missing, 1, -2, -2, 0],
        [-3, 2, missing, 2 ** 40, missing],
      ],
    );
    expect({ ...table, records: numbers.records, texts: undefined }).toEqual({
      ...numbers,
      texts: undefined,
    });
    expect(tableToObjects(table).map(({ city, mixed, when }) => [city, mixed, when])).toEqual([
      ["Rome", "1", "1970-01-01T00:00:00Z"],
      [null, "2", "1970-01-01T00:00:00.001Z"],
      ["Oslo", "x", "1970-01-01T00:00:00.002Z"],
    ]);
    expect(table.records.map(({ readAs }) => readAs).slice(0, 6)).toEqual([
      ...Array(4).fill("numbers"),
      "booleans",
      "text",
    ]);
    expect(leftOutColumns(table)).toMatchObject([
      { column: "city", kind: "text", row: 1, cell: "Rome" },
      { column: "mixed", kind: "mixed", row: 3, cell: "x" },
      { column: "when", kind: "text", row: 1, cell: "1970-01-01T00:00:00Z" },
    ]);
    expect(() => numericColumns(table)).toThrow(/column "mixed" \(row 3\)/);
  });

  test.each(["UNCOMPRESSED", "SNAPPY", "GZIP"] as const)(
    "%s, in several row groups and pages",
    async (codec) => {
      const data = Float64Array.from({ length: 5000 }, (_, row) => Math.sin(row));
      const few = Int32Array.from({ length: 5000 }, (_, row) => row % 3);
      const table = await readParquet(
        write(
          [
            { name: "a", data },
            { name: "b", data: few },
          ],
          { codec, rowGroupSize: 1500, pageSize: 1000, compressors: { GZIP: (input) => gzipSync(input) } },
        ),
      );
      expect(table.rows).toBe(5000);
      expect(table.values.every((value, at) => value === (at % 2 ? few[at >> 1] : data[at >> 1]))).toBe(true);
    },
  );
});

describe("errors", () => {
  test("a codec that is not read is named, with the remedy", async () => {
    const bytes = write([{ name: "x", data: Float64Array.of(1, 2) }], {
      codec: "LZO",
      compressors: { LZO: (input) => input },
    });
    expect((await failure(bytes)).message).toMatch(/column "x" is compressed with LZO.*compression="snappy"/);
  });

  test("no rows is a DataError; another kind of file and a truncated one are FormatErrors", async () => {
    expect(await failure(write([{ name: "x", data: new Float64Array(), type: "DOUBLE" }]))).toBeInstanceOf(
      DataError,
    );
    const good = await writeParquet(tableFromRows(["x"], [[1], [2]]));
    for (const bytes of [
      good.subarray(0, good.length - 5),
      new Uint8Array(),
      new TextEncoder().encode("a,b\n1,2\n1,2\n"),
    ]) {
      const error = await failure(bytes);
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toMatch(/a\.parquet is not a Parquet file/);
    }
  });

  test("a file with any byte changed is read or refused in one line", async () => {
    const good = await writeParquet(
      tableFromRows(
        ["a", "b"],
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        const error = await readParquet(bytes).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
      }),
      // A fixed seed: a count that grows to millions costs hyparquet seconds, at random.
      { numRuns: 1000, seed: 1 },
    );
  });
});

test("what is written is read back with the same bits", async () => {
  const rows = fc.array(fc.tuple(fc.double(), fc.constantFrom(0, -0, 1)), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(rows, async (values) => {
      const table = tableFromRows(["x", "y z"], values);
      const back = await readParquet(await writeParquet(table));
      // A column without a value in any row says so.
      const isEmpty = values.every(([x]) => Number.isNaN(x));
      expect(back.records.map(({ readAs }) => readAs)).toEqual([isEmpty ? "nothing" : "numbers", "numbers"]);
      expect({ ...back, records: table.records }).toEqual(table);
      expect(new BigUint64Array(back.values.buffer)).toEqual(new BigUint64Array(table.values.buffer));
    }),
  );
});
