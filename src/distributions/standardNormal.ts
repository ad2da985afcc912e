/**
 * Standard normal distribution.
 *
 *     log p(x) = -|x|^2 / 2 - n log(2 pi) / 2
 *     x = noise
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1: the base.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import * as g from "../graph/ops.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../options.ts";
import type { Distribution } from "./distribution.ts";

const standardNormalOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * Independent standard normal features.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = standardNormal({ features: 2 });
 */
export function standardNormal(options: { readonly features: number }): Distribution {
  const { features } = checkedOptions("standardNormal", options, standardNormalOptionTable);
  checkCount("standardNormal", "features", features);
  return {
    type: "standardNormal",
    features,
    noise: features,
    parameters: {},
    logProb: (x) => g.sub(g.mul(-0.5, g.sum(g.square(x))), 0.5 * features * logTwoPi),
    sample: (noise) => noise,
    toJSON: () => ({ type: "standardNormal", features }),
  };
}
