/**
 * Parquet, read with hyparquet and written with hyparquet-writer. Both are loaded when they are first needed.
 *
 * @module
 */

import type { DecodedArray, FileMetaData, SchemaTree } from "hyparquet";
import type { Table } from "../data/table.ts";
import { TableBuilder } from "../data/tableBuilder.ts";
import { DataError, FormatError } from "../errors.ts";

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
  else if (typeof value === "bigint" || typeof value === "boolean") builder.setNumber(place, Number(value));
  else if (value === null || value === undefined) builder.setNumber(place, Number.NaN);
  else if (typeof value === "string") builder.setCell(place, value);
  else if (value instanceof Date) {
    builder.setText(place, Number.isNaN(value.getTime()) ? "an invalid date" : value.toISOString());
  } else builder.setText(place, value instanceof Uint8Array ? "binary data" : "a composite value");
}

/**
 * Reads a Parquet file of flat columns, uncompressed or compressed with Snappy or GZIP. Booleans are 1 and 0,
 * nulls missing; 64-bit integers above 2^53 are rounded to the nearest double. Columns of strings, dates and
 * times are text columns (a string is read as a CSV cell is).
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the file is not Parquet, corrupt, compressed otherwise, or has a nested column.
 * @throws DataError if it has no rows, or empty or duplicate column names.
 */
export async function readParquet(bytes: Uint8Array, name: string = "the file"): Promise<Table> {
  const { parquetMetadata, parquetRead, parquetSchema } = await import("hyparquet");
  const { gunzipSync } = await import("fflate");
  const isParquet = (at: number): boolean => String.fromCharCode(...bytes.subarray(at, at + 4)) === "PAR1";
  if (bytes.length < 12 || !isParquet(0) || !isParquet(bytes.length - 4)) {
    throw new FormatError(
      `${name} is no Parquet file, or is truncated: it does not start and end with "PAR1"`,
    );
  }
  // hyparquet fails on corrupt bytes in whatever way its code meets them first.
  const guarded = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new FormatError(`${name}: the Parquet file is corrupt or of a kind that is not read (${reason})`);
    }
  };
  const { metadata, tree } = await guarded(() => {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    return { metadata, tree: parquetSchema(metadata) };
  });
  const columns = checkStructure(metadata, tree, name);
  const rows = Number(metadata.num_rows);
  if (columns.length === 0 || rows === 0) throw new DataError(`${name} has no rows of data`);
  const builder = new TableBuilder(columns);
  const groupRows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!(rows > 0) || groupRows !== rows || rows * columns.length > MOST_CELLS) {
    throw new FormatError(
      `${name}: the Parquet file claims ${rows} rows of ${columns.length} columns and holds groups of ` +
        `${groupRows}; at most ${MOST_CELLS} cells are read`,
    );
  }

  const file = {
    byteLength: bytes.length,
    slice: (start: number, end?: number) => bytes.slice(start, end).buffer,
  };
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const chunks = new Map<string, DecodedArray[]>();
    await guarded(() =>
      parquetRead({
        file,
        metadata,
        rowStart: start,
        rowEnd: end,
        compressors: { GZIP: (input, length) => gunzipSync(input, { out: new Uint8Array(length) }) },
        onChunk: ({ columnName, columnData }) => {
          const parts = chunks.get(columnName);
          if (parts) parts.push(columnData);
          else chunks.set(columnName, [columnData]);
        },
      }),
    );
    const count = end - start;
    columns.forEach((column, place) => {
      const parts = chunks.get(column) ?? [];
      const found = parts.reduce((sum, part) => sum + part.length, 0);
      if (found !== count) {
        throw new FormatError(
          `${name}: column "${column}" has ${found} values in a group of ${count} rows; the file is corrupt`,
        );
      }
      for (const part of parts) for (const value of part) setCell(builder, place, value);
    });
    builder.endRow(count);
    start = end;
  }
  return builder.build();
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
