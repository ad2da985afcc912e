import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AbortedError, DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { describe as describeTable } from "../../src/tables/schema/describe.ts";
import { column, leftOutColumns, type Table } from "../../src/tables/table.ts";
import { tableToBytes } from "../../src/tables/writeTable.ts";
import { readArrow } from "../tables/readers.ts";

// Written by pyarrow, see test/files/makeArrow.py.
const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../files/arrow/${name}`, import.meta.url)));
const read = (name: string): Promise<Table> => readArrow(bytesOf(name), name);
const { NaN: missing } = Number;

/** What the file of every kind holds, as objects. */
const kinds = [
  {
    i8: -128,
    u16: 0,
    i32: -(2 ** 31),
    i64: -(2 ** 53) + 1,
    u64: 1,
    f32: Math.fround(0.1),
    f64: 0.1,
    flag: 1,
    text: "Rome",
    large: "",
    view: "short",
    code: "02134",
    size: "L",
    rating: 1,
    day: "2024-03-01",
    day64: "2024-03-01",
    second: "2024-03-01T12:30:05",
    micro: "2024-03-01T12:30:05.123456",
    zoned: "2024-03-01T12:30:05.123456Z",
    clock: "01:02:03",
    clock32: "01:02:03",
    price: 1.1,
    wide: 1.1,
    list: "a list",
    struct: "a structure",
    bytes: "binary data",
    last: 1.5,
  },
  {
    i8: missing,
    u16: missing,
    i32: missing,
    i64: missing,
    u64: missing,
    f32: missing,
    f64: missing,
    flag: missing,
    text: null,
    large: null,
    view: null,
    code: null,
    size: null,
    rating: missing,
    day: null,
    day64: null,
    second: null,
    micro: null,
    zoned: null,
    clock: null,
    clock32: null,
    price: missing,
    wide: missing,
    list: null,
    struct: null,
    bytes: null,
    last: 2.5,
  },
  {
    i8: 127,
    u16: 65535,
    i32: 2 ** 31 - 1,
    i64: 2 ** 53 - 1,
    u64: 2 ** 64,
    f32: -2.5,
    f64: -0,
    flag: 0,
    text: "NA",
    large: "Oslo",
    view: "longer than twelve bytes",
    code: "10001",
    size: "S",
    rating: 5,
    day: "1969-12-31",
    day64: "1969-12-31",
    second: "1969-12-31T00:00:00",
    micro: "1969-12-31T23:59:59.000001",
    zoned: "2024-03-01T12:30:05.123456Z",
    clock: "23:59:59.5",
    clock32: "23:59:59",
    price: -20.05,
    wide: -2.5,
    list: null,
    struct: null,
    bytes: "binary data",
    last: 3.5,
  },
];

describe("reading", () => {
  test("columns of every type; lists and structures refuse nothing", async () => {
    const table = await read("kinds.arrow");
    const objects = tableToObjects(table).map(({ nothing, ...rest }) => {
      expect(nothing).toBeNaN();
      return rest;
    });
    expect(objects).toEqual(kinds);
    // What a double does not hold is told.
    expect(table.records.find(({ rounded }) => rounded)).toMatchObject({
      name: "u64",
      rounded: { cell: "18446744073709551615" },
    });
    const reasons = Object.fromEntries(
      leftOutColumns(table).map(({ column: name, reason }) => [name, reason]),
    );
    expect(reasons.code).toBe('"02134" is a text that begins with 0, as codes do');
    expect(reasons.list).toMatch(/a list/);
  });

  test.each(["lz4.feather", "zstd.feather", "stream.arrows"])("%s: compressed batches", async (name) => {
    const table = await read(name);
    expect(table.rows).toBe(500);
    const x = column(table, "x");
    const n = column(table, "n");
    x.forEach((value, i) => expect(value).toBe(i / 7));
    n.forEach((value, i) => expect(value).toBe(i % 10 === 3 ? missing : i % 40));
    const rows = tableToObjects(table);
    expect(rows.slice(0, 3).map(({ city, start }) => [city, start])).toEqual([
      ["Rome", "2024-01-01T00:00:00"],
      ["Oslo", "2024-01-01T00:05:00"],
      ["Lima", "2024-01-01T00:10:00"],
    ]);
    expect(describeTable(table).schema.columns).toMatchObject([
      { kind: "positive" },
      { kind: "integer", missing: true },
      { kind: "categorical", levels: ["Lima", "Oslo", "Rome"] },
      { kind: "date-time", step: 60_000 },
    ]);
  });

  test("dictionaries that grow, and one that is replaced", async () => {
    const table = await read("deltas.arrows");
    expect(tableToObjects(table).map(({ d }) => d)).toEqual(["a", "b", "c", "a", "z", "z"]);
  });

  test("kinds are what the file says", async () => {
    const { columns } = describeTable(await read("kinds.arrow"));
    const found = Object.fromEntries(columns.map(({ name, schema }) => [name, schema]));
    expect(found.size).toMatchObject({ kind: "ordinal", levels: ["S", "L"] });
    expect(found.rating).toMatchObject({ kind: "categorical", levels: [1, 5] });
    expect(found.flag).toMatchObject({ kind: "boolean", levels: ["false", "true"] });
    for (const name of ["day", "second", "micro"]) expect(found[name]).toMatchObject({ kind: "date-time" });
    expect(found.clock).toMatchObject({ kind: "angle", written: "time-of-day" });
  });
});

describe("writing", () => {
  test.each(["arrow", "parquet"] as const)(
    "%s: columns come back as what they were stored as",
    async (format) => {
      const table = await read("kinds.arrow");
      const again = await readTable(await tableToBytes(table, format));
      const without = (rows: Record<string, unknown>[]): unknown[] =>
        rows.map(({ nothing, ...rest }) => rest);
      expect(without(tableToObjects(again))).toEqual(without(tableToObjects(table)));
      const stored = (own: Table): object =>
        Object.fromEntries(
          own.records.flatMap((record) => (record.stored ? [[record.name, record.stored]] : [])),
        );
      const expected = stored(table) as Record<string, unknown>;
      // A whole number that was rounded, and a decimal beyond 18 digits, are doubles.
      delete expected.u64;
      delete expected.wide;
      if (format === "parquet") {
        // Parquet has neither dictionaries nor zones but UTC, and no seconds.
        delete expected.size;
        delete expected.rating;
        expected.zoned = { type: "timestamp", unit: "ns", zone: "UTC" };
        expected.second = { type: "timestamp", unit: "ms" };
        expected.clock32 = { type: "time", unit: "ms" };
      }
      expect(stored(again)).toEqual(expected);
    },
  );

  test("cells that are no longer of the stored type are doubles and texts", async () => {
    const { records, ...rest } = tableFromObjects([{ n: 1.5, day: "soon" }]);
    const table: Table = {
      ...rest,
      records: records.map((record, i) => ({
        ...record,
        stored: i === 0 ? { type: "integer", bits: 8, signed: true } : { type: "date" },
      })),
    };
    for (const format of ["arrow", "parquet"] as const) {
      const again = await readTable(await tableToBytes(table, format));
      expect(tableToObjects(again)).toEqual([{ n: 1.5, day: "soon" }]);
      expect(again.records.map(({ stored }) => stored)).toEqual([undefined, undefined]);
    }
  });
});

describe("errors", () => {
  test("truncated data, data of another format and none are told in one line", async () => {
    const good = bytesOf("zstd.feather");
    for (const [bytes, message] of [
      [
        good.subarray(0, good.length - 20),
        /is not Arrow data .*, or is damaged \(it is truncated: it does not end in "ARROW1"\)/,
      ],
      [new TextEncoder().encode("a,b\n1,2\n1,2\n"), /is not Arrow data/],
      [new Uint8Array(), /is not Arrow data .*it has no schema/],
      [new TextEncoder().encode("FEA1 and more"), /Feather file of version 1.*version 2/],
    ] as const) {
      const error = await readArrow(bytes, "a.arrow").catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(FormatError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).not.toMatch(/\n/);
    }
  });

  test("a file with any bytes changed is read or refused in one line, in bounded time", async () => {
    const files = ["kinds.arrow", "lz4.feather", "zstd.feather", "stream.arrows", "deltas.arrows"].map(
      bytesOf,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        async (good, changes) => {
          const bytes = good.slice();
          for (const [share, byte] of changes) bytes[Math.floor(share * bytes.length)] = byte;
          const start = performance.now();
          const error = await readArrow(bytes).catch((caught: unknown) => caught);
          if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
          expect(performance.now() - start).toBeLessThan(2000);
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  test("what claims much for little is refused: rows of nothing, and a limit that is stated", async () => {
    await expect(readArrow(bytesOf("lz4.feather"), "a.arrow", { limits: { cells: 100 } })).rejects.toThrow(
      /a\.arrow has 2000 cells .*more than the limit of 100/,
    );
    await expect(
      readArrow(
        await tableToBytes({ columns: ["x"], rows: 0, values: new Float64Array(), records: [] }, "arrow"),
      ),
    ).rejects.toThrow(DataError);
    const controller = new AbortController();
    controller.abort();
    await expect(readArrow(bytesOf("lz4.feather"), "a.arrow", { signal: controller.signal })).rejects.toThrow(
      AbortedError,
    );
  });
});
