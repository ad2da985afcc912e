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

/** The product of two square matrices. */
export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) out[i * n + j]! += a[i * n + k]! * b[k * n + j]!;
  return out;
}

/** exp of a square matrix, by its series at a half, a quarter, ... of the matrix, and squares of that. O(n^3). */
export function matrixExponential(matrix: Float64Array, n: number): Float64Array {
  const size = Math.max(
    ...range(n).map((i) => range(n).reduce((sum, j) => sum + Math.abs(matrix[i * n + j]!), 0)),
  );
  const halvings = Math.max(0, Math.ceil(Math.log2(Math.max(size, 1e-300))) + 2);
  const small = matrix.map((value) => value * 2 ** -halvings);
  const identity = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
  let result: Float64Array = identity;
  // Of a norm up to a quarter, the terms after the 14th are below rounding. Horner: 1 + M (1 + M / 2 (1 + M / 3 (...))).
  for (let k = 14; k >= 1; k--)
    result = product(small, result, n).map((value, i) => value / k + identity[i]!);
  for (let k = 0; k < halvings; k++) result = product(result, result, n);
  return result;
}
