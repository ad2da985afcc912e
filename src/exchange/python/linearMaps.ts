/**
 * A linear map that a library has as a matrix, or makes one of: as a map in LU form, with what pivoting and signs it needs.
 *
 * @module
 */

import { luAffine } from "../../bijections/linear/luAffine.ts";
import { inverseOrder, permutation } from "../../bijections/linear/permutation.ts";
import { rotation } from "../../bijections/linear/rotation.ts";
import { product, range } from "./matrices.ts";
import { chainOf, type Part } from "./part.ts";

/** Rows and columns of zeros but for ones on the diagonal. */
export const identityMatrix = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));

/** The transpose of a square matrix. */
export const transposed = (matrix: Float64Array, n: number): Float64Array =>
  matrix.map((_, k) => matrix[(k % n) * n + Math.floor(k / n)]!);

/** v -> v - 2 q (q'v) / (q'q), as a matrix. */
export function householder(q: Float64Array): Float64Array {
  const n = q.length;
  const squared = q.reduce((sum, value) => sum + value * value, 0);
  return identityMatrix(n).map((value, k) => value - (2 * q[Math.floor(k / n)]! * q[k % n]!) / squared);
}

/** The matrix of Householder reflections, the first row of `vectors` applied first. */
export function reflections(vectors: Float64Array, count: number, n: number): Float64Array {
  return range(count).reduce<Float64Array>(
    (matrix, k) => product(householder(vectors.subarray(k * n, (k + 1) * n)), matrix, n),
    identityMatrix(n),
  );
}

/**
 * The map y = M x + t, from base to data; undefined where the matrix is singular. M is P S L U: U has a positive diagonal, S the signs, P
 * the rows where pivoting has put them. O(n^3), once.
 */
export function matrixMap(matrix: Float64Array, shift: Float64Array): Part | undefined {
  const n = shift.length;
  const work = matrix.slice();
  const rows = range(n);
  for (const k of range(n)) {
    const pivot = range(n - k).reduce(
      (best, i) => (Math.abs(work[(k + i) * n + k]!) > Math.abs(work[best * n + k]!) ? k + i : best),
      k,
    );
    if (work[pivot * n + k] === 0) return undefined;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (const j of range(n))
      [work[k * n + j], work[pivot * n + j]] = [work[pivot * n + j]!, work[k * n + j]!];
    for (let i = k + 1; i < n; i++) {
      work[i * n + k]! /= work[k * n + k]!;
      for (let j = k + 1; j < n; j++) work[i * n + j]! -= work[i * n + k]! * work[k * n + j]!;
    }
  }
  const signs = range(n).map((i) => Math.sign(work[i * n + i]!));
  const lower = new Float64Array(n * n);
  const upper = new Float64Array(n * n);
  for (const i of range(n))
    for (const j of range(n)) {
      if (j < i) lower[i * n + j] = signs[i]! * work[i * n + j]! * signs[j]!;
      if (j > i) upper[i * n + j] = signs[i]! * work[i * n + j]!;
    }
  const values = {
    shift: Float64Array.from(rows, (row, i) => signs[i]! * shift[row]!),
    lower,
    upper,
    logDiagonal: Float64Array.from(range(n), (i) => Math.log(Math.abs(work[i * n + i]!))),
  };
  const parts: Part[] = [{ bijection: luAffine({ features: n }), values }];
  if (signs.some((sign) => sign < 0)) {
    const orthogonal = new Float64Array(n * n);
    for (const i of range(n)) orthogonal[rows[i]! * n + i] = signs[i]!;
    parts.push({ bijection: rotation({ features: n }), values: { rotation: orthogonal } });
  } else if (rows.some((row, i) => row !== i))
    parts.push({ bijection: permutation(inverseOrder(rows)), values: {} });
  return chainOf(parts);
}
