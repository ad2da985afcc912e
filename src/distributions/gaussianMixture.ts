/**
 * Mixture of Gaussians with full covariances.
 *
 *     p(x) = sum_k w_k N(x; m_k, L_k L_k')
 *     log N(x; m, L L') = -|L^-1 (x - m)|^2 / 2 - sum_i log L_ii - n log(2 pi) / 2
 *     grad log p(x) = -sum_k p(k | x) L_k'^-1 L_k^-1 (x - m_k)
 *
 * The weights are the softmax of `logWeight`. L_k is lower triangular; `factor` holds its lower triangle line by line,
 * with the logarithm of the diagonal in the diagonal's places, so that every value of it is a covariance.
 *
 * A solve with L, and not a product with its inverse: x - m is taken first, so that a narrow component far from the
 * origin keeps its digits. Components follow each other in a scan, compiled once.
 *
 * C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, equation 9.7; the logarithm by a triangular solve is elementary.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, leafOf, trained } from "../graph/parameters.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { placeInTriangle, placesBelow, placesOnDiagonal } from "../numerics/triangle.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../options.ts";
import { chosenItem } from "./choice.ts";
import type { Distribution } from "./distribution.ts";

/** Options of {@link gaussianMixture}. */
export interface GaussianMixtureDistributionOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Number of components, at least 1. */
  readonly components: number;
}

const gaussianMixtureOptionTable: OptionTable<GaussianMixtureDistributionOptions> = {
  features: required(anyNumber),
  components: required(anyNumber),
};

/**
 * Mixture of Gaussians with trained weights, means and covariances; all components are standard normal at the start. A
 * density and a sample cost O(components features^2); a sample takes one number of noise more than it has features.
 * @throws UsageError if a size is not a positive integer.
 * @cost density O(components features^2), sample the same
 * @example
 * const base = gaussianMixture({ features: 2, components: 3 });
 */
export function gaussianMixture(options: GaussianMixtureDistributionOptions): Distribution {
  const { features, components } = checkedOptions("gaussianMixture", options, gaussianMixtureOptionTable);
  checkCount("gaussianMixture", "features", features);
  checkCount("gaussianMixture", "components", components);
  const size = (features * (features + 1)) / 2;
  const [below, onDiagonal] = [placesBelow(features), placesOnDiagonal(features)];
  /** Elements of all factors, by component: `at` gives the place in the triangle, or -1 for 0. */
  const elements = (factor: Expr, count: number, at: (element: number) => number): Expr =>
    g.gather(
      factor,
      Int32Array.from({ length: components * count }, (_, i) => {
        const place = at(i % count);
        return place < 0 ? -1 : Math.floor(i / count) * size + place;
      }),
      [components, count],
    );
  const parts = (p: Bound): { factors: Expr; logDiagonals: Expr; logWeights: Expr } => {
    const factor = leafOf(p, "factor");
    const logDiagonals = elements(factor, features, (i) => placeInTriangle(i, i));
    const strict = elements(factor, features * features, (e) => below[e]!);
    const diagonals = g.gather(
      g.exp(logDiagonals),
      Int32Array.from({ length: components * features * features }, (_, e) => {
        const row = onDiagonal[e % (features * features)]!;
        return row < 0 ? -1 : Math.floor(e / (features * features)) * features + row;
      }),
      [components, features * features],
    );
    const logWeight = leafOf(p, "logWeight");
    return {
      factors: g.reshape(g.add(strict, diagonals), [components, features, features]),
      logDiagonals,
      logWeights: g.sub(logWeight, g.logSumExp(logWeight)),
    };
  };
  /** A loop over the components, each with its mean, its factor, and the logarithm of its weight and of its height. */
  const overComponents = (
    start: Expr,
    { factors, logDiagonals, logWeights }: ReturnType<typeof parts>,
    p: Bound,
    step: (state: Expr, mean: Expr, factor: Expr, offset: Expr) => Expr,
  ): Expr => {
    const offsets = g.sub(g.sub(logWeights, g.sum(logDiagonals, 1)), 0.5 * features * logTwoPi);
    return g.scan(
      start,
      components,
      [leafOf(p, "mean"), factors, g.reshape(offsets, [components, 1])],
      (state, [mean, factor, offset]) => step(state, mean!, factor!, offset!),
    );
  };
  const logDensity = (x: Expr, all: ReturnType<typeof parts>, p: Bound): Expr => {
    const start = g.constant([Number.NEGATIVE_INFINITY]);
    const total = overComponents(start, all, p, (sum, mean, factor, offset) => {
      const z = g.solveTriangular(factor, g.sub(x, mean), { lower: true });
      return g.logAddExp(sum, g.sub(offset, g.mul(0.5, g.sum(g.square(z)))));
    });
    return g.reshape(total, []);
  };
  return {
    type: "gaussianMixture",
    features,
    noise: features + 1,
    parameters: {
      logWeight: trained([components]),
      mean: trained([components, features]),
      factor: trained([components, size]),
    },
    logProb: (x, p) => logDensity(x, parts(p), p),
    slope(x, p) {
      // The logarithm of the sum so far, and the mean: far out that sum has too few digits for shares that add up to 1, and a mean is one all the same.
      const start = g.concatenate([g.constant([Number.NEGATIVE_INFINITY]), g.zeros([features])]);
      const sums = overComponents(start, parts(p), p, (state, mean, factor, offset) => {
        const z = g.solveTriangular(factor, g.sub(x, mean), { lower: true });
        const height = g.sub(offset, g.mul(0.5, g.sum(g.square(z))));
        const [before, pull] = [g.slice(state, 0, 1), g.slice(state, 1, features + 1)];
        const own = g.solveTriangular(factor, z, { lower: true, transposed: true });
        const share = g.sigmoid(g.sub(height, before));
        return g.concatenate([g.logAddExp(before, height), g.add(pull, g.mul(share, g.sub(own, pull)))]);
      });
      return g.neg(g.slice(sums, 1, features + 1));
    },
    sample(noise, p) {
      const { factors, logWeights } = parts(p);
      const chosen = chosenItem(g.reshape(g.slice(noise, features, features + 1), []), logWeights);
      const stacked = g.reshape(factors, [components * features, features]);
      const all = g.linear(
        g.slice(noise, 0, features),
        stacked,
        g.reshape(leafOf(p, "mean"), [components * features]),
      );
      return g.sum(g.mul(g.reshape(all, [components, features]), g.reshape(chosen, [components, 1])), 0);
    },
    toJSON: () => ({ type: "gaussianMixture", features, components }),
  };
}
