/**
 * Cells of a table as numbers, by what its columns are, and back.
 *
 * A level is its place from 0, false 0 and true 1; a moment its milliseconds since 1970 UTC, a time of day its seconds since
 * midnight; a missing cell NaN. What is not a level of the column is {@link unknownLevel}.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { badCell, DataError } from "../../errors.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { type ColumnRecord, numbersRecord } from "../columnRecord.ts";
import { quoteCell } from "../reading/cell.ts";
import { decimalOfSingle, decimalsOfColumn, roundedToSingle } from "../recording/singlePrecision.ts";
import { type CellColumn, cellColumns, type Table, tableFromColumns } from "../table.ts";
import { GrowingText, type TextColumn, textAt } from "../textColumn.ts";
import type { ColumnSchema } from "./columnSchema.ts";
import { momentOf, momentText, secondsOfDay, secondsText } from "./dateTimes.ts";

/** The number of a level that the column does not have. */
export const unknownLevel = -1;

/** Cells of some columns, an array for each. */
export interface Cells {
  readonly cells: readonly Float64Array[];
  /** Levels that are none of the column's: the first of each column, and its row from 1. */
  readonly unknown: readonly { readonly column: string; readonly level: string; readonly row: number }[];
  /** A cell as the table has it: of a column, by its place in the schema, and a row from 0. */
  textAt(column: number, row: number): string;
}

const hasLevels = ({ kind }: ColumnSchema): boolean =>
  kind === "categorical" || kind === "ordinal" || kind === "boolean";

/** The place of a level by its text and by its number. */
function levelPlaces({ kind, levels = [] }: ColumnSchema): (level: string | number) => number {
  const places = new Map<string | number, number>();
  // Truth values are 0 and 1 in a table of numbers, whatever the words for them are.
  if (kind === "boolean" && levels.every((level) => Number.isNaN(Number(level))))
    for (const truth of [0, 1]) places.set(truth, truth).set(String(truth), truth);
  levels.forEach((level, place) => {
    places.set(level, place);
    // A level is the same whether a table has it as text or as a number.
    if (!places.has(String(level))) places.set(String(level), place);
    if (typeof level === "string" && level.trim() !== "" && !places.has(Number(level)))
      places.set(Number(level), place);
  });
  return (level) => places.get(level) ?? unknownLevel;
}

/** The number that a text of a column stands for; undefined where it stands for none. */
function numberOf(schema: ColumnSchema, text: string): number | undefined {
  const { kind, written } = schema;
  if (kind === "date-time") {
    const order = written === undefined || written === "time-of-day" ? "year-month-day" : written;
    // What is written here is ISO 8601, whatever the table of the fit had.
    return momentOf(text, order) ?? momentOf(text, "year-month-day");
  }
  if (kind === "angle" && written === "time-of-day") return secondsOfDay(text);
  return undefined;
}

function cellsOfText(schema: ColumnSchema, column: TextColumn, name: string): Float64Array {
  if (hasLevels(schema)) {
    const place = levelPlaces(schema);
    const codes = column.levels.map(place);
    return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : codes[code]!));
  }
  const numbers = column.levels.map((level) => numberOf(schema, level));
  return Float64Array.from(column.codes, (code, row) => {
    if (code < 0) return Number.NaN;
    const number = numbers[code];
    if (number === undefined) {
      const isDate = schema.kind === "date-time";
      // Numbers that stand beside a text were read as text, too: they are not what is wrong.
      const strange = column.codes.findIndex((each) => each >= 0 && Number.isNaN(+column.levels[each]!));
      const culprit = isDate || strange < 0 ? row : strange;
      const expected = isDate ? "a date" : "a number";
      const received = quoteCell(column.levels[column.codes[culprit]!]!);
      throw badCell(name, culprit + 1, {
        problem: `${received} is not ${expected}, as the column's kind, ${schema.kind}, says`,
        expected,
        received,
        remedy: "mend the cell, or give the column another kind",
      });
    }
    return number;
  });
}

/** The decimals of a column that single precision has rounded; any other column as it is. */
export function unrounded(schema: ColumnSchema, values: Float64Array): Float64Array {
  if (schema.rounded === undefined) return values;
  const decimals = decimalsOfColumn(schema);
  return values.map((value) => decimalOfSingle(value, decimals));
}

function cellsOfNumbers(schema: ColumnSchema, values: Float64Array, isBooleans: boolean): Float64Array {
  if (schema.rounded !== undefined) return unrounded(schema, values);
  if (!hasLevels(schema) || (schema.kind === "boolean" && isBooleans)) return values;
  const place = levelPlaces(schema);
  return values.map((value) => (Number.isNaN(value) ? value : place(value + 0)));
}

/** The values of a column of numbers. */
function valuesOf(table: Table, place: number): Float64Array {
  const width = table.columns.length;
  return Float64Array.from({ length: table.rows }, (_, row) => table.values[row * width + place]!);
}

/** A cell as a table has it; the empty text where it is missing. */
function cellText(table: Table, column: CellColumn, row: number): string {
  if ("text" in column) return textAt(column.text, row) ?? "";
  return String(table.values[row * table.columns.length + column.place]!);
}

/**
 * The cells of a table's columns, an array for each of the schema's.
 * @throws {@link DataError} for a column that is not there, or a text that stands for no number of its kind.
 */
export function cellsOf(table: Table, schema: readonly ColumnSchema[]): Cells {
  const columns = new Map(cellColumns(table).map((column): [string, CellColumn] => [column.name, column]));
  const unknown: { column: string; level: string; row: number }[] = [];
  const sources: CellColumn[] = [];
  const cells = schema.map((columnSchema) => {
    const column = columns.get(columnSchema.name);
    if (!column) {
      const names = [...columns.keys()];
      const closest = closestName(columnSchema.name, names);
      const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
      throw new DataError(
        {
          problem: `there is no column "${columnSchema.name}"${guess}`,
          expected: `a column "${columnSchema.name}"`,
          received: "none",
          remedy: `the columns are: ${listNames(names)}`,
        },
        { column: columnSchema.name },
      );
    }
    const isBooleans = table.records.find(({ name }) => name === columnSchema.name)?.readAs === "booleans";
    const numbers =
      "text" in column
        ? cellsOfText(columnSchema, column.text, columnSchema.name)
        : cellsOfNumbers(columnSchema, valuesOf(table, column.place), isBooleans);
    const row = hasLevels(columnSchema) ? numbers.indexOf(unknownLevel) : -1;
    sources.push(column);
    if (row >= 0)
      unknown.push({ column: columnSchema.name, level: cellText(table, column, row), row: row + 1 });
    return numbers;
  });
  return { cells, unknown, textAt: (place, row) => cellText(table, sources[place]!, row) };
}

/** How the numbers of a column are written; undefined where they are numbers in a table, too. */
function writer(schema: ColumnSchema): ((cell: number) => string) | undefined {
  const { kind, step = 1, levels = [], written } = schema;
  if (hasLevels(schema))
    return levels.some((level) => typeof level === "string") ? (cell) => String(levels[cell]!) : undefined;
  if (kind === "date-time") return (cell) => momentText(cell, step);
  return kind === "angle" && written === "time-of-day" ? (cell) => secondsText(cell, step) : undefined;
}

/** What a column of a kind is stored as in typed files; undefined for numbers and texts as they are. */
function storedAs({ kind, step = 1, levels, written }: ColumnSchema): StoredType | undefined {
  if (kind === "integer" && Number.isInteger(step)) return { type: "integer", bits: 64, signed: true };
  if (kind === "date-time")
    return step % 86_400_000 === 0 ? { type: "date" } : { type: "timestamp", unit: "ms" };
  if (kind === "angle" && written === "time-of-day") return { type: "time", unit: "ms" };
  const isTruth = kind === "boolean" && /^false,true$/i.test(String(levels));
  return isTruth ? { type: "boolean" } : undefined;
}

/** An angle in the turn that the column has: from its lower end on. */
function wrapped({ lower = 0, period = 360 }: ColumnSchema, cell: number): number {
  const turns = (cell - lower) / period;
  const place = cell - period * Math.floor(turns);
  // Rounding may give the upper end itself.
  return place >= lower + period ? lower : place;
}

/**
 * Cells with the decimals with which their columns are written; a value that rounding would take to a bound stays inside.
 * @param cells - An array for each column of the schema.
 */
export function writtenCells(
  schema: readonly ColumnSchema[],
  cells: readonly Float64Array[],
): Float64Array[] {
  return schema.map(({ decimals, lower, upper, atoms }, i) => {
    if (decimals === undefined) return cells[i]!;
    const rounded = (cell: number): number => Number(cell.toFixed(decimals)) + 0;
    const last = 10 ** -decimals;
    return cells[i]!.map((cell) => {
      // From 1e21 on a number is whole, and `toFixed` writes an exponent.
      if (Number.isNaN(cell) || Math.abs(cell) >= 1e21) return cell;
      const value = rounded(cell);
      if (value === cell || atoms?.includes(value)) return value;
      if (value === lower) return rounded(value + last);
      return value === upper ? rounded(value - last) : value;
    });
  });
}

/** A table of cells, in the order of the schema: the way back from {@link cellsOf}. */
export function tableOfCells(schema: readonly ColumnSchema[], cells: readonly Float64Array[]): Table {
  const rows = cells[0]!.length;
  const texts: TextColumn[] = [];
  const numbers: [string, Float64Array][] = [];
  schema.forEach((column, i) => {
    const write = writer(column);
    const turned = column.kind === "angle" ? cells[i]!.map((cell) => wrapped(column, cell)) : cells[i]!;
    const { rounded } = column;
    const values = rounded === undefined ? turned : turned.map((cell) => roundedToSingle(cell, rounded));
    if (!write) {
      const { levels } = column;
      numbers.push([
        column.name,
        levels && hasLevels(column) ? values.map((cell) => (levels[cell] as number) ?? cell) : values,
      ]);
      return;
    }
    const written = new GrowingText(rows);
    for (const cell of values) written.push(Number.isNaN(cell) ? undefined : write(cell));
    texts.push(written.finish(column.name));
  });
  const records = schema.map((column): ColumnRecord => {
    const { name } = column;
    const record = texts.some((text) => text.name === name)
      ? { name, readAs: "text" as const, parse: [] }
      : numbersRecord(name);
    const stored = storedAs(column);
    return stored ? { ...record, stored } : record;
  });
  const table =
    numbers.length > 0 ? tableFromColumns(numbers) : { columns: [], rows, values: new Float64Array(0) };
  return { ...table, records, ...(texts.length > 0 ? { texts } : {}) };
}
