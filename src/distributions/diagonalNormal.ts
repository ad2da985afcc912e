/**
 * Normal distribution with a mean and a scale for each feature.
 *
 *     log p(x) = -sum_i ((x_i - m_i) e^-s_i)^2 / 2 + s_i + log(2 pi) / 2
 *     x_i = m_i + e^s_i noise_i
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1: the base.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import * as g from "../graph/ops.ts";
import { leafOf, trained } from "../graph/parameters.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../options.ts";
import type { Distribution } from "./distribution.ts";

const diagonalNormalOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * Independent normal features with trained means and log scales, standard at the start.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = diagonalNormal({ features: 2 });
 */
export function diagonalNormal(options: { readonly features: number }): Distribution {
  const { features } = checkedOptions("diagonalNormal", options, diagonalNormalOptionTable);
  checkCount("diagonalNormal", "features", features);
  return {
    type: "diagonalNormal",
    features,
    noise: features,
    parameters: { mean: trained([features]), logScale: trained([features]) },
    logProb(x, p) {
      const z = g.mul(g.sub(x, leafOf(p, "mean")), g.exp(g.neg(leafOf(p, "logScale"))));
      return g.sub(
        g.sub(g.mul(-0.5, g.sum(g.square(z))), g.sum(leafOf(p, "logScale"))),
        0.5 * features * logTwoPi,
      );
    },
    sample: (noise, p) => g.add(leafOf(p, "mean"), g.mul(noise, g.exp(leafOf(p, "logScale")))),
    toJSON: () => ({ type: "diagonalNormal", features }),
  };
}
