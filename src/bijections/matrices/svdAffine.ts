/**
 * Affine map by a general matrix in the form of a singular value decomposition (Zhang et al. 2018; nflows).
 *
 *     forward    y = U S V x + t                  logAbsDet = sum(log S_ii)
 *     inverse    x = V^T S^-1 U^T (y - t)         logAbsDet = -sum(log S_ii)
 *
 * U and V are products of the reflections of `left` and `right`, the first row first; S has the diagonal e^logDiagonal. The condition of
 * the map is the ratio of two entries of S, and nothing has to be solved.
 *
 * @see https://arxiv.org/abs/1803.09327
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { pairedVectors } from "../orthogonal/matrixFunctions.ts";
import { type ReflectedAffineOptions, reflectedAffineOptionTable } from "./qrAffine.ts";
import { reflectedColumns, usualReflections } from "./reflections.ts";

/**
 * SVD affine bijection, the identity at the start with an even number of reflections. Both directions cost O(features^2) per row, and
 * O(reflections features^2) once per step.
 * @throws UsageError if a number is not a positive integer.
 * @cost forward O(features^2) per row, and O(reflections features^2) once per step; inverse the same
 * @example
 * const bijection = svdAffine({ features: 2 });
 */
export function svdAffine(options: ReflectedAffineOptions): Bijection {
  const checked = checkedOptions("svdAffine", options, reflectedAffineOptionTable);
  const { features, reflections = usualReflections(checked.features) } = checked;
  const orthogonalOf = (p: Bound, name: string): Expr =>
    reflectedColumns(pairedVectors(leafOf(p, name), features), features);
  const transposed = { transposed: true };
  return {
    type: "svdAffine",
    features,
    context: 0,
    parameters: {
      shift: trained([features]),
      left: trained([reflections, features]),
      right: trained([reflections, features]),
      logDiagonal: trained([features]),
    },
    forward: (x, p) => {
      const s = leafOf(p, "logDiagonal");
      const scaled = g.mul(g.linear(x, orthogonalOf(p, "right")), g.exp(s));
      return {
        value: g.linear(scaled, orthogonalOf(p, "left"), leafOf(p, "shift")),
        logAbsDet: g.sum(s),
      };
    },
    inverse: (y, p) => {
      const s = leafOf(p, "logDiagonal");
      const turned = g.linear(g.sub(y, leafOf(p, "shift")), orthogonalOf(p, "left"), undefined, transposed);
      return {
        value: g.linear(g.mul(turned, g.exp(g.neg(s))), orthogonalOf(p, "right"), undefined, transposed),
        logAbsDet: g.neg(g.sum(s)),
      };
    },
    toJSON: () => ({ type: "svdAffine", features, reflections }),
  };
}
