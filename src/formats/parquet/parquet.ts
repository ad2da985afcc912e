/**
 * Parquet. The file's metadata is read, and files are written, by hyparquet and hyparquet-writer, which are loaded when
 * they are first needed; pages are decoded here, where every claim of theirs is checked before it is followed.
 *
 * @module
 */

import type { ColumnChunk, FileMetaData, SchemaTree } from "hyparquet";
import { DataError, FormatError, PushforwardError } from "../../errors.ts";
import type { LeftOut } from "../../tables/columnRecord.ts";
import {
  type CheckedLimits,
  checkExpansion,
  checkLimit,
  checkLimits,
  type ReadLimits,
} from "../../tables/limits.ts";
import { type CellReading, TableBuilder } from "../../tables/reading/tableBuilder.ts";
import type { Table } from "../../tables/table.ts";
import { eventLoopTurn } from "../eventLoopTurn.ts";
import { pageCodec, pageCodecs } from "./pageCodecs.ts";
import { type CellReader, type Cells, cellReader } from "./parquetCells.ts";
import { ByteReader } from "./parquetEncodings.ts";
import { type PageContext, type PageValues, readPages, skipStructure } from "./parquetPage.ts";

/** A column at the top of the file. */
interface FileColumn {
  readonly name: string;
  readonly tree: SchemaTree;
  /** Why it has no cells of its own; undefined for a column of single values. */
  readonly nested: string | undefined;
}

/** Names for what is not a single value. */
function nestedKind({ element, children }: SchemaTree): string | undefined {
  if (element.repetition_type === "REPEATED") return "a list";
  if (children.length === 0) return undefined;
  if (element.converted_type === "LIST" || element.logical_type?.type === "LIST") return "a list";
  if (element.converted_type === "MAP" || element.logical_type?.type === "MAP") return "a map";
  return "a structure";
}

/** The columns that pandas wrote its index into, and what pandas calls them. */
function indexColumns(metadata: FileMetaData): ReadonlySet<string> {
  const found = new Set<string>();
  const text = metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value;
  try {
    const { index_columns: columns } = JSON.parse(text ?? "{}") as { index_columns?: unknown };
    // An index of consecutive numbers is described, not written: then there is an object in the place of a name.
    if (Array.isArray(columns)) for (const name of columns) if (typeof name === "string") found.add(name);
  } catch {
    // Whatever it is, it is not what pandas writes.
  }
  for (const { name } of metadata.schema) if (/^__index_level_\d+__$/.test(name)) found.add(name);
  return found;
}

/** Why a column that pandas wrote its index into is left out. */
const pandasIndex: LeftOut = {
  kind: "row-numbers",
  reason: "pandas says that it is the index of the rows",
  remedy: "name it in --columns to use it",
};

/** The metadata of the file. Its structure is walked through first: a list in it may claim more than there is. */
async function readMetadata(bytes: Uint8Array): Promise<FileMetaData> {
  const { parquetMetadata } = await import("hyparquet");
  const end = bytes.length - 8;
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(end, true);
  if (length > end - 4) throw new Error("its footer is longer than the file");
  skipStructure(new ByteReader(bytes.subarray(end - length, end)));
  return parquetMetadata(bytes, { geoparquet: false });
}

/** Reads one column of one group of rows into the builder. */
async function readColumn(
  bytes: Uint8Array,
  { meta_data: column }: ColumnChunk,
  { tree, name }: FileColumn,
  rows: number,
  builder: TableBuilder,
  place: number,
  check: (length: number) => void,
): Promise<void> {
  if (!column) throw new Error(`column "${name}" has no metadata`);
  const [{ deserializeTCompactProtocol: thrift }, { Encodings, PageTypes }] = await Promise.all([
    import("hyparquet/src/thrift.js"),
    import("hyparquet/src/constants.js"),
  ]);
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const length = Number(column.total_compressed_size);
  if (!(start >= 4 && length >= 0 && length <= bytes.length - start))
    throw new Error(`column "${name}" does not lie within the file`);
  const context: PageContext = {
    element: tree.element,
    column,
    codec: await pageCodec(column.codec),
    thrift: thrift as unknown as PageContext["thrift"],
    names: { encodings: Encodings, pages: PageTypes },
    check,
  };
  const reader = cellReader(tree.element);
  let before: PageValues["values"] | undefined;
  let cells: Cells = [];
  for (const page of readPages(bytes.subarray(start, start + length), rows, context)) {
    // Pages share a dictionary, whose cells are read once.
    if (page.values !== before) cells = reader.read(page.values);
    before = page.values;
    setCells(builder, place, page, cells, reader.kind);
    await eventLoopTurn();
  }
}

/** Adds the cells of a page below those of the column that are there. */
function setCells(
  builder: TableBuilder,
  place: number,
  { rows, present, places }: PageValues,
  cells: Cells,
  kind: CellReader["kind"],
): void {
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (present && present[row] !== 1) {
      builder.setNumber(place, Number.NaN);
      continue;
    }
    const cell = cells[places ? places[next]! : next]!;
    next++;
    if (kind === "booleans") builder.setBoolean(place, cell === 1);
    else if (typeof cell === "number") builder.setNumber(place, cell);
    else if (kind !== "text") builder.setText(place, cell);
    else builder.setCell(place, cell);
  }
}

/** The columns of the file, checked as far as they can be before a page is read. */
function fileColumns(tree: SchemaTree, metadata: FileMetaData, name: string): FileColumn[] {
  const columns = tree.children.map(
    (child): FileColumn => ({ name: child.element.name, tree: child, nested: nestedKind(child) }),
  );
  for (const group of metadata.row_groups)
    for (const { name: column, nested } of columns) {
      const found = nested ?? chunkOf(group.columns, column)?.meta_data?.codec;
      if (nested === undefined && found !== undefined && !pageCodecs.includes(found))
        throw new FormatError(
          `${name}: column "${column}" is compressed with ${found}; write the file again with ` +
            'snappy, gzip or zstd (pandas: compression="snappy")',
        );
    }
  return columns;
}

function chunkOf(chunks: readonly ColumnChunk[], column: string): ColumnChunk | undefined {
  return chunks.find(
    ({ meta_data: own }) => own?.path_in_schema.length === 1 && own.path_in_schema[0] === column,
  );
}

async function readTable(
  bytes: Uint8Array,
  name: string,
  limits: CheckedLimits,
  reading: CellReading,
): Promise<Table> {
  const { parquetSchema } = await import("hyparquet");
  const metadata = await readMetadata(bytes);
  const columns = fileColumns(parquetSchema(metadata), metadata, name);
  checkLimit(name, limits, "columns", columns.length);
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  if (rows !== Number(metadata.num_rows) || groups.some((count) => !(count >= 0))) {
    throw new Error(`it claims ${metadata.num_rows} rows and its groups have ${rows}`);
  }
  if (columns.length === 0 || rows === 0) throw new DataError(`${name} has no rows of data`);
  checkLimit(name, limits, "cells", rows * columns.length);
  // Run-length encoding packs any number of rows into a few bytes: the file's size bounds nothing of itself.
  checkExpansion(name, limits, bytes.length, 8 * rows * columns.length);
  const check = (length: number): void => checkExpansion(`${name}: a page`, limits, bytes.length, length);
  const builder = new TableBuilder(
    columns.map((column) => column.name),
    reading,
  );
  const index = indexColumns(metadata);
  columns.forEach(({ name: column, nested }, place) => {
    if (nested !== undefined) builder.setText(place, nested);
    else if (index.has(column)) builder.leaveOut(place, pandasIndex);
  });
  // One group after the other: only one page is in memory as it is unpacked.
  for (const [at, group] of metadata.row_groups.entries()) {
    for (const [place, column] of columns.entries()) {
      if (column.nested !== undefined) continue;
      const chunk = chunkOf(group.columns, column.name);
      if (!chunk) throw new Error(`column "${column.name}" is missing in group ${at + 1} of rows`);
      await readColumn(bytes, chunk, column, groups[at]!, builder, place, check);
    }
    builder.endRow(groups[at]!);
  }
  return builder.build();
}

/** How a Parquet file is read. */
export interface ParquetOptions extends CellReading {
  /** What the file may claim at most. */
  readonly limits?: ReadLimits | undefined;
}

/**
 * Reads a Parquet file, of pages that are not compressed or by Snappy, GZIP, ZSTD, LZ4 or Brotli. Booleans are 1 and 0,
 * nulls missing, decimals the nearest doubles; 64-bit integers above 2^53 are rounded to the nearest double. Columns of
 * strings, dates and times are text columns (a string is read as a CSV cell is), and so are those that are no single
 * values (lists, maps, structures). The index of a pandas frame is left out where no columns are chosen.
 *
 * Damaged files end in an error after a time that their size and what they may claim bound; in between the event loop
 * goes on.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the file is not Parquet, corrupt, compressed otherwise, or over a limit.
 * @throws DataError if it has no rows, or empty or duplicate column names.
 */
export async function readParquet(
  bytes: Uint8Array,
  name: string = "the file",
  options: ParquetOptions = {},
): Promise<Table> {
  const limits = checkLimits(options.limits);
  const isMark = (at: number): boolean => String.fromCharCode(...bytes.subarray(at, at + 4)) === "PAR1";
  if (bytes.length < 12 || !isMark(0) || !isMark(bytes.length - 4)) {
    throw new FormatError(
      `${name} is no Parquet file, or is truncated: it does not start and end with "PAR1"`,
    );
  }
  try {
    return await readTable(bytes, name, limits, options);
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    // Corrupt metadata fails in whatever way the code of hyparquet meets it first.
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
