/**
 * Writes tables as Arrow files. flechette, which does it, is loaded with this file.
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
import { cellColumns, type Table } from "../table.ts";
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

/**
 * The table as an Arrow file. Columns of a typed source are written as what they were stored as, where their cells still are that;
 * other numbers as doubles, other text as strings, truth values as booleans. Missing cells are null.
 */
export function writeArrow(table: Table): Uint8Array {
  const columns = cellColumns(table).map((column): [string, Column<unknown>] => [
    column.name,
    columnOf(writtenColumn(table, column)),
  ]);
  return tableToIPC(tableFromColumns(columns), { format: "file" })!;
}
