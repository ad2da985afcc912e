/**
 * Some columns of a table, of numbers and of text.
 *
 * @module
 */

import type { Table } from "./table.ts";

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
