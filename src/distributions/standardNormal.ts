/**
 * Standard normal distribution: log p(x) = -|x|^2 / 2 - n log(2 pi) / 2.
 *
 * @module
 */

import { checkCount } from "../bijections/bijection.ts";
import * as g from "../graph/ops.ts";
import type { Distribution } from "./distribution.ts";

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * Independent standard normal features.
 * @throws ShapeError if `features` is not a positive integer.
 */
export function standardNormal({ features }: { readonly features: number }): Distribution {
  checkCount("standardNormal", "features", features);
  return {
    type: "standardNormal",
    features,
    noise: features,
    parameters: {},
    logProb: (x) => g.sub(g.mul(-0.5, g.sum(g.square(x))), features * halfLogTwoPi),
    sample: (noise) => noise,
    toJSON: () => ({ type: "standardNormal", features }),
  };
}
