/**
 * A digest of some columns of a table: whether two tables are the same rows, in whatever order.
 *
 * @module
 */

import { each, inOnePiece, type Pieces } from "../platform/pieces.ts";
import { philox4x32 } from "../random/philox.ts";
import { selectColumns, type Table } from "./table.ts";

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** 128 bits of the row's values, in order, into `state`; 0 and -0 are one value. */
function digestRow(values: Float64Array, row: number, width: number, state: Uint32Array): void {
  state.fill(0);
  for (let at = row * width; at < (row + 1) * width; at++) {
    scratch[0] = values[at]! + 0;
    philox4x32(state[0]! ^ words[0]!, state[1]! ^ words[1]!, state[2]!, state[3]!, 3, 4, state);
  }
}

const hexadecimal = (state: Uint32Array): string =>
  Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");

/** Whether the row misses no value. */
function isComplete(values: Float64Array, row: number, width: number): boolean {
  for (let at = row * width; at < (row + 1) * width; at++) if (Number.isNaN(values[at]!)) return false;
  return true;
}

/**
 * 128 bits, as hexadecimal text, over the values of the named columns in all rows that miss none of them. Equal for the
 * same rows in another order, in another file format, or beside other columns; in practice different for all else: a
 * part of the rows, more of them, rounded values. Which rows they were cannot be told from it, unless all rows can
 * be guessed at once. O(rows columns), about 0.2 s for a million rows of ten.
 *
 * @throws DataError if a column is not there.
 */
export function tableDigest(table: Table, names: readonly string[]): string {
  return inOnePiece(digestion(table, names));
}

/** {@link tableDigest}, in pieces. */
export function* digestion(table: Table, names: readonly string[]): Pieces<string> {
  const digest = new RowsDigest(names);
  yield* digest.adding(table);
  return digest.text;
}

/** The digest of rows that come in batches. */
export class RowsDigest {
  readonly #names: readonly string[];
  readonly #sum = new Uint32Array(5);

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Rows so far that miss no value. */
  get rows(): number {
    return this.#sum[4]!;
  }

  /** Adds the rows of a table, in pieces. */
  *adding(table: Table): Pieces<void> {
    const { values } = selectColumns(table, this.#names);
    const state = new Uint32Array(4);
    yield* each(table.rows, (row) => {
      if (!isComplete(values, row, this.#names.length)) return;
      digestRow(values, row, this.#names.length, state);
      // Sums, which do not depend on the order and do not cancel where rows repeat.
      for (let i = 0; i < 4; i++) this.#sum[i]! += state[i]!;
      this.#sum[4]!++;
    });
  }

  /** What {@link tableDigest} gives of all rows together. */
  get text(): string {
    const [a, b, c, d, rows] = this.#sum as unknown as [number, number, number, number, number];
    const state = new Uint32Array(4);
    philox4x32(a, b, c, d, rows, this.#names.length, state);
    return hexadecimal(state);
  }
}

/** One text for each row of the named columns, the same for rows that repeat. */
export function rowKeys(table: Table, names: readonly string[]): string[] {
  const { values } = selectColumns(table, names);
  const state = new Uint32Array(4);
  return Array.from({ length: table.rows }, (_, row) => {
    digestRow(values, row, names.length, state);
    return hexadecimal(state);
  });
}
