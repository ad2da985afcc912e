/**
 * Some rows or some columns of a table, of numbers and of text.
 *
 * @module
 */

import { checkArgument, type OptionKind, refuse } from "../options.ts";
import { checkTable, selectColumns, type Table } from "./table.ts";
import { pickTexts } from "./textColumn.ts";

const places: OptionKind = {
  expected: "a list of places of rows, from 0",
  accepts: (value) => Array.isArray(value) || ArrayBuffer.isView(value),
};

/**
 * The table with these rows alone, in this order; a row may be there more than once. O(rows columns).
 * @param rows - Places from 0.
 * @throws UsageError for what is not a table, or a place that is none of its rows'.
 */
export function pickRows(table: Table, rows: ArrayLike<number>): Table {
  checkTable("pickRows", table);
  checkArgument("pickRows", "rows", rows, places);
  const width = table.columns.length;
  const values = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < table.rows))
      refuse("pickRows", `rows[${i}]`, `a whole number from 0 to ${table.rows - 1}`, row);
    values.set(table.values.subarray(row * width, (row + 1) * width), i * width);
  }
  const texts = table.texts?.map((text) => pickTexts(text, rows));
  const { rowsBefore: _, ...rest } = table;
  return { ...rest, rows: rows.length, values, ...(texts ? { texts } : {}) };
}

/** {@link selectColumns}, which shares the numbers of the table where these are all of its columns. */
export function sharedColumns(table: Table, names: readonly string[]): Table {
  const { columns, rows, values, records } = table;
  const isAll = names.length === columns.length && names.every((name, place) => name === columns[place]);
  return isAll && records.length === columns.length
    ? { columns, rows, values, records }
    : selectColumns(table, names);
}

/** The table with these columns alone, in this order, text and columns without values too; names that it does not have are passed over. */
export function pickColumns(table: Table, names: readonly string[]): Table {
  const columns = names.filter((name) => table.columns.includes(name));
  const places = columns.map((name) => table.columns.indexOf(name));
  const width = table.columns.length;
  const values = new Float64Array(table.rows * places.length);
  for (let row = 0, at = 0; row < table.rows; row++)
    for (const place of places) values[at++] = table.values[row * width + place]!;
  const texts = names.flatMap((name) => table.texts?.find((text) => text.name === name) ?? []);
  const records = names.flatMap((name) => table.records.find((record) => record.name === name) ?? []);
  const { texts: _, ...rest } = table;
  return { ...rest, columns, values, records, ...(texts.length > 0 ? { texts } : {}) };
}
