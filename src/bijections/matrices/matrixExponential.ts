/**
 * Affine map by the exponential of a matrix (Xiao & Liu 2020, section 3).
 *
 *     forward    y = exp(M) x + t          logAbsDet = trace(M)
 *     inverse    x = exp(-M) (y - t)       logAbsDet = -trace(M)
 *
 * The exponential of any matrix is invertible. M is the parameter `matrix`, shortened so that its norm stays below log 1000: no vector
 * becomes more than 1000 times longer or shorter, and the series ends early.
 *
 * @see https://arxiv.org/abs/2007.09651
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { exponentialOf, identityMatrix, shortened } from "../orthogonal/matrixFunctions.ts";

const matrixExponentialOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(count),
};

const largestNorm = Math.log(1000);

/**
 * Affine bijection by a matrix exponential, the identity at the start. Both directions cost O(features^2) per row, and O(features^3) once
 * per step.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2) per row, and O(features^3) once per step; inverse the same
 * @example
 * const bijection = matrixExponential({ features: 2 });
 */
export function matrixExponential(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("matrixExponential", options, matrixExponentialOptionTable);
  const read = (p: Bound): { readonly matrix: Expr; readonly trace: Expr } => {
    const matrix = shortened(leafOf(p, "matrix"), largestNorm);
    return { matrix, trace: g.sum(g.mul(matrix, identityMatrix(features))) };
  };
  return {
    type: "matrixExponential",
    features,
    context: 0,
    parameters: { shift: trained([features]), matrix: trained([features, features]) },
    forward: (x, p) => {
      const { matrix, trace } = read(p);
      return {
        value: g.linear(x, exponentialOf(matrix, largestNorm), leafOf(p, "shift")),
        logAbsDet: trace,
      };
    },
    inverse: (y, p) => {
      const { matrix, trace } = read(p);
      return {
        value: g.linear(g.sub(y, leafOf(p, "shift")), exponentialOf(g.neg(matrix), largestNorm)),
        logAbsDet: g.neg(trace),
      };
    },
    toJSON: () => ({ type: "matrixExponential", features }),
  };
}
