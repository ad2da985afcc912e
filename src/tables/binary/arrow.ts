/**
 * Tables of Arrow files and streams (Feather is the same), which flechette writes: it is loaded when it is first needed.
 *
 * @module
 */

import { PushforwardError, unreadable } from "../../errors.ts";
import { buffersOf, buffersOfRows } from "../../formats/arrow/arrowBuffers.ts";
import { type ArrowCell, arrowCells, nestedKind, type ReadCell } from "../../formats/arrow/arrowCells.ts";
import { type Batch, type DictionaryBatch, readContent } from "../../formats/arrow/arrowFile.ts";
import type { ArrowField } from "../../formats/arrow/arrowSchema.ts";
import { eventLoopTurn } from "../../formats/eventLoopTurn.ts";
import { type CheckedLimits, checkExpansion, checkLimits, type ReadLimits } from "../../formats/limits.ts";
import { pandasIndex } from "../../formats/pandasIndex.ts";
import type { RunPieces } from "../../formats/parquet/pageCodecs.ts";
import type { StoredType } from "../../formats/storedType.ts";
import type { ByteSource } from "../../platform/byteSource.ts";
import { each, inPieces, type Pieces } from "../../platform/pieces.ts";
import type { BeginTable, CellFeed, FeedEnd } from "../batches/cellFeed.ts";
import type { CellReading, TableBuilder } from "../reading/tableBuilder.ts";
import { blockRowsOf, damageOf, typedBuilder } from "./typedColumns.ts";

/** How Arrow data are read. */
export interface ArrowOptions extends CellReading {
  /** What the data may claim at most. */
  readonly limits?: ReadLimits | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** What a column is stored as; undefined for doubles, texts, and what is not written back. */
function storedType({ type, dictionary }: ArrowField, levels: readonly ArrowCell[]): StoredType | undefined {
  if (dictionary) {
    const isPlain = levels.every((level) => typeof level === "string" || typeof level === "number");
    return dictionary.ordered && isPlain
      ? { type: "dictionary", ordered: levels as (string | number)[] }
      : { type: "dictionary" };
  }
  const { name, width, signed, unit, zone, precision, scale } = type;
  switch (name) {
    case "integer":
      return { type: "integer", bits: width as 8 | 16 | 32 | 64, signed };
    case "float":
      return width === 64 ? undefined : { type: "float", bits: width as 16 | 32 };
    case "boolean":
    case "date":
      return { type: name };
    case "timestamp":
      return { type: "timestamp", unit, ...(zone === undefined ? {} : { zone }) };
    case "time":
      return { type: "time", unit };
    case "decimal":
      return { type: "decimal", precision, scale };
    default:
      return undefined;
  }
}

/** Whether texts of a column are to be read as cells of a CSV file are: they may hold numbers. */
const holdsStrings = ({ type }: ArrowField): boolean =>
  /text|binary/.test(type.name) && type.name !== "fixed binary";

function* setCells(
  builder: TableBuilder,
  place: number,
  rows: number,
  read: ReadCell,
  isString: boolean,
): Pieces<void> {
  yield* each(rows, (row) => {
    const cell = read(row);
    if (typeof cell === "number") builder.setNumber(place, cell);
    else if (cell === undefined) builder.setNumber(place, Number.NaN);
    else if (typeof cell === "boolean") builder.setBoolean(place, cell);
    else if (typeof cell === "bigint") builder.setCell(place, String(cell));
    else if (isString) builder.setString(place, cell);
    else builder.setText(place, cell);
  });
}

/** The values of dictionaries so far, by their names. */
class Dictionaries {
  readonly #fields: ReadonlyMap<bigint, ArrowField>;
  readonly #values = new Map<bigint, ArrowCell[]>();

  constructor(fields: readonly ArrowField[]) {
    this.#fields = new Map(
      fields.flatMap((field) => (field.dictionary ? [[field.dictionary.id, field]] : [])),
    );
  }

  get(field: ArrowField): readonly ArrowCell[] | undefined {
    return field.dictionary && this.#values.get(field.dictionary.id);
  }

  async add(
    file: ByteSource,
    { id, isDelta, values }: DictionaryBatch,
    check: (length: number) => void,
    run: RunPieces,
  ): Promise<void> {
    const field = this.#fields.get(id);
    // A dictionary of a part of a nested column has no use here.
    if (!field || field.children.length > 0) return;
    const batch = values(field);
    const [column] = batch.columns as [Batch["columns"][number]];
    check(8 * column.rows);
    const plain = { ...field, dictionary: undefined };
    const buffers = await buffersOf(file, batch, column, check, run);
    const read = arrowCells(
      plain,
      await buffersOfRows(plain, buffers, column.nulls, 0, column.rows),
      column,
      undefined,
    );
    const cells = isDelta ? (this.#values.get(id) ?? []).slice() : [];
    await run(
      (function* (): Pieces<void> {
        yield* each(column.rows, (row) => {
          cells.push(read(row));
        });
      })(),
    );
    this.#values.set(id, cells);
  }
}

async function* rowsOf(
  file: ByteSource,
  name: string,
  limits: CheckedLimits,
  signal: AbortSignal | undefined,
  begin: BeginTable,
  from: number,
): AsyncGenerator<void, FeedEnd> {
  const content = await readContent(file);
  const { fields, pandas } = content.schema;
  const groups = content.parts.map(({ rows = 0 }) => rows);
  const columns = fields.map((field) => ({ name: field.name, nested: nestedKind(field) }));
  const index = pandasIndex(
    pandas,
    columns.map((column) => column.name),
  );
  const blockRows = blockRowsOf(columns.length);
  const builder = typedBuilder({ name, bytes: file.size, limits }, columns, groups, blockRows, index, begin);
  // Of all buffers of a part together, and of all parts: many may lie in one place.
  let [unpacked, all] = [0, 0];
  const check = (length: number): void => {
    unpacked += length;
    all += length;
    checkExpansion(`${name}: its buffers`, limits, file.size, builder.isWhole ? all : unpacked, all);
  };
  const run = <T>(work: Pieces<T>): Promise<T> => inPieces(work, signal, `Reading ${name}`);
  const dictionaries = new Dictionaries(fields);
  let before = 0;
  for (const part of content.parts) {
    before += part.rows ?? 0;
    if (part.rows !== undefined && before <= from) {
      builder.passRows(part.rows);
      continue;
    }
    unpacked = 0;
    const batch = await content.read(part);
    if (!("rows" in batch)) {
      await dictionaries.add(file, batch, check, run);
      continue;
    }
    const buffers: (readonly ByteSource[] | undefined)[] = [];
    for (const [place, { nested }] of columns.entries())
      buffers.push(
        nested === undefined ? await buffersOf(file, batch, batch.columns[place]!, check, run) : undefined,
      );
    for (let row = 0; row < batch.rows; row += blockRows) {
      const count = Math.min(blockRows, batch.rows - row);
      for (const [place, field] of fields.entries()) {
        const own = buffers[place];
        // What is left out once is left out up to the end of the batch.
        if (!own || (isFloating(field) && builder.skipNumbers(place, count))) continue;
        const { nulls } = batch.columns[place]!;
        const cells = arrowCells(
          field,
          await buffersOfRows(field, own, nulls, row, count),
          { rows: count, nulls },
          dictionaries.get(field),
        );
        await run(setCells(builder, place, count, cells, holdsStrings(field)));
        await eventLoopTurn();
      }
      builder.endRow(count);
      yield;
    }
  }
  fields.forEach((field, place) => {
    const stored = storedType(field, dictionaries.get(field) ?? []);
    if (stored && columns[place]!.nested === undefined) builder.store(place, stored);
  });
  return { remarks: [] };
}

/** Whether the cells of a column are floating-point numbers. */
const isFloating = ({ type, dictionary }: ArrowField): boolean => type.name === "float" && !dictionary;

/**
 * Arrow data as a source of cells, a block of rows at a time, of which the bytes are read; a batch whose buffers are compressed is unpacked as a whole. A file or a stream (`.arrow`, `.feather` of version 2), whose buffers are not compressed or by LZ4 or Zstandard.
 * Booleans are 1 and 0, nulls missing, decimals the nearest doubles; integers above 2^53 are rounded, and told. Dates, times and
 * strings are texts, and dictionaries what their values are; what is not a single value (lists, structures, unions) is a column of text
 * that says so. The record of each column has what it is stored as ({@link StoredType}), which writing keeps.
 *
 * Damaged data end in an error after a time that their size and what they may claim bound. The event loop goes on every few
 * milliseconds.
 *
 * @param name what to call the data in an error.
 * @throws FormatError if they are not Arrow data, damaged, or over a limit.
 * @throws AbortedError soon after the signal fires.
 * @throws DataError if they have no rows, or empty or duplicate column names.
 */
export function arrowFeed(file: ByteSource, name: string, options: ArrowOptions): CellFeed {
  return { name, run: (begin, from = 0) => checkedRows(file, name, options, begin, from) };
}

async function* checkedRows(
  file: ByteSource,
  name: string,
  options: ArrowOptions,
  begin: BeginTable,
  from: number,
): AsyncGenerator<void, FeedEnd> {
  const limits = checkLimits(options.limits);
  if (String.fromCharCode(...(await file.read(0, Math.min(4, file.size)))) === "FEA1")
    throw unreadable(name, "is a Feather file of version 1, which is not read", {
      expected: "Feather of version 2",
      received: "version 1",
      remedy: "write it again with version 2 (pandas: to_feather(path))",
    });
  try {
    return yield* rowsOf(file, name, limits, options.signal, begin, from);
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    const reason = damageOf(error);
    throw unreadable(name, `is not Arrow data (a file or a stream), or is damaged (${reason})`, {
      expected: "a file or a stream of Arrow",
      received: `bytes of which ${reason}`,
      remedy: "copy or write it again",
    });
  }
}
