/**
 * Affine map by a diagonal matrix plus one of low rank, symmetric and positive definite.
 *
 *     W = D + (D^1/2 U)(D^1/2 U)^T = D^1/2 (I + U U^T) D^1/2,  K = I + U^T U
 *     forward    y = W x + t                                            logAbsDet = sum(log D_ii) + log det K
 *     inverse    x = D^-1/2 (I - U K^-1 U^T) D^-1/2 (y - t)             logAbsDet the opposite
 *
 * by the determinant lemma and Woodbury's identity (M. A. Woodbury 1950, "Inverting modified matrices", Princeton, Statistical Research Group,
 * memorandum 42; Golub & Van Loan 2013, "Matrix computations", section 2.1.4), which need the small matrix K alone. As a map of a flow it is `DiagPlusLowRankLinear` of
 * distrax, there with two factors; that it is symmetric, and that sizes are clipped softly, is our own. D is e^logDiagonal, clipped softly to
 * between 1/1000 and 1000; U `[features, rank]` is the parameter `factor`, shortened so that K has eigenvalues from 1 to 1001. What is not
 * symmetric, a rotation before or after it reaches.
 *
 * @see https://en.wikipedia.org/wiki/Woodbury_matrix_identity
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained, trainedUniform } from "../../graph/parameters.ts";
import {
  checkArgument,
  checkedOptions,
  count,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Bijection } from "../bijection.ts";
import { identityMatrix, invertedMatrix, shortened } from "../orthogonal/matrixFunctions.ts";

/** Options of {@link lowRankAffine}. */
export interface LowRankAffineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Columns of U, at most `features` (default: the smaller of `features` and 4). */
  readonly rank?: number | undefined;
}

const lowRankAffineOptionTable: OptionTable<LowRankAffineOptions> = {
  features: required(count),
  rank: count,
};

const largest = 1000;

/**
 * Diagonal plus low rank; near to the identity at the start. Both directions cost O(features rank) per row, and O(features rank^2 + rank^3)
 * once per step.
 * @throws UsageError if a number is not a positive integer, or `rank` is above `features`.
 * @cost forward O(features rank) per row, and O(features rank^2 + rank^3) once per step; inverse the same
 * @example
 * const bijection = lowRankAffine({ features: 2 });
 */
export function lowRankAffine(options: LowRankAffineOptions): Bijection {
  const checked = checkedOptions("lowRankAffine", options, lowRankAffineOptionTable);
  const { features, rank = Math.min(checked.features, 4) } = checked;
  const fitting = wholeNumber(`at most the number of features, ${features}`, 1, features);
  checkArgument("lowRankAffine", "rank", rank, fitting);
  const read = (p: Bound) => {
    const s = softClip(leafOf(p, "logDiagonal"), Math.log(largest));
    const factor = shortened(leafOf(p, "factor"), Math.sqrt(largest));
    const gram = g.matrixProduct(g.transpose(factor), factor);
    const { inverse, logDeterminant } = invertedMatrix(g.add(identityMatrix(rank), gram));
    return { s, factor, inverse, logDeterminant: g.add(g.sum(s), logDeterminant) };
  };
  const ofRank = (x: Expr, factor: Expr): Expr => g.linear(x, factor, undefined, { transposed: true });
  return {
    type: "lowRankAffine",
    features,
    context: 0,
    parameters: {
      shift: trained([features]),
      logDiagonal: trained([features]),
      // At 0 the factor would have no gradient.
      factor: trainedUniform([features, rank], 0.01),
    },
    forward: (x, p) => {
      const { s, factor, logDeterminant } = read(p);
      const root = g.exp(g.mul(0.5, s));
      const scaled = g.mul(x, root);
      const value = g.add(scaled, g.linear(ofRank(scaled, factor), factor));
      return { value: g.add(g.mul(value, root), leafOf(p, "shift")), logAbsDet: logDeterminant };
    },
    inverse: (y, p) => {
      const { s, factor, inverse, logDeterminant } = read(p);
      const root = g.exp(g.mul(-0.5, s));
      const scaled = g.mul(g.sub(y, leafOf(p, "shift")), root);
      const value = g.sub(scaled, g.linear(g.linear(ofRank(scaled, factor), inverse), factor));
      return { value: g.mul(value, root), logAbsDet: g.neg(logDeterminant) };
    },
    toJSON: () => ({ type: "lowRankAffine", features, rank }),
  };
}
