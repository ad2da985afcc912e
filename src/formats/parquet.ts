/**
 * Parquet, read with hyparquet and written with hyparquet-writer. Both are loaded when they are first needed.
 *
 * @module
 */

import type { DecodedArray, FileMetaData, SchemaTree } from "hyparquet";
import type { Table } from "../data/table.ts";
import { type CellReading, TableBuilder } from "../data/tableBuilder.ts";
import { DataError, FormatError, PushforwardError } from "../errors.ts";

/** The codecs that are read. hyparquet brings Snappy; fflate, GZIP. */
const CODECS = ["UNCOMPRESSED", "SNAPPY", "GZIP"];

/**
 * More cells than this are refused before they are read. Run-length encoding packs any number of rows into a
 * few bytes, so that the file's size bounds nothing.
 */
const MOST_CELLS = 2 ** 29;

/** The columns of the file, each a leaf. Fails for a nested one or an unknown codec. */
function checkStructure(metadata: FileMetaData, tree: SchemaTree, name: string): string[] {
  const nested = tree.children.find(
    ({ children, element }) => children.length > 0 || element.repetition_type === "REPEATED",
  );
  if (nested) {
    throw new FormatError(
      `${name}: column "${nested.element.name}" is nested (a list, map or struct); ` +
        "write the file again without it, or as columns of single values",
    );
  }
  for (const { meta_data } of metadata.row_groups.flatMap((group) => group.columns)) {
    if (meta_data && !CODECS.includes(meta_data.codec)) {
      throw new FormatError(
        `${name}: column "${meta_data.path_in_schema.join(".")}" is compressed with ${meta_data.codec}; ` +
          'write the file again with snappy or gzip (pandas: compression="snappy")',
      );
    }
  }
  return tree.children.map(({ element }) => element.name);
}

/** Adds one cell, whatever hyparquet made of it, below the column's last one. */
function setCell(builder: TableBuilder, place: number, value: unknown): void {
  if (typeof value === "number") builder.setNumber(place, value);
  else if (typeof value === "bigint") builder.setNumber(place, Number(value));
  else if (typeof value === "boolean") builder.setBoolean(place, value);
  else if (value === null || value === undefined) builder.setNumber(place, Number.NaN);
  else if (typeof value === "string") builder.setCell(place, value);
  else if (value instanceof Date) {
    builder.setText(place, Number.isNaN(value.getTime()) ? "an invalid date" : value.toISOString());
  } else builder.setText(place, value instanceof Uint8Array ? "binary data" : "a composite value");
}

/** Reads one row group into the builder; `start` is its first row in the file. */
async function readGroup(
  bytes: Uint8Array,
  metadata: FileMetaData,
  columns: readonly string[],
  start: number,
  count: number,
  builder: TableBuilder,
): Promise<void> {
  const { parquetRead } = await import("hyparquet");
  const { gunzipSync } = await import("fflate");
  const chunks = new Map<string, DecodedArray[]>();
  await parquetRead({
    file: {
      byteLength: bytes.length,
      // Not `slice`: a Node Buffer's shares the memory of a whole pool.
      slice: (from: number, to?: number) => new Uint8Array(bytes.subarray(from, to)).buffer,
    },
    metadata,
    rowStart: start,
    rowEnd: start + count,
    compressors: { GZIP: (input, length) => gunzipSync(input, { out: new Uint8Array(length) }) },
    onChunk: ({ columnName, columnData }) => {
      const parts = chunks.get(columnName);
      if (parts) parts.push(columnData);
      else chunks.set(columnName, [columnData]);
    },
  });
  columns.forEach((column, place) => {
    const parts = chunks.get(column) ?? [];
    const found = parts.reduce((sum, part) => sum + part.length, 0);
    if (found !== count)
      throw new Error(`column "${column}" has ${found} values in a group of ${count} rows`);
    for (const part of parts) for (const value of part) setCell(builder, place, value);
  });
  builder.endRow(count);
}

async function readTable(bytes: Uint8Array, name: string, reading: CellReading): Promise<Table> {
  const { parquetMetadata, parquetSchema } = await import("hyparquet");
  const metadata = parquetMetadata(bytes, { geoparquet: false });
  const columns = checkStructure(metadata, parquetSchema(metadata), name);
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  if (rows !== Number(metadata.num_rows) || groups.some((count) => !(count >= 0))) {
    throw new Error(`it claims ${metadata.num_rows} rows and its groups have ${rows}`);
  }
  if (rows * columns.length > MOST_CELLS) {
    throw new FormatError(
      `${name} has ${rows} rows of ${columns.length} columns; at most ${MOST_CELLS} cells are read`,
    );
  }
  if (columns.length === 0 || rows === 0) throw new DataError(`${name} has no rows of data`);
  const builder = new TableBuilder(columns, reading);
  let start = 0;
  // One group after the other: only one is in memory as hyparquet decodes it.
  for (const count of groups) {
    await readGroup(bytes, metadata, columns, start, count, builder);
    start += count;
  }
  return builder.build();
}

/**
 * Reads a Parquet file of flat columns, uncompressed or compressed with Snappy or GZIP. Booleans are 1 and 0,
 * nulls missing; 64-bit integers above 2^53 are rounded to the nearest double. Columns of strings, dates and
 * times are text columns (a string is read as a CSV cell is).
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the file is not Parquet, corrupt, compressed otherwise, has a nested column, or more
 *   than 2^29 cells.
 * @throws DataError if it has no rows, or empty or duplicate column names.
 */
export async function readParquet(
  bytes: Uint8Array,
  name: string = "the file",
  reading: CellReading = {},
): Promise<Table> {
  const isMark = (at: number): boolean => String.fromCharCode(...bytes.subarray(at, at + 4)) === "PAR1";
  if (bytes.length < 12 || !isMark(0) || !isMark(bytes.length - 4)) {
    throw new FormatError(
      `${name} is no Parquet file, or is truncated: it does not start and end with "PAR1"`,
    );
  }
  try {
    return await readTable(bytes, name, reading);
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    // hyparquet fails on corrupt bytes in whatever way its code meets them first.
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new FormatError(`${name}: the Parquet file is corrupt or of a kind that is not read (${reason})`);
  }
}

/**
 * The table as a Parquet file of DOUBLE columns, Snappy-compressed. Missing values are NaN, as in the table;
 * every number keeps its bits.
 */
export async function writeParquet(table: Table): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const width = table.columns.length;
  const columnData = table.columns.map((name, place) => {
    const data = new Float64Array(table.rows);
    for (let row = 0; row < table.rows; row++) data[row] = table.values[row * width + place]!;
    // Plain, because a dictionary takes -0 for 0.
    return { name, data, type: "DOUBLE" as const, nullable: false, encoding: "PLAIN" as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "pushforward" }));
}
