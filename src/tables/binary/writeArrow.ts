/**
 * Writes tables as Arrow files, at once or batch by batch. flechette, which does it, is loaded with this file.
 *
 * @module
 */

import {
  batchType,
  bool,
  type Column,
  columnFromArray,
  type DataType,
  date,
  decimal,
  dictionary,
  float,
  float64,
  int,
  int32,
  int64,
  Column as TypedColumn,
  tableFromColumns,
  tableToIPC,
  time,
  timestamp,
  utf8,
} from "@uwdata/flechette";
import { footerOf, type MessagePlace, messagesOf, placeBatches } from "../../formats/arrow/arrowFile.ts";
import { cellColumns, type Table } from "../table.ts";
import { groupsOf, SteadyColumns } from "./steadyColumns.ts";
import { type WrittenCell, type WrittenColumn, writtenColumn } from "./writtenColumn.ts";

const unitPlaces = { s: 0, ms: 1, us: 2, ns: 3 } as const;

type Cells = readonly WrittenCell[];

/** Numbers of one type, which stand for values of another one of the same size. */
function stoodFor(cells: Cells, numbers: DataType, type: DataType): Column<unknown> {
  const { data } = columnFromArray(cells as WrittenCell[], numbers);
  return new TypedColumn([...data], type);
}

/** Places in a list of levels. */
function dictionaryColumn(cells: Cells, ordered: readonly (string | number)[] | undefined): Column<unknown> {
  const levels = new Map((ordered ?? []).map((level, place) => [level, place]));
  const places = cells.map((cell) => {
    if (cell === null) return null;
    const value = cell as string | number;
    if (!levels.has(value)) levels.set(value, levels.size);
    return levels.get(value)!;
  });
  const all = [...levels.keys()];
  const isText = all.some((level) => typeof level === "string");
  const values = columnFromArray(all, isText ? utf8() : float64());
  const type = dictionary(values.type, int32(), ordered !== undefined);
  const { data } = columnFromArray(places, int32());
  const Batch = batchType(type) as new (options: object) => (typeof data)[number];
  return new TypedColumn(
    data.map((batch) => {
      const typedBatch = new Batch({ ...batch, type }) as unknown as {
        setDictionary(values: unknown): (typeof data)[number];
      };
      return typedBatch.setDictionary(values);
    }),
    type,
  );
}

function columnOf({ stored, cells: written }: WrittenColumn): Column<unknown> {
  const isDoubles = stored.type === "float" && stored.bits === 64 && written instanceof Float64Array;
  if (isDoubles && written.length > 0 && !written.some(Number.isNaN)) return columnFromArray(written);
  // A missing number is null, as other missing cells are.
  const cells: Cells =
    written instanceof Float64Array
      ? Array.from(written, (value) => (Number.isNaN(value) ? null : value))
      : written;
  const plain = (type: DataType): Column<unknown> => columnFromArray(cells as WrittenCell[], type);
  switch (stored.type) {
    case "integer":
      return plain(int(stored.bits, stored.signed));
    case "float":
      return plain(float(({ 16: 0, 32: 1, 64: 2 } as const)[stored.bits]));
    case "boolean":
      return plain(bool());
    case "date":
      return stoodFor(cells, int32(), date(0));
    case "timestamp":
      return stoodFor(cells, int64(), timestamp(unitPlaces[stored.unit], stored.zone ?? null));
    case "time": {
      const isNarrow = stored.unit === "s" || stored.unit === "ms";
      const units = cells.map((cell) => (cell === null || !isNarrow ? cell : Number(cell)));
      return stoodFor(units, isNarrow ? int32() : int64(), time(unitPlaces[stored.unit]));
    }
    case "decimal":
      return plain(decimal(stored.precision, stored.scale, 128));
    case "dictionary":
      return dictionaryColumn(cells, stored.ordered);
    case "text":
      return plain(utf8());
  }
}

const columnsOf = (table: Table): readonly WrittenColumn[] =>
  cellColumns(table).map((column) => writtenColumn(table, column));

const tableOf = (columns: readonly WrittenColumn[]): ReturnType<typeof tableFromColumns> =>
  tableFromColumns(columns.map((column): [string, Column<unknown>] => [column.name, columnOf(column)]));

/**
 * The table as an Arrow file. Columns of a typed source are written as what they were stored as, where their cells still are that;
 * other numbers as doubles, other text as strings, truth values as booleans. Missing cells are null.
 */
export function writeArrow(table: Table): Uint8Array {
  return tableToIPC(tableOf(columnsOf(table)), { format: "file" })!;
}

const text = (letters: string): Uint8Array => new TextEncoder().encode(letters);

/** The end of the messages. */
const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/**
 * The bytes of an Arrow file of a table in batches, as they come: each batch of rows is a message, and the footer, at the end, says
 * where they lie. The types of the columns are those of the first batch; levels are strings, as they differ from batch to batch.
 * @throws DataError for a later batch with other columns, or with a cell that is not of the type of the first.
 */
export async function* arrowPieces(batches: AsyncIterable<Table>): AsyncGenerator<Uint8Array> {
  let steady: SteadyColumns | undefined;
  const places: Omit<MessagePlace, "kind">[] = [];
  let at = 0;
  for await (const batch of groupsOf(batches)) {
    const columns = columnsOf(batch);
    steady ??= new SteadyColumns(columns, batch);
    const stream = tableToIPC(tableOf(steady.of(columns, batch.rows)), { format: "stream" })!;
    const messages = messagesOf(stream);
    const piece = (kind: MessagePlace["kind"]): Uint8Array => {
      const { at, head, body } = messages.find((message) => message.kind === kind)!;
      return stream.subarray(at, at + head + body);
    };
    if (at === 0) {
      const begin = [text("ARROW1\0\0"), piece("schema")];
      yield* begin;
      at = begin.reduce((sum, { length }) => sum + length, 0);
    }
    const { head, body } = messages.find(({ kind }) => kind === "batch")!;
    places.push({ at, head, body });
    yield piece("batch");
    at += head + body;
  }
  if (steady) yield* endOfFile(steady, places);
}

/** What stands behind the last batch: the footer of a file of as many small ones, with the places of these. */
function endOfFile(
  { types }: SteadyColumns,
  places: readonly Omit<MessagePlace, "kind">[],
): readonly Uint8Array[] {
  const columns = types.map(([name, stored]): [string, Column<unknown>] => {
    const { data, type } = columnOf({ name, stored, cells: [null] });
    return [
      name,
      new TypedColumn(
        Array.from(places, () => data[0]!),
        type,
      ),
    ];
  });
  const footer = footerOf(tableToIPC(tableFromColumns(columns), { format: "file" })!);
  placeBatches(footer, places);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setInt32(0, footer.length, true);
  return [endOfStream, footer, length, text("ARROW1")];
}
