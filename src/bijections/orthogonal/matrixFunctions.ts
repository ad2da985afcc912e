/**
 * Matrices of parameters that are orthogonal or invertible whatever the parameters are.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { add, constant, div, matrixProduct, mul, neg, sqrt, square, sub, sum } from "../../graph/ops.ts";
import { constantMatrix } from "../matrices/reflections.ts";

/** The identity, `[n, n]`. */
export function identityMatrix(n: number): Expr {
  return constantMatrix(n, n, (i, j) => (i === j ? 1 : 0));
}

/** Vectors that begin as pairs of equal unit vectors, whose reflections undo each other: what is trained is added to them. */
export function pairedVectors(raw: Expr, n: number): Expr {
  const [reflections] = raw.shape as [number, number];
  return add(
    raw,
    constantMatrix(reflections, n, (k, j) => (j === Math.floor(k / 2) % n ? 1 : 0)),
  );
}

/** The skew-symmetric matrix of the entries below the diagonal of `lower`, `[n, n]`. */
export function skewMatrix(lower: Expr, n: number): Expr {
  const below = mul(
    lower,
    constantMatrix(n, n, (i, j) => (j < i ? 1 : 0)),
  );
  return sub(below, g.transpose(below));
}

/** A matrix made shorter, so that its Frobenius norm stays below a limit: near 0 it is itself. */
export function shortened(matrix: Expr, limit: number): Expr {
  return div(matrix, sqrt(add(1, mul(1 / limit ** 2, sum(square(matrix))))));
}

/**
 * The exponential of a matrix whose spectral norm is at most `norm`: Taylor's series of degree 12, whose rest is below 2^-52 for norms up
 * to 1/4, of a matrix divided by a power of 2, and squared as often. O((12 + log2 norm) n^3).
 */
export function exponentialOf(matrix: Expr, norm: number): Expr {
  const [n] = matrix.shape as [number, number];
  const squarings = Math.max(0, Math.ceil(Math.log2(4 * norm)));
  const small = mul(matrix, 2 ** -squarings);
  const identity = identityMatrix(n);
  // Horner's rule, the innermost bracket first.
  let result = identity;
  for (let k = 12; k >= 1; k--) result = add(identity, mul(1 / k, matrixProduct(small, result)));
  for (let k = 0; k < squarings; k++) result = matrixProduct(result, result);
  return result;
}

/** Inverse of a matrix and its log-determinant. */
export interface Inverted {
  readonly inverse: Expr;
  readonly logDeterminant: Expr;
}

/**
 * Inverse and log-determinant of a matrix whose symmetric part is positive definite, by Gauss and Jordan: all pivots are positive, and
 * none needs to be searched. O(n^3).
 */
export function invertedMatrix(matrix: Expr): Inverted {
  const [n] = matrix.shape as [number, number];
  let current = matrix;
  let logDeterminant: Expr = constant(0);
  for (let k = 0; k < n; k++) {
    const pivot = g.reshape(g.gather(current, [k * n + k], [1]), []);
    logDeterminant = add(logDeterminant, g.log(g.max(pivot, 1e-30)));
    const column = g.gather(
      current,
      Int32Array.from({ length: n }, (_, i) => (i === k ? -1 : i * n + k)),
      [n, 1],
    );
    const cleared = add(
      mul(
        current,
        constantMatrix(n, n, (_, j) => (j === k ? 0 : 1)),
      ),
      constantMatrix(n, n, (i, j) => (i === k && j === k ? 1 : 0)),
    );
    const row = div(g.slice(cleared, k, k + 1), pivot);
    const rest = mul(
      sub(cleared, mul(column, row)),
      constantMatrix(n, n, (i) => (i === k ? 0 : 1)),
    );
    current = add(
      rest,
      mul(
        constantMatrix(n, 1, (i) => (i === k ? 1 : 0)),
        row,
      ),
    );
  }
  return { inverse: current, logDeterminant };
}

/** The rotation of a skew-symmetric A: (I - A)(I + A)^-1 (Cayley 1846), which has no eigenvalue -1. */
export function cayley(skew: Expr): Expr {
  const [n] = skew.shape as [number, number];
  // (I - A)(I + A)^-1 = 2 (I + A)^-1 - I.
  const { inverse } = invertedMatrix(add(identityMatrix(n), skew));
  return add(mul(2, inverse), neg(identityMatrix(n)));
}
