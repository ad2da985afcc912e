/**
 * A linear map that a library has as a matrix, or makes one of: as a map in LU form, with what pivoting and signs it needs.
 *
 * @module
 */

import { luAffine } from "../../bijections/linear/luAffine.ts";
import { inverseOrder, permutation } from "../../bijections/linear/permutation.ts";
import { rotation } from "../../bijections/linear/rotation.ts";
import { range } from "./matrices.ts";
import { chainOf, type Part } from "./part.ts";

/** The transpose of a square matrix. */
export const transposed = (matrix: Float64Array, n: number): Float64Array =>
  matrix.map((_, k) => matrix[(k % n) * n + Math.floor(k / n)]!);

/** Vectors of reflections as our maps keep them: less the unit vectors, in equal pairs, that are added to them. */
export const reflectionValues = (vectors: Float64Array, n: number): Float64Array =>
  vectors.map((value, i) => value - Number(i % n === Math.floor(Math.floor(i / n) / 2) % n));

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
