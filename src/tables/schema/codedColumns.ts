/**
 * Columns as numbers of levels, to compare them with each other whatever they hold.
 *
 * @module
 */

import { countBelow } from "../../numerics/countBelow.ts";
import { filtered } from "../filtered.ts";
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
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = table.values[rows[i]! * width + place]! + 0;
  const sorted = filtered(values, (value) => !Number.isNaN(value)).sort();
  // In place: what is different moves to the front.
  let levels = 0;
  for (let i = 0; i < sorted.length; i++)
    if (i === 0 || sorted[i] !== sorted[levels - 1]) sorted[levels++] = sorted[i]!;
  const distinctValues = sorted.subarray(0, levels);
  const codes = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++)
    codes[i] = Number.isNaN(values[i]!) ? -1 : countBelow(distinctValues, values[i]!, false);
  return { name, codes, levels, isOrdered: true };
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
