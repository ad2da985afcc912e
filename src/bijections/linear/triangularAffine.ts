/**
 * Affine map by a lower triangular matrix with a positive diagonal.
 *
 *     forward    y = L x + t            logAbsDet = sum(log L_ii)
 *     inverse    x = L^-1 (y - t)       logAbsDet = -sum(log L_ii)
 *
 * L = (strict lower triangle of `lower`) + diag(e^logDiagonal). With `fitted`, L and t are statistics of the data:
 * L L^T is their covariance and t their mean, so that the inverse whitens.
 *
 * Kessy, Lewin & Strimmer (2018), "Optimal Whitening and Decorrelation": Cholesky whitening.
 *
 * @see https://doi.org/10.1080/00031305.2016.1277159
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, statistics, trained } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, flag, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link triangularAffine}. */
export interface TriangularAffineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Whether the matrix is set from data and not trained (default false). */
  readonly fitted?: boolean | undefined;
}

/** 1 below the diagonal of an n by n matrix, 0 elsewhere. */
export function strictlyLowerMask(n: number): Expr {
  return g.constant(
    Float64Array.from({ length: n * n }, (_, i) => (i % n < Math.floor(i / n) ? 1 : 0)),
    [n, n],
  );
}

/** A diagonal matrix with these entries, shape `[n, n]`. */
export function diagonalMatrix(entries: Expr, n: number): Expr {
  const indices = Int32Array.from({ length: n * n }, (_, i) => (i % n === Math.floor(i / n) ? i % n : -1));
  return g.gather(entries, indices, [n, n]);
}

const triangularAffineOptionTable: OptionTable<TriangularAffineOptions> = {
  features: required(anyNumber),
  fitted: flag,
};

/**
 * Lower triangular affine bijection, the identity at the start.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = triangularAffine({ features: 2 });
 */
export function triangularAffine(options: TriangularAffineOptions): Bijection {
  const { features, fitted = false } = checkedOptions(
    "triangularAffine",
    options,
    triangularAffineOptionTable,
  );
  checkCount("triangularAffine", "features", features);
  const spec = fitted ? (shape: number[]) => statistics(shape, 0) : (shape: number[]) => trained(shape);
  const matrix = (p: Bound): Expr =>
    g.add(
      g.mul(leafOf(p, "lower"), strictlyLowerMask(features)),
      diagonalMatrix(g.exp(leafOf(p, "logDiagonal")), features),
    );
  return {
    type: "triangularAffine",
    features,
    context: 0,
    parameters: {
      shift: spec([features]),
      lower: { ...spec([features, features]), used: (features * (features - 1)) / 2 },
      logDiagonal: spec([features]),
    },
    forward: (x, p) => ({
      value: g.linear(x, matrix(p), leafOf(p, "shift")),
      logAbsDet: g.sum(leafOf(p, "logDiagonal")),
    }),
    inverse: (y, p) => ({
      value: g.solveTriangular(matrix(p), g.sub(y, leafOf(p, "shift")), { lower: true }),
      logAbsDet: g.neg(g.sum(leafOf(p, "logDiagonal"))),
    }),
    toJSON: () => ({ type: "triangularAffine", features, fitted }),
  };
}
