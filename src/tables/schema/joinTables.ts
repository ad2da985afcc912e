/**
 * A table with other cells in some of its columns.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { anObject, checkArgument, listOf, refuse } from "../../options.ts";
import { numbersRecord } from "../columnRecord.ts";
import { cellColumns, checkTable, column, type Table, tableFromColumns } from "../table.ts";
import { GrowingText, textAt } from "../textColumn.ts";

/** A table in which the columns of another one with as many rows stand in place of its own, and behind it where it has none of the name. */
export function replaceColumns(table: Table, by: Table): Table {
  const columns = cellColumns(table);
  const otherCells = cellColumns(by);
  const replaced = new Set(otherCells.map(({ name }) => name));
  const names = [...new Set([...columns, ...otherCells].map(({ name }) => name))];
  const numbers: [string, Float64Array][] = [];
  const texts: NonNullable<Table["texts"]>[number][] = [];
  for (const name of names) {
    const source = replaced.has(name) ? by : table;
    const text = source.texts?.find((each) => each.name === name);
    if (text) texts.push(text);
    else numbers.push([name, column({ ...source, records: [] }, name)]);
  }
  const records = names.map(
    (name) =>
      (replaced.has(name) ? by : table).records.find((record) => record.name === name) ?? numbersRecord(name),
  );
  const madeTable =
    numbers.length > 0
      ? tableFromColumns(numbers)
      : { columns: [], rows: table.rows, values: new Float64Array(0), records: [] };
  return { ...madeTable, records, ...(texts.length > 0 ? { texts } : {}) };
}

/** Tables of the same columns one after another, with the column `draw` in front, which counts them from 1. */
export function joinDraws(tables: readonly Table[]): Table {
  checkArgument("joinDraws", "tables", tables, listOf(anObject, "an array of tables"));
  if (tables.length === 0) refuse("joinDraws", "tables", "at least one table", tables);
  for (const table of tables) checkTable("joinDraws", table);
  const [first] = tables as readonly [Table];
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const names = cellColumns(first).map(({ name }) => name);
  if (names.includes("draw"))
    throw new DataError(
      {
        problem: 'the tables have a column "draw" of their own',
        expected: 'tables without a column "draw"',
        received: 'a column "draw"',
        remedy: "rename it",
      },
      { column: "draw" },
    );
  const numbers: [string, Float64Array][] = [
    ["draw", Float64Array.from(tables.flatMap((table, i) => new Array<number>(table.rows).fill(i + 1)))],
  ];
  const texts: NonNullable<Table["texts"]>[number][] = [];
  for (const firstColumn of cellColumns(first)) {
    if ("text" in firstColumn) {
      const joined = new GrowingText(rows);
      for (const table of tables) {
        const text = table.texts!.find(({ name }) => name === firstColumn.name)!;
        for (let row = 0; row < table.rows; row++) joined.push(textAt(text, row));
      }
      texts.push(joined.finish(firstColumn.name));
    } else {
      const values = tables.map((table) => column({ ...table, records: [] }, firstColumn.name));
      numbers.push([firstColumn.name, Float64Array.from(values.flatMap((each) => Array.from(each)))]);
    }
  }
  const records = ["draw", ...names].map(
    (name) => first.records.find((record) => record.name === name) ?? numbersRecord(name),
  );
  return { ...tableFromColumns(numbers), records, ...(texts.length > 0 ? { texts } : {}) };
}
