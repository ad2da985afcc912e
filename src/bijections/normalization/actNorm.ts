/**
 * Activation normalization: a shift and a scale for each feature that start at the mean and the deviation of data, and are trained from there.
 *
 *     forward    y = e^s x + t          logAbsDet = sum(s)
 *     inverse    x = (y - t) e^-s       logAbsDet = -sum(s)
 *     start      t = mean of y,  s = log of its standard deviation
 *
 * What leaves it towards the base has mean 0 and deviation 1 when training begins (Kingma & Dhariwal 2018, "Glow", section 3.1). A scale is
 * stored as its logarithm, so that it is positive whatever an optimizer does; a feature that never varies starts with the scale 1.
 *
 * @see https://arxiv.org/abs/1807.03039
 * @module
 */

import { moments } from "../../numerics/moments.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { affine } from "../linear/affine.ts";

const actNormOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/**
 * A trained affine map of each feature that starts from data: `fit` takes the rows of training, `valuesFromData` of `pushforward/fitting` those
 * that it is given. Until then it is the identity.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = actNorm({ features: 2 });
 * const values = { "bijection.shift": Float64Array.of(1, -0.5), "bijection.logScale": Float64Array.of(0.4, -0.3) };
 */
export function actNorm(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("actNorm", options, actNormOptionTable);
  return {
    ...affine({ features }),
    type: "actNorm",
    valuesFrom({ values, weights }) {
      const { mean, scale } = moments(values, features, weights);
      return { shift: mean, logScale: scale.map(Math.log) };
    },
    toJSON: () => ({ type: "actNorm", features }),
  };
}
