/**
 * Rows of cells as an engine takes them.
 *
 * @module
 */

import { inOnePiece, type Pieces } from "../../platform/pieces.ts";
import { atomsOf, hasLevels, levelsOf } from "./column.ts";
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
  /** 1 where a cell is a level that is none of the column's, though such ones are allowed for: its value is in `offsets` alone. */
  readonly unseen: Uint8Array;
}

/** How rows are encoded. */
export interface EncodeOptions {
  /**
   * Whether a column of levels may have one that no row of the fit had. It has the mass that the head says, by which those of the
   * others are less; later columns do not see it, as in training where a column is hidden.
   */
  readonly allowUnseen?: boolean | undefined;
}

/**
 * Writes a cell.
 * @returns What is to be added to the contribution of its value; minus infinity where it is impossible, NaN where it is missing though it
 *   cannot be.
 */
export function encodeCell(
  { column, head, outcomes, features, targets, earlyFeatures }: ColumnLayout,
  value: number,
  encoded: Float64Array,
  row: number,
  counted = 0,
  { allowUnseen = false }: EncodeOptions = {},
): number {
  const isModeled = targets >= 0;
  // Given columns have no targets: what is written for them goes nowhere.
  const targetNumbers = isModeled ? encoded : new Float64Array(outcomes + head.targets);
  const target = isModeled ? row + targets : 0;
  const feature = row + features;
  const valueFeature = feature + outcomes - 1;
  const missing = column.missing ? 1 : 0;
  const setOutcome = (outcome: number): number => {
    targetNumbers[target + outcome] = 1;
    encoded[feature + outcome] = 1;
    head.encodeNothing(targetNumbers, target + outcomes);
    return 0;
  };
  if (Number.isNaN(value)) {
    if (missing) return setOutcome(0);
    head.encodeNothing(targetNumbers, target + outcomes);
    if (earlyFeatures !== undefined) encoded[valueFeature + head.features] = 1;
    return Number.NaN;
  }
  const atom = atomsOf(column).indexOf(value);
  if (atom >= 0) return setOutcome(missing + atom);
  const offset = head.encode(value, targetNumbers, target + outcomes, encoded, valueFeature, counted);
  if (offset === Number.NEGATIVE_INFINITY || Number.isNaN(offset)) {
    head.encodeNothing(targetNumbers, target + outcomes);
    if (!allowUnseen || head.unseen === undefined) return Number.NEGATIVE_INFINITY;
    targetNumbers[target + outcomes - 1] = 1;
    if (earlyFeatures !== undefined) encoded[valueFeature + head.features] = 1;
    return Math.log(head.unseen);
  }
  targetNumbers[target + outcomes - 1] = 1;
  return allowUnseen && head.unseen !== undefined ? offset + Math.log1p(-head.unseen) : offset;
}

/** Whether a cell is a level that is none of the column's. */
export function isUnseenLevel({ column }: ColumnLayout, cell: number): boolean {
  return hasLevels(column) && (cell < 0 || cell >= levelsOf(column));
}

/** Rows of a column that are encoded between two pauses. */
const pieceRows = 1024;

/**
 * Encodes rows.
 * @param cells - One array per column: the given ones, then the others in the table's order.
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
  options: EncodeOptions = {},
): EncodedRows {
  return inOnePiece(encoding(density, cells, from, to, counted, options));
}

/** {@link encodeRows}, in pieces. */
export function* encoding(
  density: ColumnsDensity,
  cells: readonly Float64Array[],
  from: number,
  to: number,
  counted?: Float64Array,
  options: EncodeOptions = {},
): Pieces<EncodedRows> {
  const { width, given, columns } = density;
  const rows = to - from;
  const encoded = new Float64Array(rows * width);
  const offsets = new Float64Array(rows * columns.length);
  const unknown = new Uint8Array(rows * columns.length);
  const unseen = new Uint8Array(rows * columns.length);
  for (const layout of given)
    for (let row = 0; row < rows; row++)
      encodeCell(layout, cells[layout.cell]![from + row]!, encoded, row * width, 0, options);
  for (const [j, layout] of columns.entries()) {
    const values = cells[layout.cell]!;
    for (let row = 0; row < rows; row++) {
      if (row % pieceRows === 0) yield;
      const at = row * columns.length + j;
      const cell = values[from + row]!;
      const offset = encodeCell(layout, cell, encoded, row * width, counted?.[from + row], options);
      if (Number.isNaN(offset)) unknown[at] = 1;
      else offsets[at] = offset;
      if (options.allowUnseen && isUnseenLevel(layout, cell)) unseen[at] = 1;
    }
  }
  return { rows, encoded, offsets, unknown, unseen };
}
