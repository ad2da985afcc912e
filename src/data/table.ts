/**
 * A table: named columns of numbers with a row-major view. Rows are counted from 1 in every message, the
 * header not included.
 *
 * @module
 */

import { DataError, ShapeError } from "../errors.ts";
import { looksLikeForeignNumber, quoteCell } from "./cell.ts";
import { closestName, listNames } from "./closestName.ts";

/** A column that is no column of numbers, because at least one cell is text. Its values are not kept. */
export interface TextColumn {
  /** Name of the column. */
  readonly name: string;
  /** Row of the first cell that is no number, counted from 1. */
  readonly row: number;
  /** The first cell that is no number, as it stands in the file. */
  readonly value: string;
  /** How many cells are numbers; 0 for a column that is all text (and missing values). */
  readonly numericCells: number;
}

/**
 * Columns of numbers. A missing cell is NaN, an infinite one is kept: what fits a flow decides about them.
 * Treat the arrays as read-only; functions on tables return new tables and may share arrays that they
 * do not change.
 */
export interface Table {
  /** Names of the columns of numbers, all different, none empty. */
  readonly columns: readonly string[];
  /** Number of rows, 0 or more. */
  readonly rows: number;
  /** Row-major, `rows * columns.length`. */
  readonly values: Float64Array;
  /** Columns of the source that hold text; they have no values here. */
  readonly textColumns: readonly TextColumn[];
}

/**
 * Checks that names can name columns: none empty, no two the same.
 *
 * @throws DataError that names the first offender by its place, counted from 1.
 */
export function checkColumnNames(names: readonly string[]): void {
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    if (name.trim() === "") {
      throw new DataError(
        `column ${index + 1} has no name; name every column (pandas and R write row numbers as a column ` +
          "without a name: save with index=False or row.names=FALSE)",
      );
    }
    const first = seen.get(name);
    if (first !== undefined) {
      throw new DataError(
        `columns ${first + 1} and ${index + 1} have the same name "${name}"; rename one of them`,
        { column: name },
      );
    }
    seen.set(name, index);
  });
}

/**
 * A table from columns, in their order: an object of arrays, or pairs of a name and an array.
 * Values are copied.
 *
 * @throws ShapeError if the lengths differ.
 * @throws DataError if a name is empty or used twice, or there is no column.
 * @example tableFromColumns({ height: [1.7, 1.8], weight: [70, 81] })
 */
export function tableFromColumns(
  columns: Readonly<Record<string, ArrayLike<number>>> | Iterable<readonly [string, ArrayLike<number>]>,
): Table {
  const isPairs = (value: typeof columns): value is Iterable<readonly [string, ArrayLike<number>]> =>
    Symbol.iterator in value;
  const entries = isPairs(columns) ? [...columns] : Object.entries(columns);
  const names = entries.map(([name]) => name);
  if (names.length === 0) throw new DataError("a table needs at least one column");
  checkColumnNames(names);
  const rows = entries[0]![1].length;
  const values = new Float64Array(rows * names.length);
  entries.forEach(([name, cells], columnIndex) => {
    if (cells.length !== rows) {
      throw new ShapeError(
        `column "${name}" has ${cells.length} rows, "${names[0]}" has ${rows}; columns must be equally long`,
      );
    }
    for (let row = 0; row < rows; row++) values[row * names.length + columnIndex] = cells[row]!;
  });
  return { columns: names, rows, values, textColumns: [] };
}

/**
 * A table from row-major values. A Float64Array becomes the table's own memory, uncopied; rows that are
 * arrays are copied.
 *
 * @param columns one name a column.
 * @param values `rows * columns.length` numbers, or an array of rows.
 * @throws ShapeError if the values do not fill whole rows.
 * @throws DataError if a name is empty or used twice, or there is no column.
 * @example tableFromRows(["x", "y"], [[1, 2], [3, 4]])
 */
export function tableFromRows(
  columns: readonly string[],
  values: Float64Array | readonly ArrayLike<number>[],
): Table {
  const width = columns.length;
  if (width === 0) throw new DataError("a table needs at least one column");
  checkColumnNames(columns);
  if (values instanceof Float64Array) {
    if (values.length % width !== 0) {
      throw new ShapeError(`${values.length} values do not fill whole rows of ${width} columns`);
    }
    return { columns: [...columns], rows: values.length / width, values, textColumns: [] };
  }
  const flat = new Float64Array(values.length * width);
  values.forEach((row, index) => {
    if (row.length !== width) {
      throw new ShapeError(`row ${index + 1} has ${row.length} values, expected ${width}`);
    }
    flat.set(row, index * width);
  });
  return { columns: [...columns], rows: values.length, values: flat, textColumns: [] };
}

/** What is wrong with a text column, in one line with the remedy. */
function textColumnError({ name, row, value }: TextColumn): DataError {
  const remedy = looksLikeForeignNumber(value)
    ? "write decimals with a point and no thousands separators, or leave the column out with --columns"
    : "leave the column out with --columns, or mend the cell";
  return new DataError(`column "${name}" (row ${row}): ${quoteCell(value)} is not a number; ${remedy}`, {
    column: name,
    row,
  });
}

/** Place of a column of numbers among `table.columns`. */
function columnIndex(table: Table, name: string): number {
  const index = table.columns.indexOf(name);
  if (index >= 0) return index;
  const text = table.textColumns.find((column) => column.name === name);
  if (text) throw textColumnError(text);
  const all = [...table.columns, ...table.textColumns.map((column) => column.name)];
  const closest = closestName(name, all);
  const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
  throw new DataError(`there is no column "${name}"${guess}; the columns are: ${listNames(all)}`, {
    column: name,
  });
}

/**
 * The values of one column, copied.
 *
 * @throws DataError if there is no such column (the message lists those there are and the closest one), or
 *   it holds text (the message names the first cell that is no number).
 */
export function column(table: Table, name: string): Float64Array {
  const width = table.columns.length;
  const values = new Float64Array(table.rows);
  for (let row = 0, at = columnIndex(table, name); row < table.rows; row++, at += width) {
    values[row] = table.values[at]!;
  }
  return values;
}

/**
 * The table with these columns alone, in this order, without text columns.
 *
 * @throws DataError as {@link column} does, and if a name is given twice or none is given.
 */
export function selectColumns(table: Table, names: readonly string[]): Table {
  if (names.length === 0) throw new DataError("choose at least one column");
  const indices = names.map((name) => columnIndex(table, name));
  checkColumnNames(names);
  const width = table.columns.length;
  const values = new Float64Array(table.rows * names.length);
  for (let row = 0, at = 0; row < table.rows; row++) {
    for (const index of indices) values[at++] = table.values[row * width + index]!;
  }
  return { columns: [...names], rows: table.rows, values, textColumns: [] };
}

/**
 * Names of the columns that are used where none are chosen: those of numbers. A column that is all text is
 * left out; one that mixes numbers and text, or holds numbers in a notation that is not read (`1,5`), is an
 * error, because leaving it out silently would hide a slip in the file.
 *
 * @throws DataError for such a column, naming its first cell that is no number; or if no column is left.
 */
export function numericColumns(table: Table): readonly string[] {
  for (const text of table.textColumns) {
    if (text.numericCells > 0 || looksLikeForeignNumber(text.value)) throw textColumnError(text);
  }
  if (table.columns.length === 0) {
    const first = table.textColumns[0];
    const seen = first ? `; column "${first.name}" starts with ${quoteCell(first.value)}` : "";
    throw new DataError(`no column holds numbers${seen}`);
  }
  return table.columns;
}
