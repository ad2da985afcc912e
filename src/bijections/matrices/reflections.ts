/**
 * Constant matrices, and products of Householder reflections.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { constant, div, matrixProduct, mul, square, sub, sum } from "../../graph/ops.ts";

/** A constant matrix by its entries. */
export function constantMatrix(height: number, width: number, entry: (i: number, j: number) => number): Expr {
  return constant(
    Float64Array.from({ length: height * width }, (_, at) => entry(Math.floor(at / width), at % width)),
    [height, width],
  );
}

/**
 * The first columns of a product of Householder reflections H = I - 2 v v^T / v^T v (Tomczak & Welling 2016), of which the first row of
 * `vectors` `[reflections, n]` is applied first. A vector of zeros reflects nothing. O(reflections n columns).
 */
export function reflectedColumns(vectors: Expr | undefined, n: number, columns: number = n): Expr {
  let basis = constantMatrix(n, columns, (i, j) => (i === j ? 1 : 0));
  for (let k = 0; k < (vectors?.shape[0] ?? 0); k++) {
    const vector = g.slice(vectors!, k, k + 1);
    const squared = g.max(sum(square(vector)), 1e-30);
    const projection = matrixProduct(vector, basis);
    basis = sub(basis, mul(g.reshape(vector, [n, 1]), div(mul(2, projection), squared)));
  }
  return basis;
}

/** Reflections unless a number is given: enough for any rotation, and an even number. */
export function usualReflections(features: number): number {
  return features + (features % 2);
}
