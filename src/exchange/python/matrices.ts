/**
 * Matrices of a state dict with their rows and columns in another order: ours.
 *
 * @module
 */

/** Element (i, j) of the result is that of the row `rows[i]` and the column `columns[j]` of a matrix with `width` columns. */
export function reorderedMatrix(
  data: Float64Array,
  width: number,
  rows: readonly number[],
  columns: readonly number[],
): Float64Array {
  const out = new Float64Array(rows.length * columns.length);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      out[i * columns.length + j] = data[row * width + column]!;
    });
  });
  return out;
}

/** Element i of the result is element `order[i]`. */
export function reordered(data: Float64Array, order: readonly number[]): Float64Array {
  return Float64Array.from(order, (place) => data[place]!);
}

/** 0, 1, ..., n - 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Places from the smallest key to the largest; equal keys stay in their order. */
export function sortedPlaces(keys: readonly number[]): number[] {
  return range(keys.length).sort((a, b) => keys[a]! - keys[b]! || a - b);
}
