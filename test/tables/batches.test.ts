import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ByteSource, bytesInMemory } from "../../src/platform/byteSource.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { wholeTable } from "../../src/tables/batches/cellFeed.ts";
import { readBatches } from "../../src/tables/batches/readBatches.ts";
import { batchesOf, batchesOfFeed, tableOfBatches } from "../../src/tables/batches/tableBatches.ts";
import { fileKind } from "../../src/tables/reading/fileFormat.ts";
import { feedOf, type ReadTableOptions, readTable } from "../../src/tables/reading/readTable.ts";
import { TableBuilder } from "../../src/tables/reading/tableBuilder.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { tableToBytes } from "../../src/tables/writeTable.ts";

/** Bytes that are read in small pieces. */
const inPieces = (bytes: Uint8Array, pieceSize: number): ByteSource => ({
  ...bytesInMemory(bytes),
  pieceSize,
});

const digest = (numbers: Float64Array | Int32Array): string =>
  createHash("sha1")
    .update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
    .digest("hex");

/** All of a table, its long arrays as digests of their bits. */
const bitsOf = ({ values, texts = [], ...rest }: Table): unknown => ({
  ...rest,
  values: digest(values),
  texts: texts.map(({ name, levels, codes }) => ({ name, levels: levels.join("|"), codes: digest(codes) })),
});

/** A table read at once, and the same in batches; or what is said of it where it is none. */
async function bothWays(
  name: string,
  bytes: Uint8Array,
  options: ReadTableOptions = {},
  pieceSize = 997,
): Promise<{ readonly whole: unknown; readonly joined: unknown; readonly batches: number }> {
  const feed = await feedOf(options.format ?? fileKind(name).format, inPieces(bytes, pieceSize), {
    ...options,
    name,
  });
  const outcome = async (read: () => Promise<Table>): Promise<unknown> => {
    try {
      return bitsOf(await read());
    } catch (error) {
      return (error as Error).message;
    }
  };
  let batches = 0;
  return {
    whole: await outcome(() => wholeTable(feed!, (names) => new TableBuilder(names, options))),
    joined: await outcome(async () => {
      const source = await batchesOfFeed(feed!, options);
      for await (const batch of source) {
        batches++;
        expect(batch.rowsBefore ?? 0).toBeGreaterThanOrEqual(batches - 1);
      }
      return await tableOfBatches(source);
    }),
    get batches() {
      return batches;
    },
  };
}

const folder = join(import.meta.dirname, "..", "files");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(csv|tsv|txt|jsonl|json|parquet|arrow|feather)$/.test(file))
  .sort();

describe("a table in batches is the table that is read at once", () => {
  it("of every file of the tests", async () => {
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const { whole, joined } = await bothWays(file, new Uint8Array(readFileSync(join(folder, file))));
      expect({ file, table: joined }).toEqual({ file, table: whole });
    }
  });

  /** What may stand in a column: plain at first, and something else at last. */
  const usual: readonly (readonly string[])[] = [
    ["1", "2.5", "-0", "1e-3", "", "NA"],
    ["1.234", "5.678", "12"],
    ["true", "FALSE", "True", ""],
    ["0", "1", ""],
    ["red", "green", " blue ", "NA"],
    ["12345678901234567891", "9007199254740993", "7"],
    ["$1,234.50", "$3"],
    ["", "NA"],
    ["02134", "90210"],
  ];
  const late = ["x", "1,5", "1.234,5", "5 %", "true", "007", "1e400", "9007199254740993", "?", "-999"];

  it("whatever the last cell says of those before", async () => {
    const stream = new RandomStream(split(randomKey(7), "cells"));
    const pick = (from: readonly string[]): string => from[Math.floor(stream.uniform() * from.length)]!;
    for (const surprise of late) {
      const rows = Array.from({ length: 1500 }, (_, row) =>
        usual.map((cells) =>
          row < 1400 ? pick(cells) : row === 1400 ? surprise : pick([...cells, surprise]),
        ),
      );
      const quoted = rows.map((row) => row.map((cell) => `"${cell}"`).join(","));
      const names = usual.map((_, i) => (i === 0 ? "row_names" : `c${i}`));
      const csv = [names.join(","), ...quoted].join("\n");
      const lines = rows
        .slice(1200)
        .map((row, at) =>
          JSON.stringify(
            Object.fromEntries([
              ...row.map((cell, i) => [names[i], at % 3 === 0 && Number(cell) > 0 ? Number(cell) : cell]),
              // A column that begins later.
              ...(at >= 150 ? [["later", surprise]] : []),
            ]),
          ),
        )
        .join("\n");
      for (const [name, text] of [
        ["a.csv", csv],
        ["a.jsonl", lines],
        ["a.json", `[${lines.replaceAll("\n", ",")}]`],
      ] as const)
        for (const options of [
          {},
          { missingMarks: ["?", "-999"], parse: { c2: "decimal-comma" as const } },
        ]) {
          const both = await bothWays(name, new TextEncoder().encode(text), options, 5003);
          expect({ surprise, name, table: both.joined }).toEqual({ surprise, name, table: both.whole });
          // The first lines, from which a file's form is found, are one block.
          if (name !== "a.json") expect(both.batches).toBeGreaterThan(1);
        }
    }
  });

  it("of row numbers under the names that are given to them", async () => {
    for (const numbers of [(row: number) => row, (row: number) => 7 * row, (row: number) => row % 5000]) {
      const lines = Array.from({ length: 9000 }, (_, row) => `${numbers(row)},${row % 7}.5,word ${row % 3}`);
      const csv = new TextEncoder().encode(["Unnamed: 0,x,word", ...lines].join("\n"));
      const { whole, joined, batches } = await bothWays("a.csv", csv);
      expect(batches).toBeGreaterThan(5);
      expect(joined).toEqual(whole);
    }
  });

  it("of points that a decimal comma in another column, rows later, makes doubtful", async () => {
    const lines = Array.from(
      { length: 9000 },
      (_, row) => `1.${100 + (row % 800)};${row < 8990 ? "2" : "2,5"}`,
    );
    const csv = new TextEncoder().encode(["p;q", ...lines].join("\n"));
    const { whole, joined, batches } = await bothWays("a.csv", csv);
    expect(batches).toBeGreaterThan(5);
    expect(whole).toMatchObject({
      records: [{ leftOut: { kind: "ambiguous" } }, { parse: ["decimal-comma"] }],
    });
    expect(joined).toEqual(whole);
  });

  it("of a table in memory, and of what other formats have", async () => {
    const values = Float64Array.from({ length: 3 * 140_000 }, (_, i) => (i % 11 === 0 ? Number.NaN : i / 7));
    const table = tableFromRows(["a", "b", "c"], values);
    const batches = batchesOf(table);
    const parts: (readonly [number, number])[] = [];
    for await (const batch of batches) parts.push([batch.rowsBefore ?? 0, batch.rows]);
    expect(parts).toEqual([
      [0, 65_536],
      [65_536, 65_536],
      [131_072, 8928],
    ]);
    expect(bitsOf(await tableOfBatches(batches))).toEqual(bitsOf(table));
    const bytes = await tableToBytes(table, "npy");
    expect(bitsOf(await tableOfBatches(await readBatches(bytes)))).toEqual(bitsOf(await readTable(bytes)));
  });
});
