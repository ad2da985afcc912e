/**
 * Rows of cells as an engine takes them.
 *
 * @module
 */

import { atomsOf } from "./column.ts";
import type { ColumnLayout, ColumnsDensity } from "./columnsDensity.ts";

/** Encoded rows. */
export interface EncodedRows {
  /** Number of rows. */
  readonly rows: number;
  /** `rows` times the width of the density. */
  readonly encoded: Float64Array;
  /**
   * What is to be added to the contributions of the values: `rows` times the number of columns, in the order of the model. Minus infinity
   * where the cell is impossible.
   */
  readonly offsets: Float64Array;
  /** 1 where a cell is missing that never was in the rows of the fit, by row and column as in `offsets`. */
  readonly unknown: Uint8Array;
}

/**
 * Writes a cell.
 * @returns What is to be added to the contribution of its value; minus infinity where it is impossible, NaN where it is missing though it
 *   cannot be.
 */
export function encodeCell(
  { column, head, outcomes, features, targets }: ColumnLayout,
  value: number,
  encoded: Float64Array,
  row: number,
  counted = 0,
): number {
  const isModeled = targets >= 0;
  // Given columns have no targets: what is written for them goes nowhere.
  const out = isModeled ? encoded : new Float64Array(outcomes + head.targets);
  const target = isModeled ? row + targets : 0;
  const feature = row + features;
  const valueFeature = feature + outcomes - 1;
  const missing = column.missing ? 1 : 0;
  const setOutcome = (outcome: number): number => {
    out[target + outcome] = 1;
    encoded[feature + outcome] = 1;
    head.encodeNothing(out, target + outcomes);
    return 0;
  };
  if (Number.isNaN(value)) {
    if (missing) return setOutcome(0);
    head.encodeNothing(out, target + outcomes);
    return Number.NaN;
  }
  const atom = atomsOf(column).indexOf(value);
  if (atom >= 0) return setOutcome(missing + atom);
  const offset = head.encode(value, out, target + outcomes, encoded, valueFeature, counted);
  if (offset === Number.NEGATIVE_INFINITY || Number.isNaN(offset)) {
    head.encodeNothing(out, target + outcomes);
    return Number.NEGATIVE_INFINITY;
  }
  out[target + outcomes - 1] = 1;
  return offset;
}

/**
 * Encodes rows.
 * @param cells - One array a column: the given ones, then the others in the table's order.
 * @param from - First row.
 * @param to - One past the last row.
 * @param counted - What each row counts where the heads were made of these rows, among others; see `ColumnHead.encode`.
 */
export function encodeRows(
  density: ColumnsDensity,
  cells: readonly Float64Array[],
  from: number,
  to: number,
  counted?: Float64Array,
): EncodedRows {
  const { width, given, columns } = density;
  const rows = to - from;
  const encoded = new Float64Array(rows * width);
  const offsets = new Float64Array(rows * columns.length);
  const unknown = new Uint8Array(rows * columns.length);
  for (const own of given)
    for (let row = 0; row < rows; row++) encodeCell(own, cells[own.cell]![from + row]!, encoded, row * width);
  columns.forEach((own, j) => {
    const values = cells[own.cell]!;
    for (let row = 0; row < rows; row++) {
      const at = row * columns.length + j;
      const offset = encodeCell(own, values[from + row]!, encoded, row * width, counted?.[from + row]);
      if (Number.isNaN(offset)) unknown[at] = 1;
      else offsets[at] = offset;
    }
  });
  return { rows, encoded, offsets, unknown };
}
