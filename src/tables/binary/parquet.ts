/**
 * Tables of Parquet files, which hyparquet-writer writes: it is loaded when it is first needed.
 *
 * @module
 */

import { DataError, FormatError, PushforwardError } from "../../errors.ts";
import {
  type CheckedLimits,
  checkExpansion,
  checkLimit,
  checkLimits,
  type ReadLimits,
} from "../../formats/limits.ts";
import {
  chunkOf,
  fileColumns,
  indexColumns,
  type PageOfCells,
  readColumn,
  readMetadata,
} from "../../formats/parquet/parquetFile.ts";
import { optionText } from "../../optionText.ts";
import { each, inPieces, type Pieces } from "../../platform/pieces.ts";
import type { LeftOut } from "../columnRecord.ts";
import { mostExact } from "../reading/cell.ts";
import { type CellReading, TableBuilder } from "../reading/tableBuilder.ts";
import { cellColumns, type Table } from "../table.ts";

/** Why a column that pandas wrote its index into is left out. */
const pandasIndex: LeftOut = {
  kind: "row-numbers",
  reason: "pandas says that it is the index of the rows",
  remedy: `name it in ${optionText("columns")} to use it`,
};

/** Adds the cells of a page below those of the column that are there. */
function* setCells(
  builder: TableBuilder,
  place: number,
  { page: { rows, present, places, values }, cells, reader: { kind, wholeText } }: PageOfCells,
): Pieces<void> {
  let next = 0;
  yield* each(rows, (row) => {
    if (present && present[row] !== 1) {
      builder.setNumber(place, Number.NaN);
      return;
    }
    const at = places ? places[next]! : next;
    const cell = cells[at]!;
    next++;
    if (kind === "booleans") builder.setBoolean(place, cell === 1);
    else if (typeof cell === "number" && wholeText && Math.abs(cell) > mostExact)
      builder.setCell(place, wholeText(values[at]!));
    else if (typeof cell === "number") builder.setNumber(place, cell);
    else if (kind !== "text") builder.setText(place, cell);
    else builder.setCell(place, cell);
  });
}

async function readRows(
  bytes: Uint8Array,
  name: string,
  limits: CheckedLimits,
  { signal, ...reading }: ParquetOptions,
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
  if (columns.length === 0 || rows === 0)
    throw new DataError({
      problem: `${name} has no rows of data`,
      expected: "rows of data",
      received: "none",
    });
  checkLimit(name, limits, "cells", rows * columns.length);
  // Run-length encoding packs any number of rows into a few bytes: the file's size bounds nothing of itself.
  checkExpansion(name, limits, bytes.length, 8 * rows * columns.length);
  const check = (length: number): void => checkExpansion(`${name}: a page`, limits, bytes.length, length);
  const run = <T>(work: Pieces<T>): Promise<T> => inPieces(work, signal, `Reading ${name}`);
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
      for await (const page of readColumn(bytes, chunk, column, groups[at]!, check, run))
        await run(setCells(builder, place, page));
    }
    builder.endRow(groups[at]!);
  }
  return await run(builder.building());
}

/** How a Parquet file is read. */
export interface ParquetOptions extends CellReading {
  /** What the file may claim at most. */
  readonly limits?: ReadLimits | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a Parquet file, of pages that are not compressed or by Snappy, GZIP, ZSTD, LZ4 or Brotli. Booleans are 1 and 0,
 * nulls missing, decimals the nearest doubles; 64-bit integers above 2^53 are rounded to the nearest double. Columns of
 * strings, dates and times are text columns (a string is read as a CSV cell is), and so are those that are no single
 * values (lists, maps, structures). The index of a pandas frame is left out where no columns are chosen.
 *
 * Damaged files end in an error after a time that their size and what they may claim bound. The event loop goes on every few
 * milliseconds, however large a page is.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the file is not Parquet, corrupt, compressed otherwise, or over a limit.
 * @throws AbortedError soon after the signal fires.
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
      `${name} is not a Parquet file, or is truncated: it does not start and end with "PAR1"`,
    );
  }
  try {
    return await readRows(bytes, name, limits, options);
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    // Corrupt metadata fails in whatever way the code of hyparquet meets it first: what it says then is of its inside.
    const isInner = !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError;
    const reason = isInner ? "its metadata are damaged" : error.message.split("\n")[0];
    throw new FormatError(`${name}: the Parquet file is corrupt or of a kind that is not read (${reason})`);
  }
}

/**
 * The table as a Parquet file, Snappy-compressed: numbers as DOUBLE columns, where missing values are NaN, as in the table, and
 * every number keeps its bits; text as strings, where they are null.
 */
export async function writeParquet(table: Table): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const width = table.columns.length;
  const columnData = cellColumns(table).map((column) => {
    const { name } = column;
    if ("text" in column) {
      const { levels, codes } = column.text;
      const data = Array.from(codes, (code) => levels[code] ?? null);
      return { name, data, type: "STRING" as const, nullable: true };
    }
    const data = new Float64Array(table.rows);
    for (let row = 0; row < table.rows; row++) data[row] = table.values[row * width + column.place]!;
    // Plain, because a dictionary takes -0 for 0.
    return { name, data, type: "DOUBLE" as const, nullable: false, encoding: "PLAIN" as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "pushforward" }));
}
