/**
 * Affine map by a general matrix in QR form, Q of Householder reflections (Hoogeboom et al. 2019, section 3.1; nflows).
 *
 *     forward    y = Q R x + t             logAbsDet = sum(log R_ii)
 *     inverse    x = R^-1 Q^T (y - t)      logAbsDet = -sum(log R_ii)
 *
 * R is upper triangular with the diagonal e^logDiagonal > 0, Q the product of the reflections of `vectors`, the first row first, so that
 * the map is invertible whatever an optimizer does. Without a permutation it reaches every matrix of a positive determinant; with an odd
 * number of reflections, of a negative one.
 *
 * @see https://arxiv.org/abs/1901.11137
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { diagonalMatrix } from "../linear/triangularAffine.ts";
import { pairedVectors } from "../orthogonal/matrixFunctions.ts";
import { constantMatrix, reflectedColumns, usualReflections } from "./reflections.ts";

/** Options of {@link qrAffine} and {@link svdAffine}. */
export interface ReflectedAffineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Householder reflections of each orthogonal matrix (default: `features`, or one more where that is odd). */
  readonly reflections?: number | undefined;
}

/** Table of {@link ReflectedAffineOptions}. */
export const reflectedAffineOptionTable: OptionTable<ReflectedAffineOptions> = {
  features: required(count),
  reflections: count,
};

/**
 * QR affine bijection, the identity at the start with an even number of reflections. Both directions cost O(features^2) per row, and
 * O(reflections features^2) once per step.
 * @throws UsageError if a number is not a positive integer.
 * @cost forward O(features^2) per row, and O(reflections features^2) once per step; inverse the same
 * @example
 * const bijection = qrAffine({ features: 2 });
 */
export function qrAffine(options: ReflectedAffineOptions): Bijection {
  const checked = checkedOptions("qrAffine", options, reflectedAffineOptionTable);
  const { features, reflections = usualReflections(checked.features) } = checked;
  const orthogonalOf = (p: Bound): Expr =>
    reflectedColumns(pairedVectors(leafOf(p, "vectors"), features), features);
  const upper = (p: Bound): Expr =>
    g.add(
      g.mul(
        leafOf(p, "upper"),
        constantMatrix(features, features, (i, j) => (j > i ? 1 : 0)),
      ),
      diagonalMatrix(g.exp(leafOf(p, "logDiagonal")), features),
    );
  return {
    type: "qrAffine",
    features,
    context: 0,
    parameters: {
      shift: trained([features]),
      vectors: trained([reflections, features]),
      upper: { ...trained([features, features]), used: (features * (features - 1)) / 2 },
      logDiagonal: trained([features]),
    },
    forward: (x, p) => ({
      value: g.linear(g.linear(x, upper(p)), orthogonalOf(p), leafOf(p, "shift")),
      logAbsDet: g.sum(leafOf(p, "logDiagonal")),
    }),
    inverse: (y, p) => {
      const turned = g.linear(g.sub(y, leafOf(p, "shift")), orthogonalOf(p), undefined, { transposed: true });
      return {
        value: g.solveTriangular(upper(p), turned, { lower: false }),
        logAbsDet: g.neg(g.sum(leafOf(p, "logDiagonal"))),
      };
    },
    toJSON: () => ({ type: "qrAffine", features, reflections }),
  };
}
