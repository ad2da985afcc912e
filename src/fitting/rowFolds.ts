/**
 * Parts of standardized rows, which are in random order already: the first ones, and folds of which each is held out
 * once.
 *
 * @module
 */

import type { StandardizedRows } from "./statisticalFit.ts";

/** Rows to fit, and others to score. */
export interface RowSplit {
  readonly rest: StandardizedRows;
  readonly heldOut: StandardizedRows;
}

/** The first rows, `most` of them at most; their numbers are not copied. */
export function firstRows(rows: StandardizedRows, features: number, maximum: number): StandardizedRows {
  if (rows.rows <= maximum) return rows;
  const { data, weights } = rows;
  return {
    rows: maximum,
    data: data.subarray(0, maximum * features),
    weights: weights?.subarray(0, maximum),
  };
}

/** Splits of which each holds out every `folds`-th row. */
export function foldsOf(rows: StandardizedRows, features: number, folds: number): RowSplit[] {
  return Array.from({ length: folds }, (_, fold) => ({
    rest: takeRows(rows, features, (row) => row % folds !== fold),
    heldOut: takeRows(rows, features, (row) => row % folds === fold),
  }));
}

/** The last rows held out: one of every `parts`. */
export function lastHeldOut(rows: StandardizedRows, features: number, parts: number): RowSplit {
  const cut = rows.rows - Math.max(1, Math.floor(rows.rows / parts));
  return {
    rest: takeRows(rows, features, (row) => row < cut),
    heldOut: takeRows(rows, features, (row) => row >= cut),
  };
}

function takeRows(
  { rows, data, weights }: StandardizedRows,
  features: number,
  keep: (row: number) => boolean,
): StandardizedRows {
  const places = Array.from({ length: rows }, (_, row) => row).filter(keep);
  const picked = new Float64Array(places.length * features);
  places.forEach((row, i) => {
    picked.set(data.subarray(row * features, (row + 1) * features), i * features);
  });
  return {
    rows: places.length,
    data: picked,
    weights: weights && Float64Array.from(places, (row) => weights[row]!),
  };
}
