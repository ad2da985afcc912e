/**
 * Rows of any form as a table, for flows whose columns hold more than numbers.
 *
 * @module
 */

import { refuse } from "../../options.ts";
import { type Table, tableFromRows } from "../../tables/table.ts";
import { checkRows, noCell, notWholeRows, type RowsLike, wrongLength } from "./splitRows.ts";

/**
 * A table of rows: itself; numbers, row after row; or an array of rows, each its cells in the order of the columns, or an object by
 * column. Cells are numbers, texts, truth values, Dates, and null or undefined where one is missing.
 * @throws {@link DataError} for rows that are not whole, UsageError for what is not rows.
 */
export async function tableOfRows(where: string, names: readonly string[], rows: RowsLike): Promise<Table> {
  if (rows instanceof Float64Array || rows instanceof Float32Array) {
    if (rows.length % names.length !== 0) throw notWholeRows(where, rows.length, names);
    return tableFromRows(names, Float64Array.from(rows));
  }
  if (!Array.isArray(rows)) {
    checkRows(where, rows);
    return rows;
  }
  if (rows.length === 0) return tableFromRows(names, new Float64Array(0));
  const objects = rows.map((row: unknown, at) => {
    if (typeof row !== "object" || row === null)
      refuse(where, `row ${at + 1}`, "an array of cells, or an object of cells by column", row);
    const isList = Array.isArray(row) || ArrayBuffer.isView(row);
    const length = isList ? (row as ArrayLike<unknown>).length : names.length;
    if (length !== names.length) throw wrongLength(where, at, length, names, "cell");
    return Object.fromEntries(
      names.map((name, i) => {
        if (!isList && !Object.hasOwn(row, name)) throw noCell(where, at, name, "cell");
        const cell = isList ? (row as ArrayLike<unknown>)[i] : (row as Record<string, unknown>)[name];
        return [name, cell instanceof Date ? cell.toISOString() : cell];
      }),
    );
  });
  const isNumber = (cell: unknown): boolean =>
    typeof cell === "number" || cell === null || cell === undefined;
  const cells = objects.map((row) => names.map((name) => row[name]));
  if (cells.every((row) => row.every(isNumber)))
    return tableFromRows(
      names,
      cells.map((row) => row.map((cell) => (cell as number | null | undefined) ?? Number.NaN)),
    );
  // The reader of cells of other types is loaded where there are some.
  const { tableFromObjects } = await import("../../tables/reading/tableFromObjects.ts");
  return tableFromObjects(objects);
}
