/**
 * A table: named columns of numbers with a row-major view. Rows are counted from 1 in every message, the
 * header not included.
 *
 * @module
 */

import { closestName, listNames } from "../closestName.ts";
import { DataError, ShapeError } from "../errors.ts";
import { checkArgument, describeValue, names as listOfNames, numbers, refuse, text } from "../options.ts";
import { optionText } from "../optionText.ts";
import { checkColumnNames } from "./columnNames.ts";
import { type ColumnRecord, type LeftOutColumn, numbersRecord, placeOf } from "./columnRecord.ts";
import { quoteCell } from "./reading/cell.ts";
import type { TextColumn } from "./textColumn.ts";

/**
 * Columns of numbers. A missing cell is NaN, an infinite one is kept: what fits a flow decides about them.
 * Treat the arrays as read-only; functions on tables return new tables and may share arrays that they
 * do not change.
 */
export interface Table {
  /** Names of the columns of numbers, all different, none empty. Those of text are {@link texts}. */
  readonly columns: readonly string[];
  /** Number of rows, 0 or more. */
  readonly rows: number;
  /** Row-major, `rows * columns.length`. */
  readonly values: Float64Array;
  /** The columns of text, which have no place in {@link values}; absent where there are none. */
  readonly texts?: readonly TextColumn[] | undefined;
  /** What became of each column of the source, in its order: those of text, which have no values here, too. */
  readonly records: readonly ColumnRecord[];
  /** What a reader of the table should know of how it was read, such as a first line that may be data. */
  readonly remarks?: readonly string[] | undefined;
  /** Of a batch, how many rows of its table come before it (default 0): messages and random draws count its rows from there. */
  readonly rowsBefore?: number | undefined;
}

/** How to make a table of what came in place of one. */
export function tableRemedy(value: unknown): string {
  if (typeof value === "string") return `readTable(${JSON.stringify(value.slice(0, 40))}) reads a file`;
  if (value instanceof Promise) return "";
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (typeof first === "object" && first !== null && !("length" in first))
    return "tableFromObjects(rows) makes one";
  if (
    Object.prototype.toString.call(value) === "[object Object]" &&
    Object.values(value!).every(Array.isArray)
  )
    return "tableFromColumns(columns) makes one";
  return 'tableFromRows(["x", "y"], rows) makes one of numbers';
}

/**
 * Checks that a value is a table, and whole: an array that was moved to another thread is empty.
 * @throws UsageError for what is not a table, {@link ShapeError} for one whose parts do not fit.
 */
export function checkTable(where: string, value: unknown): asserts value is Table {
  const table = value as Partial<Table> | null;
  const isTable =
    typeof table === "object" &&
    table !== null &&
    Array.isArray(table.columns) &&
    table.values instanceof Float64Array &&
    Number.isSafeInteger(table.rows) &&
    Array.isArray(table.records ?? []) &&
    Array.isArray(table.texts ?? []);
  if (!isTable)
    refuse(where, "table", "a table as readTable or tableFromRows gives it", value, tableRemedy(value));
  const { rows, columns, values } = table as Table;
  const checkLength = (what: string, received: number, expected: number, unit: string): void => {
    if (received === expected) return;
    const problem = `${what} ${received} ${unit}`;
    const facts = { where, problem, expected: `${expected} ${unit}`, received: `${received} ${unit}` };
    throw new ShapeError({ ...facts, remedy: "were they moved to another thread, or changed?" });
  };
  const width = columns.length;
  checkLength(`the table has ${rows} rows of ${width} columns, but`, values.length, rows * width, "values");
  for (const { name, codes } of (table as Table).texts ?? [])
    checkLength(`the table has ${rows} rows, but column "${name}" has`, codes.length, rows, "cells");
}

/**
 * A table from columns of numbers, in their order: an object of arrays, or pairs of a name and an array.
 * Values are copied. Text, dates and truth values go through `tableFromObjects`.
 *
 * @throws ShapeError if the lengths differ.
 * @throws DataError if a name is empty or used twice, there is no column, or a value is not a number.
 * @example tableFromColumns({ height: [1.7, 1.8], weight: [70, 81] })
 */
export function tableFromColumns(
  columns: Readonly<Record<string, ArrayLike<number>>> | Iterable<readonly [string, ArrayLike<number>]>,
): Table {
  if (typeof columns !== "object" || columns === null)
    refuse(
      "tableFromColumns",
      "columns",
      "an object of arrays, or pairs of a name and an array",
      columns,
      "such as { height: [1.7, 1.8] }",
    );
  const isPairs = (value: typeof columns): value is Iterable<readonly [string, ArrayLike<number>]> =>
    Symbol.iterator in value;
  const entries = isPairs(columns) ? [...columns] : Object.entries(columns);
  for (const entry of entries) {
    if (!Array.isArray(entry)) refuse("tableFromColumns", "columns", "pairs of a name and an array", columns);
    checkNumbers("tableFromColumns", `column ${describeValue(entry[0])}`, entry[1]);
  }
  const names = entries.map(([name]) => name);
  if (names.length === 0)
    throw new DataError({
      where: "tableFromColumns",
      problem: "a table needs at least one column",
      expected: "at least one column",
      received: "none",
    });
  checkColumnNames(names);
  const rows = entries[0]![1].length;
  const values = new Float64Array(rows * names.length);
  entries.forEach(([name, cells], columnIndex) => {
    if (cells.length !== rows) {
      throw new ShapeError({
        where: "tableFromColumns",
        problem: `column "${name}" has ${cells.length} rows, "${names[0]}" has ${rows}`,
        expected: `${rows} numbers, as in "${names[0]}"`,
        received: `${cells.length}`,
        remedy: "columns must be equally long",
      });
    }
    for (let row = 0; row < rows; row++) values[row * names.length + columnIndex] = cells[row]!;
  });
  return { columns: names, rows, values, records: names.map(numbersRecord) };
}

/**
 * A table from row-major values. A Float64Array becomes the table's own memory, uncopied; rows that are
 * arrays are copied.
 *
 * @param columns - One name per column.
 * @param values - `rows * columns.length` numbers, or an array of rows.
 * @throws ShapeError if the values do not fill whole rows.
 * @throws DataError if a name is empty or used twice, or there is no column.
 * @example tableFromRows(["x", "y"], [[1, 2], [3, 4]])
 */
export function tableFromRows(
  columns: readonly string[],
  values: Float64Array | readonly ArrayLike<number>[],
): Table {
  checkArgument("tableFromRows", "columns", columns, listOfNames);
  const width = columns.length;
  if (width === 0)
    throw new DataError({
      where: "tableFromRows",
      problem: "a table needs at least one column",
      expected: "at least one column",
      received: "none",
    });
  checkColumnNames(columns);
  if (!Array.isArray(values) && !(values instanceof Float64Array))
    refuse("tableFromRows", "values", "a Float64Array, row after row, or an array of rows", values);
  if (values instanceof Float64Array) {
    if (values.length % width !== 0) {
      throw new ShapeError({
        where: "tableFromRows",
        problem: `${values.length} values do not fill whole rows of ${width} columns`,
        expected: `a multiple of ${width} values`,
        received: `${values.length}`,
      });
    }
    return {
      columns: [...columns],
      rows: values.length / width,
      values,
      records: columns.map(numbersRecord),
    };
  }
  const flat = new Float64Array(values.length * width);
  values.forEach((row, index) => {
    checkNumbers("tableFromRows", `row ${index + 1}`, row);
    if (row.length !== width) {
      throw new ShapeError({
        where: "tableFromRows",
        subject: `row ${index + 1}`,
        expected: `${width} numbers, one per column`,
        received: `${row.length}`,
      });
    }
    flat.set(row, index * width);
  });
  return { columns: [...columns], rows: values.length, values: flat, records: columns.map(numbersRecord) };
}

/**
 * Refuses what are not numbers: text would become NaN without a word, and null 0.
 * @throws UsageError, or {@link DataError} for an element.
 */
function checkNumbers(where: string, name: string, values: unknown): void {
  if (Array.isArray(values)) {
    const wrong = values.findIndex((value) => typeof value !== "number");
    if (wrong >= 0)
      throw new DataError({
        where,
        problem: `${name}, element ${wrong + 1}: ${describeValue(values[wrong])} is not a number`,
        expected: "a number",
        received: describeValue(values[wrong]),
        remedy:
          typeof values[wrong] === "string"
            ? "tableFromObjects(rows) makes a table of text and numbers"
            : "write NaN where a value is missing",
      });
  } else checkArgument(where, name, values, numbers);
}

/** What is wrong with a column that has no values, in one line with the remedy. */
function noValuesError({ name, leftOut }: ColumnRecord, further = ""): DataError {
  const { row, reason, remedy } = leftOut!;
  return new DataError(
    {
      where: placeOf(name, row),
      problem: reason,
      expected: "a column of numbers",
      received: reason,
      remedy: `${remedy}${further}`,
    },
    {
      column: name,
      ...(row === undefined ? {} : { row }),
    },
  );
}

/** Place of a column of numbers among `table.columns`. */
function columnIndex(table: Table, name: string): number {
  const index = table.columns.indexOf(name);
  if (index >= 0) return index;
  const record = table.records.find((column) => column.name === name);
  if (record?.leftOut) throw noValuesError(record);
  const all = allColumns(table);
  const closest = closestName(name, all);
  const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
  throw new DataError(
    {
      problem: `there is no column "${name}"${guess}`,
      expected: "a column of the table",
      received: `"${name}"`,
      remedy: `the columns are: ${listNames(all)}`,
    },
    {
      column: name,
    },
  );
}

/** A column of a table with its cells. */
export type CellColumn =
  | {
      readonly name: string;
      /** Its place among {@link Table.columns}. */
      readonly place: number;
    }
  | { readonly name: string; readonly text: TextColumn };

/** The columns that have cells, of numbers and of text, in the order of the source. */
export function cellColumns(table: Table): readonly CellColumn[] {
  const numbers = table.columns.map((name, place): CellColumn => ({ name, place }));
  const texts = (table.texts ?? []).map((text): CellColumn => ({ name: text.name, text }));
  const order = new Map(table.records.map(({ name }, place) => [name, place]));
  const placeIn = ({ name }: CellColumn): number => order.get(name) ?? order.size;
  return texts.length === 0 ? numbers : [...numbers, ...texts].sort((a, b) => placeIn(a) - placeIn(b));
}

/** All columns of a table's source, those of text too. */
export function allColumns(table: Table): readonly string[] {
  checkTable("allColumns", table);
  const named = table.records.map(({ name }) => name);
  return named.length > 0 ? named : table.columns;
}

/**
 * The values of one column, copied.
 *
 * @throws DataError if there is no such column (the message lists those there are and the closest one), or
 *   it holds text (the message names the first cell that is not a number).
 */
export function column(table: Table, name: string): Float64Array {
  checkTable("column", table);
  checkArgument("column", "name", name, text);
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
  checkTable("selectColumns", table);
  checkArgument("selectColumns", "names", names, listOfNames);
  if (names.length === 0)
    throw new DataError({
      where: "selectColumns",
      subject: "names",
      expected: "at least one name",
      received: "none",
    });
  const indices = names.map((name) => columnIndex(table, name));
  checkColumnNames(names);
  const width = table.columns.length;
  const values = new Float64Array(table.rows * names.length);
  for (let row = 0, at = 0; row < table.rows; row++) {
    for (const index of indices) values[at++] = table.values[row * width + index]!;
  }
  const records = names.map(
    (name) => table.records.find((record) => record.name === name) ?? numbersRecord(name),
  );
  return { columns: [...names], rows: table.rows, values, records };
}

/** Kinds of columns that are refused where none are chosen: leaving them out would hide a slip in the file. */
const refusedKinds = ["mixed", "unlike", "ambiguous"];

/** `, or leave the column out with `columns: ["x", "y"]``, where there are other columns. */
function leavingOut(columns: readonly string[]): string {
  if (columns.length === 0) return "";
  return `, or leave the column out with ${columns.length <= 6 ? optionText("columns", columns) : optionText("columns")}`;
}

/**
 * Refuses a column whose cells look like a slip, where nobody has said what it is.
 * @param others - Columns that are left without it.
 * @throws DataError that names its first such cell.
 */
export function checkNoSlip(record: ColumnRecord, others: readonly string[]): void {
  if (record.leftOut && refusedKinds.includes(record.leftOut.kind))
    throw noValuesError(record, leavingOut(others));
}

/**
 * Names of the columns that are used where none are chosen: those of numbers. A column that is text, has no values, or
 * holds numbers of rows is left out ({@link leftOutColumns} says so); one that mixes numbers and text, or holds numbers
 * that can be read in two ways, is an error, because leaving it out would hide a slip in the file.
 *
 * @throws DataError for such a column, naming its first cell that is not a number; or if no column is left.
 */
export function numericColumns(table: Table): readonly string[] {
  const leftOut = table.records.filter((record) => record.leftOut);
  const names = table.columns.filter((name) => !leftOut.some((record) => record.name === name));
  for (const record of leftOut) checkNoSlip(record, names);
  if (names.length === 0) {
    const first = leftOut[0];
    if (first?.leftOut?.kind === "row-numbers" && leftOut.length === 1)
      throw new DataError({
        problem: `no column holds numbers but "${first.name}", which counts the rows`,
        expected: "a column of numbers",
        received: `"${first.name}" alone`,
        remedy: `name it in ${optionText("columns")}`,
      });
    const { row, cell } = first?.leftOut ?? {};
    const sample =
      cell === undefined
        ? undefined
        : `column "${first!.name}" ${row === 1 ? "starts with" : `has in row ${row}`} ${quoteCell(cell)}`;
    throw new DataError({
      problem: "no column holds numbers",
      expected: "a column of numbers",
      received: "none",
      remedy: sample,
    });
  }
  return names;
}

/**
 * The columns that {@link numericColumns} leaves out, with the reason and the remedy, in the source's order.
 *
 * @param but columns that are used otherwise.
 */
export function leftOutColumns(table: Table, but: readonly string[] = []): readonly LeftOutColumn[] {
  return table.records.flatMap(({ name, leftOut }) =>
    leftOut && !but.includes(name) ? [{ column: name, ...leftOut }] : [],
  );
}
