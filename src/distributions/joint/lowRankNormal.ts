/**
 * Normal distribution whose covariance is a diagonal plus a matrix of low rank.
 *
 *     x = m + D (n + U e),  n and e standard normal      covariance D (I + U U^T) D
 *     log p(x) = -(|z - U q|^2 + |q|^2) / 2 - sum(s) - log det K / 2 - n log(2 pi) / 2
 *     z = D^-1 (x - m),  K = I + U^T U,  q = K^-1 U^T z
 *
 * by the determinant lemma and Woodbury's identity (M. A. Woodbury 1950, "Inverting modified matrices", Princeton, Statistical Research Group,
 * memorandum 42; Golub & Van Loan 2013, "Matrix computations", section 2.1.4), which need the small matrix K alone. It is the law of factor analysis
 * (Bishop 2006, "Pattern Recognition and Machine Learning", section 12.2.4, equation 12.65); written as a sum of squares it does not
 * cancel. D is e^logScale; U `[features, rank]` is the parameter `factor`, shortened so that K has eigenvalues from 1 to 1001.
 *
 * @see https://en.wikipedia.org/wiki/Woodbury_matrix_identity
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { cholesky, logAbsDeterminant } from "../../graph/library/smallMatrices.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained, trainedUniform } from "../../graph/parameters.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import {
  checkArgument,
  checkedOptions,
  count,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import type { Distribution } from "../distribution.ts";

/** Options of {@link lowRankNormal}. */
export interface LowRankNormalOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Columns of U, at most `features` and 16 (default: the smaller of `features` and 4). */
  readonly rank?: number | undefined;
}

const lowRankNormalOptionTable: OptionTable<LowRankNormalOptions> = {
  features: required(count),
  rank: count,
};

/**
 * Normal distribution with trained means, scales and factor; near to the standard normal at the start. A density and a sample cost
 * O(features rank) per row, and O(features rank^2 + rank^3) once per step; a sample takes `features + rank` numbers of noise.
 * @throws UsageError if a number is not a positive integer, or `rank` is above `features` or 16.
 * @cost density O(features rank), sample O(features rank)
 * @example
 * const base = lowRankNormal({ features: 2, rank: 1 });
 */
export function lowRankNormal(options: LowRankNormalOptions): Distribution {
  const checked = checkedOptions("lowRankNormal", options, lowRankNormalOptionTable);
  const { features, rank = Math.min(checked.features, 4) } = checked;
  const fitting = wholeNumber(
    `at most the number of features, ${features}, and 16`,
    1,
    Math.min(features, 16),
  );
  checkArgument("lowRankNormal", "rank", rank, fitting);
  const factorOf = (p: Bound): Expr => {
    const factor = leafOf(p, "factor");
    return g.div(factor, g.sqrt(g.add(1, g.mul(1e-3, g.sum(g.square(factor))))));
  };
  const identity = Float64Array.from({ length: rank * rank }, (_, i) => Number(i % (rank + 1) === 0));
  return {
    type: "lowRankNormal",
    features,
    noise: features + rank,
    parameters: {
      mean: trained([features]),
      logScale: trained([features]),
      // At 0 the factor would have no gradient.
      factor: trainedUniform([features, rank], 0.01),
    },
    logProb(x, p) {
      const [s, factor] = [leafOf(p, "logScale"), factorOf(p)];
      const gram = g.matrixProduct(g.transpose(factor), factor);
      const root = cholesky(g.add(g.constant(identity, [rank, rank]), gram));
      const logDeterminant = g.mul(2, logAbsDeterminant(root, { known: "triangular" }));
      const z = g.mul(g.sub(x, leafOf(p, "mean")), g.exp(g.neg(s)));
      const along = g.solveTriangular(root, g.linear(z, factor, undefined, { transposed: true }), {
        lower: true,
      });
      const q = g.solveTriangular(root, along, { lower: true, transposed: true });
      const squares = g.add(g.sum(g.square(g.sub(z, g.linear(q, factor)))), g.sum(g.square(q)));
      const level = g.add(g.sum(s), g.mul(0.5, g.add(logDeterminant, features * logTwoPi)));
      return g.sub(g.mul(-0.5, squares), level);
    },
    sample(noise, p) {
      const shared = g.linear(g.slice(noise, features, features + rank), factorOf(p));
      const z = g.add(g.slice(noise, 0, features), shared);
      return g.add(leafOf(p, "mean"), g.mul(z, g.exp(leafOf(p, "logScale"))));
    },
    toJSON: () => ({ type: "lowRankNormal", features, rank }),
  };
}
