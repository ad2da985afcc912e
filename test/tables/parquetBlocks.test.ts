import { describe, expect, it } from "vitest";
import type { ByteSource } from "../../src/platform/byteSource.ts";
import { readBatches } from "../../src/tables/batches/readBatches.ts";
import { batchesOfFeed, type TableBatches, tableOfBatches } from "../../src/tables/batches/tableBatches.ts";
import { parquetFeed } from "../../src/tables/binary/parquet.ts";
import { parquetPieces } from "../../src/tables/binary/writeParquet.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromColumns } from "../../src/tables/table.ts";
import { writeTable } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** The bytes of a Parquet file of these groups of rows. */
async function parquetOf(groups: readonly Table[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const tables = async function* (): AsyncGenerator<Table> {
    yield* groups;
  };
  for await (const piece of parquetPieces(tables())) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** A table in batches, and the largest place that is asked for of its bytes, and the least behind the first four. */
async function batchesOfBytes(bytes: Uint8Array): Promise<{ batches: TableBatches; asked: number[] }> {
  const asked: number[] = [];
  const source: ByteSource = {
    size: bytes.length,
    async read(from, to) {
      if (from > 0) asked.push(from);
      return bytes.subarray(from, to);
    },
  };
  return { batches: await batchesOfFeed(parquetFeed(source, "t.parquet", {}), {}), asked };
}

/** Rows of all kinds of columns that a fit may have, some of them missing. */
const mixed = (rows: number, first: number, others = 0): Table =>
  tableFromObjects(
    Array.from({ length: rows }, (_, i) => ({
      ...Object.fromEntries(Array.from({ length: others }, (_, j) => [`other${j}`, (first + i) / (2 + j)])),
      number: i % 7 === 3 ? null : (first + i) / 3,
      whole: (first + i) % 1013,
      level: i % 11 === 5 ? null : `l${(first + i) % 17}`,
    })),
  );

/** The number of each row, its last two numbers, and its text. */
async function rowsOf(batches: AsyncIterable<Table>): Promise<readonly (number | string)[][]> {
  const rows: (number | string)[][] = [];
  for await (const { rows: count, rowsBefore = 0, values, columns, texts } of batches)
    for (let row = 0; row < count; row++)
      rows.push([
        rowsBefore + row,
        ...values.subarray((row + 1) * columns.length - 2, (row + 1) * columns.length),
        ...texts!.map(({ levels, codes }) => levels[codes[row]!] ?? ""),
      ]);
  return rows;
}

describe("a Parquet file in batches", () => {
  it("is read in blocks of rows where a group has more cells than are held", async () => {
    const [columns, rows] = [48, 48_000];
    const names = Array.from({ length: columns }, (_, j) => `c${j}`);
    const table = tableFromColumns(
      Object.fromEntries(
        names.map((name, j) => [
          name,
          Float64Array.from({ length: rows }, (_, i) => ((i + 1) * (j + 2)) % 8191),
        ]),
      ),
    );
    const { batches } = await batchesOfBytes(await parquetOf([table]));
    let largest = 0;
    for await (const batch of batches) largest = Math.max(largest, batch.rows * columns);
    expect(largest).toBeGreaterThan(2 ** 20);
    expect(largest).toBeLessThanOrEqual(2 ** 21);
    const { values } = await tableOfBatches(batches);
    expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(table.values.buffer))).toBe(0);
  });

  it("begins at a row without reading the groups before it", async () => {
    // What is written is joined to groups of 262,144 cells.
    const groups = [mixed(3000, 0, 97), mixed(2700, 3000, 97), mixed(800, 5700, 97)];
    const bytes = await parquetOf(groups);
    const { batches, asked } = await batchesOfBytes(bytes);
    const all = await rowsOf(batches);
    expect(all).toHaveLength(6500);
    const first = Math.min(...asked);
    asked.length = 0;
    expect(await rowsOf(batches.from!(5800))).toEqual(all.slice(5700));
    // The bytes of two groups of three lie before those that are asked for.
    expect(Math.min(...asked) - first).toBeGreaterThan(0.5 * bytes.length);
    expect(await rowsOf(batches.from!(0))).toEqual(all);
  });

  it("begins at a row of a folder without opening the files before it, of text either", async () => {
    const folder = temporaryFolder();
    for (const [part, first] of [0, 400, 800].entries()) {
      await writeTable(mixed(400, first), `${folder}/part-${part}.${part === 1 ? "csv" : "parquet"}`);
    }
    const batches = await readBatches(folder);
    const all = await rowsOf(batches);
    expect(all).toHaveLength(1200);
    expect(await rowsOf(batches.from!(850))).toEqual(all.slice(800));
    expect(await rowsOf(batches.from!(400))).toEqual(all.slice(400));
    expect((await readTable(folder)).rows).toBe(1200);
  });
});
