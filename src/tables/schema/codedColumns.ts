/**
 * Columns as numbers of levels, to compare them with each other whatever they hold.
 *
 * @module
 */

import { countBelow } from "../../numerics/countBelow.ts";
import { type CellColumn, cellColumns, type Table } from "../table.ts";

/** A column whose cells are places in its list of different values. */
export interface CodedColumn {
  readonly name: string;
  /** Per row; -1 where the cell is missing. Of numbers in ascending order, of texts in order of appearance. */
  readonly codes: Int32Array;
  /** Number of different values. */
  readonly levels: number;
  /** Whether the codes are in the order of the values. */
  readonly isOrdered: boolean;
}

function codedNumbers(table: Table, name: string, place: number, rows: Uint32Array): CodedColumn {
  const width = table.columns.length;
  const values = Float64Array.from(rows, (row) => table.values[row * width + place]! + 0);
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinctValues = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  return {
    name,
    codes: Int32Array.from(values, (value) =>
      Number.isNaN(value) ? -1 : countBelow(distinctValues, value, false),
    ),
    levels: distinctValues.length,
    isOrdered: true,
  };
}

/** The columns of some rows of a table, in the order of the source. */
export function codedColumns(table: Table, rows: Uint32Array): readonly CodedColumn[] {
  return cellColumns(table).map((column: CellColumn): CodedColumn => {
    if (!("text" in column)) return codedNumbers(table, column.name, column.place, rows);
    const { codes, levels } = column.text;
    const pickedCodes = Int32Array.from(rows, (row) => codes[row]!);
    return { name: column.name, codes: pickedCodes, levels: levels.length, isOrdered: false };
  });
}
