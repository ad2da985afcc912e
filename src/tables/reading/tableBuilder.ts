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
import { type Pieces, stride } from "../../platform/pieces.ts";
import type { ColumnPlan } from "../batches/columnPlan.ts";
import { checkColumnNames } from "../columnNames.ts";
import { type ColumnParse, type ColumnRecord, checkColumnParse, type LeftOut } from "../columnRecord.ts";
import type { Table } from "../table.ts";
import type { TextColumn } from "../textColumn.ts";
import type { MissingMarks } from "./cell.ts";
import { GrowingColumn } from "./growingColumn.ts";

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

/** How a table is built. */
export interface TableBuilderOptions {
  /** What the columns turned out to be when the same cells were set before: then all of them are there. */
  readonly plans?: readonly ColumnPlan[] | undefined;
  /** Whether all rows of the table will be in memory together (default: where there are no plans). */
  readonly isWhole?: boolean | undefined;
}

/**
 * Collects rows; `building` makes the table. Cells of a row that are not set are missing. Setting a column's cell
 * n times before `endRow(n)` sets n rows of it, for sources that come by columns.
 *
 * Of a table that is not to be in memory at once, all cells are set twice: first to a builder that is told to `forget` them block by
 * block, and says what the columns are (`plans`); then to one with these plans, which gives each block of rows (`take`).
 */
export class TableBuilder {
  readonly #columns: GrowingColumn[] = [];
  readonly #parses: ReadonlyMap<string, readonly ColumnParse[]>;
  readonly #marks: MissingMarks | undefined;
  readonly #limits: CheckedLimits;
  readonly #leftOut = new Map<number, LeftOut>();
  readonly #stored = new Map<number, StoredType>();
  readonly #plans: readonly ColumnPlan[] | undefined;
  /** Whether all rows of the table are in memory together. */
  readonly isWhole: boolean;
  #rows = 0;
  /** Rows of earlier blocks. */
  #firstRow = 0;

  /**
   * @throws DataError if a name is empty or used twice.
   * @throws FormatError for more columns than the limit.
   * @throws UsageError for a kind of `parse` that there is not.
   */
  constructor(
    names: readonly string[],
    reading: CellReading = {},
    { plans, isWhole = plans === undefined }: TableBuilderOptions = {},
  ) {
    this.isWhole = isWhole;
    checkColumnNames(names);
    this.#parses = columnParses(reading);
    this.#marks = missingMarksOf(reading.missingMarks);
    this.#limits = checkLimits(reading.limits);
    this.#plans = plans;
    for (const name of plans ? plans.map(({ record }) => record.name) : names) this.addColumn(name);
  }

  /** Rows that are complete. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds a column whose cells so far are missing; returns its place. */
  addColumn(name: string): number {
    checkLimit("the table", this.#limits, "columns", this.#columns.length + 1);
    const place = this.#columns.length;
    const [asked, plan] = [this.#parses.get(name), this.#plans?.[place]];
    this.#columns.push(new GrowingColumn(name, asked, this.#marks, this.#firstRow, plan));
    return place;
  }

  /** Names of the columns so far. */
  get names(): readonly string[] {
    return this.#columns.map(({ name }) => name);
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

  /** Sets the cells of the column from the current row on, as {@link setNumber} does one by one. */
  *setNumbers(place: number, values: Float64Array): Pieces<void> {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    for (let from = 0; from < values.length; from += stride) {
      column.numbers(values.subarray(from, from + stride));
      yield;
    }
  }

  /**
   * Leaves out `rows` numbers of a column from the current row on, where only what the columns are is to be found out, and they would say
   * nothing new of it. Returns whether it does so: then the source need not read them.
   */
  skipNumbers(place: number, rows: number): boolean {
    return !this.isWhole && !this.#plans && this.#columns[place]!.skipNumbers(rows);
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
    const cells = (this.#rows - this.#firstRow) * this.#columns.length;
    if (cells > this.#limits.cells) checkLimit("the table", this.#limits, "cells", cells);
  }

  /** Rows of the blocks that were taken, given up or passed: those before the rows at hand. */
  get rowsBefore(): number {
    return this.#firstRow;
  }

  /** Passes rows whose cells are not wanted, where no row is at hand: the next one is behind them. */
  passRows(count: number): void {
    for (const column of this.#columns) {
      column.fillTo(this.#rows);
      column.pass(count);
    }
    this.#rows += count;
    this.#firstRow = this.#rows;
  }

  /** Gives up the rows so far; what they say of the columns stays known. */
  forget(): void {
    for (const column of this.#columns) {
      column.fillTo(this.#rows);
      column.forget();
    }
    this.#firstRow = this.#rows;
  }

  /**
   * What the columns are, by all rows.
   *
   * @throws UsageError if `parse` names a column that there is not.
   */
  plans(): readonly ColumnPlan[] {
    checkParsedNames([...this.#parses.keys()], this.names);
    for (const column of this.#columns) column.fillTo(this.#rows);
    const plans = this.#columns.map((column) => column.plan());
    const comma = plans.find(({ record }) => record.parse.includes("decimal-comma"))?.record;
    return plans.map((plan, place): ColumnPlan => {
      const { name, leftOut: why } = plan.record;
      // Beside decimal commas a column of numbers like 1.234 alone may hold thousands.
      const point = comma ? this.#columns[place]!.likeThousands : undefined;
      const isDoubtful = point !== undefined && plan.reading !== "none" && !why;
      const [leftOut, stored] = [this.#leftOut.get(place), this.#stored.get(place)];
      const record = {
        ...(isDoubtful ? pointsBesideCommas(name, point, comma!) : plan.record),
        ...(stored ? { stored } : {}),
        ...(leftOut ? { leftOut } : {}),
      };
      return isDoubtful
        ? { record, reading: "none", writtenFrom: Number.POSITIVE_INFINITY, words: undefined }
        : { ...plan, record };
    });
  }

  /** The rows since the last block, by the plans, in tables of up to so many; their memory is used again. */
  *take(most: number): Generator<Table> {
    const plans = this.#plans!;
    const rows = this.#rows - this.#firstRow;
    const blocks = this.#columns.map((column, place) => {
      column.fillTo(this.#rows);
      return column.take(plans[place]!);
    });
    this.#firstRow = this.#rows;
    const columns = plans.flatMap(({ record, reading }) => (reading === "none" ? [] : [record.name]));
    const texts = blocks.flatMap((block) => ("text" in block ? [block.text] : []));
    const numbers = blocks.flatMap((block) => ("values" in block ? [block.values] : []));
    const records = plans.map(({ record }) => record);
    for (let from = 0; from < rows; from += most) {
      const to = Math.min(rows, from + most);
      const values = new Float64Array((to - from) * columns.length);
      for (const [place, cells] of numbers.entries())
        setColumn(values, columns.length, place, cells.subarray(from, to));
      const cut = texts.map((text) => ({ ...text, codes: text.codes.subarray(from, to) }));
      yield { columns, rows: to - from, values, records, ...(texts.length > 0 ? { texts: cut } : {}) };
    }
  }

  /**
   * The table, in pieces. The builder's memory is given up column by column; do not use it afterwards.
   *
   * @throws UsageError if `parse` names a column that there is not.
   */
  *building(): Pieces<Table> {
    const plans = this.plans();
    const rows = this.#rows - this.#firstRow;
    const isNumbers = plans.map(({ reading }) => reading !== "none");
    const width = isNumbers.filter(Boolean).length;
    const values = new Float64Array(rows * width);
    const texts: TextColumn[] = [];
    let numbers = 0;
    for (const plan of plans) {
      // The table is the larger part of the memory.
      const column = this.#columns.shift()!;
      column.fillTo(this.#rows);
      const block = column.take(plan);
      yield;
      if ("text" in block) {
        texts.push(block.text);
        continue;
      }
      const cells = block.values;
      const first = numbers++;
      for (let from = 0; from < rows; from += stride) {
        setColumn(
          values.subarray(from * width),
          width,
          first,
          cells.subarray(from, Math.min(rows, from + stride)),
        );
        yield;
      }
    }
    return {
      columns: plans.flatMap(({ record }, place) => (isNumbers[place] ? [record.name] : [])),
      rows,
      values,
      records: plans.map(({ record }) => record),
      ...(texts.length > 0 ? { texts } : {}),
    };
  }
}

/** Sets a column of a row-major matrix. */
function setColumn(values: Float64Array, width: number, place: number, cells: Float64Array): void {
  for (let row = 0, at = place; row < cells.length; row++, at += width) values[at] = cells[row]!;
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
