/**
 * Normal distribution with a mean and a scale for each feature: x = m + e^s noise.
 *
 * @module
 */

import { checkCount, leafOf, trained } from "../bijections/bijection.ts";
import * as g from "../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, required } from "../options.ts";
import type { Distribution } from "./distribution.ts";

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

const diagonalNormalOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * Independent normal features with trained means and log scales, standard at the start.
 * @throws ShapeError if `features` is not a positive integer.
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
        features * halfLogTwoPi,
      );
    },
    sample: (noise, p) => g.add(leafOf(p, "mean"), g.mul(noise, g.exp(leafOf(p, "logScale")))),
    toJSON: () => ({ type: "diagonalNormal", features }),
  };
}
