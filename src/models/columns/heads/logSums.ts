/**
 * Logarithms of sums of exponentials, of finite numbers: logits that a network gives. Unlike `logSumExp` they have no case for
 * infinities, so that the largest number needs no derivative.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";

/** Up to so many numbers per row are summed in registers. */
const mostInRegisters = 16;

/** log sum e^x of finite scalars. */
export function logSum(values: readonly Expr[]): Expr {
  const top = g.stopGradient(values.reduce((a, b) => g.max(a, b)));
  const [first, ...others] = values.map((value) => g.exp(g.sub(value, top)));
  return g.add(top, g.log(g.total(first!, ...others)));
}

/** log sum e^x of each row of a matrix, `[rows]`. */
export function logSumOfRows(matrix: Expr): Expr {
  const [rows, columns] = matrix.shape as [number, number];
  if (columns <= mostInRegisters) return g.mapFeatures([matrix], (row) => [[logSum(row)]])[0]!;
  let tops = g.stopGradient(matrix);
  for (let count = columns; count > 1; count = tops.shape[1]!) {
    // Two halves that overlap where the count is odd: the maximum does not mind.
    const half = Math.ceil(count / 2);
    tops = g.max(columnsOf(tops, 0, half), columnsOf(tops, count - half, half));
  }
  const top = g.reshape(tops, [rows]);
  return g.add(top, g.log(g.sum(g.exp(g.sub(matrix, tops)), 1)));
}

/** Adjacent columns of a matrix. */
export function columnsOf(matrix: Expr, first: number, count: number): Expr {
  const [rows, columns] = matrix.shape as [number, number];
  const indices = Array.from(
    { length: rows * count },
    (_, i) => Math.floor(i / count) * columns + first + (i % count),
  );
  return g.gather(matrix, indices, [rows, count]);
}
