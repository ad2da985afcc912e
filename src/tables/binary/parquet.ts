/**
 * Tables of Parquet files.
 *
 * @module
 */

import type { FileMetaData } from "hyparquet";
import { FormatError, PushforwardError, unreadable } from "../../errors.ts";
import { schemaOfMessage } from "../../formats/arrow/arrowFile.ts";
import type { ArrowField } from "../../formats/arrow/arrowSchema.ts";
import { type CheckedLimits, checkExpansion, checkLimits, type ReadLimits } from "../../formats/limits.ts";
import type { RunPieces } from "../../formats/parquet/pageCodecs.ts";
import {
  chunkOf,
  type FileColumn,
  fileColumns,
  indexColumns,
  type PageOfCells,
  readColumn,
  readMetadata,
} from "../../formats/parquet/parquetFile.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { type ByteSource, Room } from "../../platform/byteSource.ts";
import { each, inPieces, type Pieces, stride } from "../../platform/pieces.ts";
import type { BeginTable, CellFeed, FeedEnd } from "../batches/cellFeed.ts";
import { mostExact } from "../reading/cell.ts";
import type { CellReading, TableBuilder } from "../reading/tableBuilder.ts";
import { blockRowsOf, damageOf, typedBuilder } from "./typedColumns.ts";

/** The numbers of a page, one a row, NaN where there is none. */
function* numbersOf(
  { rows, present, places }: PageOfCells["page"],
  cells: Float64Array,
): Pieces<Float64Array> {
  if (!present && !places) return cells;
  const out = new Float64Array(rows);
  let next = 0;
  for (let from = 0; from < rows; from += stride) {
    const end = Math.min(rows, from + stride);
    for (let row = from; row < end; row++) {
      if (present && present[row] !== 1) out[row] = Number.NaN;
      else {
        out[row] = cells[places ? places[next]! : next]!;
        next++;
      }
    }
    yield;
  }
  return out;
}

/** The numbers of a page, where all of its cells are numbers that doubles hold. */
function* plainNumbersOf({ page, cells, reader }: PageOfCells): Pieces<Float64Array | undefined> {
  const { kind, wholeText } = reader;
  if (kind !== "numbers" || !(cells instanceof Float64Array)) return undefined;
  const isExact = !wholeText || cells.every((cell) => Math.abs(cell) <= mostExact);
  return isExact ? yield* numbersOf(page, cells) : undefined;
}

/** A page whose cells are set some rows at a time. */
class PageCells {
  readonly page: PageOfCells;
  readonly #numbers: Float64Array | undefined;
  #row = 0;
  /** Place of the next cell among those that are there. */
  #next = 0;

  private constructor(page: PageOfCells, numbers: Float64Array | undefined) {
    this.page = page;
    this.#numbers = numbers;
  }

  static *of(page: PageOfCells): Pieces<PageCells> {
    return new PageCells(page, yield* plainNumbersOf(page));
  }

  /** Rows whose cells are still to be set. */
  get left(): number {
    return this.page.page.rows - this.#row;
  }

  /** Adds the cells of so many rows below those of the column that are there. */
  *set(builder: TableBuilder, place: number, rows: number): Pieces<void> {
    const from = this.#row;
    this.#row += rows;
    if (this.#numbers) return yield* builder.setNumbers(place, this.#numbers.subarray(from, from + rows));
    const { page, cells, reader } = this.page;
    const { present, places, values } = page;
    const { kind, wholeText } = reader;
    yield* each(rows, (i) => {
      if (present && present[from + i] !== 1) {
        builder.setNumber(place, Number.NaN);
        return;
      }
      const at = places ? places[this.#next]! : this.#next;
      const cell = cells[at]!;
      this.#next++;
      if (kind === "booleans") builder.setBoolean(place, cell === 1);
      else if (typeof cell === "number" && wholeText && Math.abs(cell) > mostExact)
        builder.setCell(place, wholeText(values[at]!));
      else if (typeof cell === "number") builder.setNumber(place, cell);
      else if (kind === "strings") builder.setString(place, cell);
      else builder.setText(place, cell);
    });
  }
}

/** A column of a group of rows, whose cells are set some rows at a time: one page of it is unpacked. */
class ColumnCells {
  readonly #pages: AsyncGenerator<PageOfCells>;
  readonly #run: RunPieces;
  #cells: PageCells | undefined;

  constructor(pages: AsyncGenerator<PageOfCells>, run: RunPieces) {
    this.#pages = pages;
    this.#run = run;
  }

  /** The page that was unpacked last. */
  get page(): PageOfCells | undefined {
    return this.#cells?.page;
  }

  /** Adds the cells of so many rows below those of the column that are there. */
  async set(builder: TableBuilder, place: number, rows: number): Promise<void> {
    for (let done = 0; done < rows; ) {
      if (!this.#cells || this.#cells.left === 0) {
        this.#cells = undefined;
        const { value, done: isEnd } = await this.#pages.next();
        if (isEnd) throw new Error("pages have fewer values than there are rows");
        this.#cells = await this.#run(PageCells.of(value));
      }
      const count = Math.min(rows - done, this.#cells.left);
      await this.#run(this.#cells.set(builder, place, count));
      done += count;
    }
  }
}

/** Bytes of all columns that are read at a time, and of one at most and at least. */
const windowBytes = 2 ** 24;
const [leastWindow, largestWindow] = [2 ** 16, 2 ** 20];

async function* rowsOf(
  file: ByteSource,
  name: string,
  limits: CheckedLimits,
  signal: AbortSignal | undefined,
  begin: BeginTable,
  from: number,
): AsyncGenerator<void, FeedEnd> {
  const { parquetSchema } = await import("hyparquet");
  const metadata = await readMetadata(file);
  const columns = fileColumns(parquetSchema(metadata), metadata, name);
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  if (rows !== Number(metadata.num_rows) || groups.some((count) => !(count >= 0))) {
    throw new Error(`it claims ${metadata.num_rows} rows and its groups have ${rows}`);
  }
  const blockRows = blockRowsOf(columns.length);
  const builder = typedBuilder(
    { name, bytes: file.size, limits },
    columns,
    groups,
    blockRows,
    indexColumns(metadata),
    begin,
  );
  const check = (length: number): void => checkExpansion(`${name}: a page`, limits, file.size, length);
  const run = <T>(work: Pieces<T>): Promise<T> => inPieces(work, signal, `Reading ${name}`);
  const windowSize = Math.max(leastWindow, Math.min(largestWindow, Math.floor(windowBytes / columns.length)));
  const unpacked = new Room();
  const rooms = columns.map(() => ({ window: new Room(), values: new Room(), unpacked }));
  const fields = arrowFields(metadata);
  const stored: (StoredType | undefined)[] = [];
  let before = 0;
  for (const [at, group] of metadata.row_groups.entries()) {
    const rows = groups[at]!;
    before += rows;
    if (before <= from) {
      builder.passRows(rows);
      continue;
    }
    const cells = columns.map((column, place): ColumnCells | undefined => {
      if (column.nested !== undefined) return undefined;
      const chunk = chunkOf(group.columns, column.name);
      if (!chunk) throw new Error(`column "${column.name}" is missing in group ${at + 1} of rows`);
      return new ColumnCells(
        readColumn(file, chunk, column, rows, { windowSize, check, run, rooms: rooms[place]! }),
        run,
      );
    });
    // A block of rows after the other, in all columns: of each column one page is in memory.
    for (let row = 0; row < rows; row += blockRows) {
      const count = Math.min(blockRows, rows - row);
      for (const [place, column] of columns.entries()) {
        const own = cells[place];
        if (!own) continue;
        // What is left out once is left out up to the end of the group.
        if (isFloating(column) && builder.skipNumbers(place, count)) continue;
        await own.set(builder, place, count);
        stored[place] ??= own.page && storedAs(own.page, fields.get(column.name));
      }
      builder.endRow(count);
      yield;
    }
  }
  for (const [place, type] of stored.entries()) if (type) builder.store(place, type);
  return { remarks: [] };
}

/** Whether the cells of a column are floating-point numbers, whatever is in its pages. */
function isFloating({ tree: { element } }: FileColumn): boolean {
  return element.type === "DOUBLE" || element.type === "FLOAT";
}

/** What the file says of its columns as Arrow has them, where Arrow wrote it. */
function arrowFields(metadata: FileMetaData): ReadonlyMap<string, ArrowField> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "ARROW:schema")?.value;
  try {
    const bytes = Uint8Array.from(atob(text ?? ""), (letter) => letter.charCodeAt(0));
    return new Map(schemaOfMessage(bytes).fields.map((field) => [field.name, field]));
  } catch {
    // Without it Parquet's own types stand.
    return new Map();
  }
}

/** What a column is stored as: dictionaries and zones are what Arrow says beside Parquet's own types. */
function storedAs(
  { page, cells, reader }: PageOfCells,
  field: ArrowField | undefined,
): StoredType | undefined {
  const { stored } = reader;
  if (field?.dictionary) {
    // The levels in their order are Parquet's own dictionary.
    const hasOrder = field.dictionary.ordered && page.places !== undefined;
    return { type: "dictionary", ...(hasOrder ? { ordered: Array.from<string | number>(cells) } : {}) };
  }
  const zone = field?.type.zone;
  return stored?.type === "timestamp" && stored.zone !== undefined && zone !== undefined
    ? { ...stored, zone }
    : stored;
}

/** How a Parquet file is read. */
export interface ParquetOptions extends CellReading {
  /** What the file may claim at most. */
  readonly limits?: ReadLimits | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A Parquet file as a source of cells, a block of rows at a time; of pages that are not compressed or by Snappy, GZIP, ZSTD, LZ4 or Brotli. Booleans are 1 and 0,
 * nulls missing, decimals the nearest doubles; 64-bit integers above 2^53 are rounded to the nearest double. Columns of
 * strings, dates and times are text columns (a string is read as a CSV cell is), and so are those that are not single
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
export function parquetFeed(file: ByteSource, name: string, options: ParquetOptions): CellFeed {
  return { name, run: (begin, from = 0) => checkedRows(file, name, options, begin, from) };
}

async function* checkedRows(
  file: ByteSource,
  name: string,
  options: ParquetOptions,
  begin: BeginTable,
  from: number,
): AsyncGenerator<void, FeedEnd> {
  const limits = checkLimits(options.limits);
  const isMark = async (at: number): Promise<boolean> =>
    String.fromCharCode(...(await file.read(at, at + 4))) === "PAR1";
  if (file.size < 12 || !(await isMark(0)) || !(await isMark(file.size - 4))) {
    throw unreadable(name, 'is not a Parquet file, or is truncated: it does not start and end with "PAR1"', {
      expected: 'a file that starts and ends with "PAR1"',
      received: `${file.size} other bytes`,
      remedy: "copy or write it again",
    });
  }
  try {
    return yield* rowsOf(file, name, limits, options.signal, begin, from);
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    const reason = damageOf(error);
    throw new FormatError({
      where: name,
      problem: `the Parquet file is corrupt or of a kind that is not read (${reason})`,
      expected: "a Parquet file of a kind that is read",
      received: reason,
      remedy: "copy or write it again",
    });
  }
}
