/**
 * Columns of text: each cell is one of the column's different texts, or missing.
 *
 * @module
 */

/** A column of text. Treat the arrays as read-only. */
export interface TextColumn {
  /** Name of the column. */
  readonly name: string;
  /** The different texts, in order of appearance. */
  readonly levels: readonly string[];
  /** Per row the place of its text in {@link levels}; -1 where the cell is missing. */
  readonly codes: Int32Array;
}

/** What {@link TextColumn.codes} holds where a cell is missing. */
export const missingCode = -1;

/** The text of a cell; undefined where it is missing. */
export function textAt({ levels, codes }: TextColumn, row: number): string | undefined {
  return levels[codes[row]!];
}

/** Some rows of a column of text. */
export function pickTexts(column: TextColumn, rows: ArrayLike<number>): TextColumn {
  return { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) };
}

/** The cells of a growing column of text. */
export class GrowingText {
  readonly #codes = new Map<string, number>();
  #cells: Int32Array;
  #length = 0;

  constructor(rows: number = 0) {
    this.#cells = new Int32Array(Math.max(256, rows)).fill(missingCode);
  }

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds a cell, undefined for a missing one; returns its code. */
  push(text: string | undefined): number {
    const code = text === undefined ? missingCode : this.#code(text);
    this.pushCode(code);
    return code;
  }

  /** Adds a cell whose text came before. */
  pushCode(code: number): void {
    if (this.#length === this.#cells.length) this.#grow(2 * this.#length);
    this.#cells[this.#length++] = code;
  }

  /** Makes rows `length .. rows - 1` missing. */
  fillTo(rows: number): void {
    if (rows > this.#cells.length) this.#grow(Math.max(rows, 2 * this.#cells.length));
    this.#length = Math.max(rows, this.#length);
  }

  /** Gives up the cells so far, and the texts with their codes unless they are wanted. */
  forget(keepsTexts: boolean): void {
    this.#cells.fill(missingCode, 0, this.#length);
    this.#length = 0;
    if (!keepsTexts) this.#codes.clear();
  }

  /** The column. */
  finish(name: string): TextColumn {
    return { name, levels: [...this.#codes.keys()], codes: this.#cells.slice(0, this.#length) };
  }

  #code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#codes.size;
    // A piece of a file's text would keep all of that text in memory.
    this.#codes.set(` ${text}`.slice(1), code);
    return code;
  }

  #grow(size: number): void {
    const grown = new Int32Array(size).fill(missingCode);
    grown.set(this.#cells.subarray(0, this.#length));
    this.#cells = grown;
  }
}
