/**
 * Standardization as part of a model: data have the mean and scale that one pass found.
 *
 *     forward    y = x * scale + mean      logAbsDet = sum(log scale)
 *     inverse    x = (y - mean) / scale    logAbsDet = -sum(log scale)
 *
 * Since it is a bijection like any other, log-densities are in the units of the data.
 *
 * Elementary, of no paper: an affine map with fixed numbers, as before nearly every fit.
 *
 * @module
 */

import * as g from "../../graph/ops.ts";
import { leafOf, statistics } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

const standardizationOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * Standardization; mean 0 and scale 1 until it is fitted.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = standardization({ features: 2 });
 * const values = {
 *   "bijection.mean": Float64Array.of(1, -0.5),
 *   "bijection.scale": Float64Array.of(1.5, 0.7),
 * };
 */
export function standardization(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("standardization", options, standardizationOptionTable);
  checkCount("standardization", "features", features);
  return {
    type: "standardization",
    features,
    context: 0,
    parameters: { mean: statistics([features], 0), scale: statistics([features], 1) },
    forward: (x, p) => ({
      value: g.add(g.mul(x, leafOf(p, "scale")), leafOf(p, "mean")),
      logAbsDet: g.sum(g.log(leafOf(p, "scale"))),
    }),
    inverse: (y, p) => ({
      value: g.div(g.sub(y, leafOf(p, "mean")), leafOf(p, "scale")),
      logAbsDet: g.neg(g.sum(g.log(leafOf(p, "scale")))),
    }),
    toJSON: () => ({ type: "standardization", features }),
  };
}
