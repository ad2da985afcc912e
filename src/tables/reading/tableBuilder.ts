/**
 * Builds a table cell by cell, as readers meet them: columns of numbers in growing typed arrays, no object a
 * row; columns that turn out to hold text keep the number of each row's text in a list of the different ones.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { type CheckedLimits, checkLimit, checkLimits, type ReadLimits } from "../../formats/limits.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { optionText } from "../../optionText.ts";
import { each, inOnePiece, type Pieces } from "../../platform/pieces.ts";
import { checkColumnNames } from "../columnNames.ts";
import { type ColumnParse, type ColumnRecord, checkColumnParse, type LeftOut } from "../columnRecord.ts";
import type { Table } from "../table.ts";
import { GrowingText, type TextColumn } from "../textColumn.ts";
import { type FinishedColumn, GrowingColumn, type MissingMarks } from "./growingColumn.ts";

/** How cells are to be read. */
export interface CellReading {
  /** What is known of the cells of columns, by name; what is not is found out. */
  readonly parse?: Readonly<Record<string, ColumnParse | readonly ColumnParse[]>> | undefined;
  /** Marks of missing values beside the usual ones, such as `?`. */
  readonly missingMarks?: readonly string[] | undefined;
  /** What the source may have, or claim, at most. */
  readonly limits?: ReadLimits | undefined;
}

/** The marks of missing values as columns look for them; undefined where there are none. */
export function missingMarksOf(marks: readonly string[] | undefined): MissingMarks | undefined {
  if (marks === undefined || marks.length === 0) return undefined;
  const texts = new Set(marks.map((mark) => mark.trim()));
  const numbers = [...texts].filter((mark) => mark !== "").map(Number);
  return { texts, numbers: new Set(numbers.filter((value) => !Number.isNaN(value))) };
}

/** What is known of columns, checked; each list holds at least one kind. */
export function columnParses({ parse }: CellReading): ReadonlyMap<string, readonly ColumnParse[]> {
  const parsesByColumn = new Map<string, readonly ColumnParse[]>();
  for (const [name, kinds] of Object.entries(parse ?? {}))
    parsesByColumn.set(name, checkColumnParse(name, typeof kinds === "string" ? [kinds] : kinds));
  return parsesByColumn;
}

/** Numbers as they would be written. */
function writtenNumbers(name: string, values: Float64Array): TextColumn {
  const written = new GrowingText(values.length);
  for (const value of values) written.push(Number.isNaN(value) ? undefined : String(value));
  return written.finish(name);
}

/** The record of a column whose points may be decimal points, or stand between thousands as in a table with decimal commas. */
function pointsBesideCommas(name: string, value: number, comma: ColumnRecord): ColumnRecord {
  const cell = value.toFixed(3);
  const remedy = ["decimal-comma", "decimal-point"].map((kind) => optionText("parse", { [name]: kind }));
  return {
    name,
    readAs: "text",
    parse: [],
    leftOut: {
      kind: "ambiguous",
      cell,
      reason:
        `${cell} may be ${1000 * value} or ${value}, since column "${comma.name}" has decimal commas ` +
        `(${comma.example ? JSON.stringify(comma.example.cell) : "asked for"})`,
      remedy: `pass ${remedy.join(" or ")}`,
    },
  };
}

/**
 * Collects rows; `build` makes the table. Cells of a row that are not set are missing. Setting a column's cell
 * n times before `endRow(n)` sets n rows of it, for sources that come by columns.
 */
export class TableBuilder {
  readonly #columns: GrowingColumn[] = [];
  readonly #parses: ReadonlyMap<string, readonly ColumnParse[]>;
  readonly #marks: MissingMarks | undefined;
  readonly #limits: CheckedLimits;
  readonly #leftOut = new Map<number, LeftOut>();
  readonly #stored = new Map<number, StoredType>();
  #rows = 0;

  /**
   * @throws DataError if a name is empty or used twice.
   * @throws FormatError for more columns than the limit.
   * @throws UsageError for a kind of `parse` that there is not.
   */
  constructor(names: readonly string[], reading: CellReading = {}) {
    checkColumnNames(names);
    this.#parses = columnParses(reading);
    this.#marks = missingMarksOf(reading.missingMarks);
    this.#limits = checkLimits(reading.limits);
    for (const name of names) this.addColumn(name);
  }

  /** Rows that are complete. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds a column whose cells so far are missing; returns its place. */
  addColumn(name: string): number {
    checkLimit("the table", this.#limits, "columns", this.#columns.length + 1);
    return (
      this.#columns.push(new GrowingColumn(name, { parse: this.#parses.get(name), marks: this.#marks })) - 1
    );
  }

  /** Sets the current row's cell in the column at `place` from text. */
  setCell(place: number, cell: string): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.read(cell);
  }

  /** Sets the current row's cell to a number; NaN is a missing value. */
  setNumber(place: number, value: number): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.number(value);
  }

  /** Sets the current row's cell to a truth value: 1 or 0. */
  setBoolean(place: number, value: boolean): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.boolean(value);
  }

  /** Sets the current row's cell to text that is not a number. */
  setText(place: number, text: string): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.text(text);
  }

  /** Sets the current row's cell to a string of a typed source; see {@link GrowingColumn.string}. */
  setString(place: number, cell: string): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.string(cell);
  }

  /** Says what the source stores a column as, where it is not what numbers and texts are anyway: doubles and texts. */
  store(place: number, stored: StoredType): void {
    this.#stored.set(place, stored);
  }

  /** Leaves a column out where none are chosen, for a reason that its cells do not show. */
  leaveOut(place: number, leftOut: LeftOut): void {
    this.#leftOut.set(place, leftOut);
  }

  /** Closes the current row; `count` closes further rows that are missing throughout. */
  endRow(count: number = 1): void {
    this.#rows += count;
    // Keys of JSON that stand in one line each make a table of many more cells than the file has characters.
    const cells = this.#rows * this.#columns.length;
    if (cells > this.#limits.cells) checkLimit("the table", this.#limits, "cells", cells);
  }

  /**
   * The table. The builder's memory is given up column by column; do not use it afterwards.
   *
   * @throws UsageError if `parse` names a column that there is not.
   */
  build(): Table {
    return inOnePiece(this.building());
  }

  /** {@link build}, in pieces. */
  *building(): Pieces<Table> {
    const rows = this.#rows;
    const names = this.#columns.map(({ name }) => name);
    checkParsedNames([...this.#parses.keys()], names);
    for (const column of this.#columns) column.fillTo(rows);
    const points = this.#columns.map((column) => column.likeThousands);
    const finished: FinishedColumn[] = [];
    for (const column of this.#columns) {
      finished.push(column.finish());
      yield;
    }
    const comma = finished.find(({ record }) => record.parse.includes("decimal-comma"))?.record;
    // Beside decimal commas a column of numbers like 1.234 alone may hold thousands.
    if (comma)
      points.forEach((value, place) => {
        const column = finished[place]!;
        if (value === undefined || !column.values || column.record.leftOut) return;
        finished[place] = {
          record: pointsBesideCommas(column.record.name, value, comma),
          values: undefined,
          text: writtenNumbers(column.record.name, column.values.subarray(0, rows)),
        };
      });
    const records: ColumnRecord[] = finished.map(({ record }, place) => {
      const leftOut = this.#leftOut.get(place);
      const stored = this.#stored.get(place);
      return { ...record, ...(stored ? { stored } : {}), ...(leftOut ? { leftOut } : {}) };
    });
    const texts = finished.flatMap(({ text }) => text ?? []);
    const numeric = finished.filter(({ values }) => values);
    const width = numeric.length;
    const values = new Float64Array(rows * width);
    const columns = numeric.map(({ record }) => record.name);
    finished.length = 0;
    // One column after the other is given up: the table is the larger part of the memory.
    for (let place = 0; place < width; place++) {
      const cells = numeric.shift()!.values!;
      yield* each(rows, (row) => {
        values[row * width + place] = cells[row]!;
      });
    }
    return { columns, rows, values, records, ...(texts.length > 0 ? { texts } : {}) };
  }
}

/** A table of numbers as a builder would have read it: with marks of missing values, and columns that `parse` makes text. */
export function withReading(table: Table, reading: CellReading): Table {
  if (reading.parse === undefined && reading.missingMarks === undefined) return table;
  const builder = new TableBuilder(table.columns, reading);
  const width = table.columns.length;
  const parses = columnParses(reading);
  table.columns.forEach((name, place) => {
    const isText = parses.get(name)?.[0] === "text";
    for (let at = place; at < table.values.length; at += width) {
      if (isText) builder.setText(place, String(table.values[at]));
      else builder.setNumber(place, table.values[at]!);
    }
  });
  builder.endRow(table.rows);
  const builtTable = builder.build();
  const recordsByName = new Map(builtTable.records.map((record) => [record.name, record]));
  const missingNumbers = missingMarksOf(reading.missingMarks)?.numbers;
  const records = table.records.map((record) => {
    const column = recordsByName.get(record.name);
    // What was found out from the file stays: it is not to be seen from the numbers.
    const { rounded } = record;
    return column && rounded && !missingNumbers?.has(rounded.value)
      ? { ...column, rounded }
      : (column ?? record);
  });
  return { ...builtTable, records };
}

/** @throws UsageError for a name that no column has. */
export function checkParsedNames(parsed: readonly string[], names: readonly string[]): void {
  const unknown = parsed.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const closest = closestName(unknown, names);
  const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
  throw new UsageError({
    where: "readTable",
    problem: `parse: there is no column "${unknown}"${guess}`,
    expected: "a column of the file",
    received: `"${unknown}"`,
    remedy: `the columns are: ${listNames(names)}`,
  });
}
