/**
 * Builds a table cell by cell, as readers meet them: columns of numbers in growing typed arrays, no object a
 * row; columns that turn out to hold text keep their first text alone.
 *
 * @module
 */

import { parseCell } from "./cell.ts";
import { checkColumnNames, type Table, type TextColumn } from "./table.ts";

/** The cells of one column so far. Rows that were skipped are missing (NaN). */
class GrowingColumn {
  readonly name: string;
  values: Float64Array | undefined = new Float64Array(256);
  length = 0;
  numericCells = 0;
  textRow = 0;
  text = "";

  constructor(name: string) {
    this.name = name;
  }

  /** Makes rows `length .. rows - 1` missing. */
  fillTo(rows: number): void {
    if (rows <= this.length) return;
    if (this.values) {
      this.#reserve(rows);
      this.values.fill(Number.NaN, this.length, rows);
    }
    this.length = rows;
  }

  push(value: number): void {
    // A missing cell speaks neither for numbers nor for text.
    if (!Number.isNaN(value)) this.numericCells++;
    if (this.values) {
      this.#reserve(this.length + 1);
      this.values[this.length] = value;
    }
    this.length++;
  }

  pushText(text: string): void {
    this.length++;
    if (!this.values) return;
    this.values = undefined;
    this.textRow = this.length;
    this.text = text;
  }

  #reserve(length: number): void {
    const old = this.values!;
    if (length <= old.length) return;
    const grown = new Float64Array(Math.max(length, 2 * old.length));
    grown.set(old.subarray(0, this.length));
    this.values = grown;
  }
}

/**
 * Collects rows; `build` makes the table. Cells of a row that are not set are missing. Setting a column's cell
 * n times before `endRow(n)` sets n rows of it, for sources that come by columns.
 */
export class TableBuilder {
  readonly #columns: GrowingColumn[] = [];
  #rows = 0;

  /** @throws DataError if a name is empty or used twice. */
  constructor(names: readonly string[]) {
    checkColumnNames(names);
    for (const name of names) this.addColumn(name);
  }

  /** Rows that are complete. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds a column whose cells so far are missing; returns its place. */
  addColumn(name: string): number {
    return this.#columns.push(new GrowingColumn(name)) - 1;
  }

  /** Sets the current row's cell in the column at `place` from text. */
  setCell(place: number, cell: string): void {
    const value = parseCell(cell);
    if (value === undefined) this.setText(place, cell);
    else this.setNumber(place, value);
  }

  /** Sets the current row's cell to a number; NaN is a missing value. */
  setNumber(place: number, value: number): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.push(value);
  }

  /** Sets the current row's cell to text that is no number. */
  setText(place: number, text: string): void {
    const column = this.#columns[place]!;
    column.fillTo(this.#rows);
    column.pushText(text);
  }

  /** Closes the current row; `count` closes further rows that are missing throughout. */
  endRow(count: number = 1): void {
    this.#rows += count;
  }

  /** The table. The builder's memory is given up column by column; do not use it afterwards. */
  build(): Table {
    const rows = this.#rows;
    for (const column of this.#columns) column.fillTo(rows);
    const numeric = this.#columns.filter((column) => column.values);
    const textColumns: TextColumn[] = this.#columns
      .filter((column) => !column.values)
      .map(({ name, textRow, text, numericCells }) => ({ name, row: textRow, value: text, numericCells }));
    const width = numeric.length;
    const values = new Float64Array(rows * width);
    numeric.forEach((column, place) => {
      const cells = column.values!;
      column.values = undefined;
      for (let row = 0; row < rows; row++) values[row * width + place] = cells[row]!;
    });
    return { columns: numeric.map((column) => column.name), rows, values, textColumns };
  }
}
