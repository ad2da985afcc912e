/**
 * The uniform distribution on the sphere of unit vectors, by its surface measure.
 *
 *     log p(x) = log Gamma(d / 2) - log 2 - (d / 2) log pi   where |x| is within 0.001 of 1, else minus infinity
 *     x = z / |z|,  z standard normal
 *
 * The area of the sphere is 2 pi^(d/2) / Gamma(d/2): 2 pi of the circle, 4 pi of the sphere in space (Mardia & Jupp 2000, "Directional Statistics", 9.3.1).
 *
 * @see https://doi.org/10.1002/9780470316979
 * @module
 */

import { isOnSphere, unitVectors } from "../../bijections/sphere/unitVectors.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, required, wholeNumber } from "../../options.ts";
import type { Distribution } from "../distribution.ts";

const optionTable: OptionTable<{ readonly features: number }> = {
  features: required(wholeNumber("an integer of at least 2", 2)),
};

/**
 * Unit vectors, all alike; the base of `onSphere`. No parameters.
 * @throws UsageError for less than two features.
 * @cost density O(features), sample O(features)
 * @example
 * const base = uniformSphere({ features: 2 });
 */
export function uniformSphere(options: { readonly features: number }): Distribution {
  const { features } = checkedOptions("uniformSphere", options, optionTable);
  let logGamma = features % 2 === 1 ? 0.5 * Math.log(Math.PI) : 0;
  for (let x = features % 2 === 1 ? 0.5 : 1; x < features / 2; x++) logGamma += Math.log(x);
  const logDensity = logGamma - Math.LN2 - (features / 2) * Math.log(Math.PI);
  return {
    type: "uniformSphere",
    features,
    noise: features,
    parameters: {},
    support: [-1.001, 1.001],
    region: unitVectors,
    logProb: (x) => g.select(isOnSphere(x), logDensity, Number.NEGATIVE_INFINITY),
    sample: (noise) => g.div(noise, g.sqrt(g.max(g.sum(g.square(noise)), 1e-30))),
    toJSON: () => ({ type: "uniformSphere", features }),
  };
}
