/**
 * Independent features around 0, some uniform and the others normal, as for angles beside other numbers: the UniformGaussian of
 * normflows.
 *
 *     log p(x) = -sum of log s_i (uniform) - sum of (x_i / s_i)^2 / 2 + log s_i + log(2 pi) / 2 (normal)
 *     x_i = s_i (Phi(noise_i) - 1/2) (uniform), s_i noise_i (normal)
 *
 * A uniform feature is an angle, of which whole turns more are the same: its density is that of the circle at any number.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { checkedOptions, numbers, type OptionTable, refuse, required } from "../../options.ts";
import type { Distribution } from "../distribution.ts";
import { normalShare } from "../normalShare.ts";

/** Options of {@link uniformNormal}. */
export interface UniformNormalOptions {
  /** The deviation of each normal feature, the width of each uniform one. */
  readonly scale: readonly number[];
  /** Which features are uniform, counted from 0. */
  readonly uniform: readonly number[];
}

const uniformNormalOptionTable: OptionTable<UniformNormalOptions> = {
  scale: required(numbers),
  uniform: required(numbers),
};

/**
 * Independent features, some uniform and the others normal; nothing is trained.
 * @throws UsageError for scales that are not positive, ShapeError for features that there are not.
 * @cost density O(features), sample O(features)
 * @example
 * const base = uniformNormal({ scale: [1, 6.3], uniform: [1] });
 */
export function uniformNormal(options: UniformNormalOptions): Distribution {
  const where = "uniformNormal";
  const { scale, uniform } = checkedOptions(where, options, uniformNormalOptionTable);
  const features = scale.length;
  if (features === 0 || !scale.every((value) => value > 0 && Number.isFinite(value)))
    refuse(where, "scale", "a positive number for each feature", scale);
  if (
    new Set(uniform).size !== uniform.length ||
    !uniform.every((place) => Number.isSafeInteger(place) && place >= 0 && place < features)
  )
    throw new ShapeError({
      where,
      subject: "uniform",
      expected: `some of 0 to ${features - 1}, each once`,
      received: `[${uniform.join(", ")}]`,
    });
  const flags = scale.map((_, i) => Number(uniform.includes(i)));
  const normals = features - uniform.length;
  const level = -scale.reduce((sum, value) => sum + Math.log(value), 0) - 0.5 * normals * logTwoPi;
  const scales = g.constant([...scale]);
  const isUniform = g.constant(flags);
  return {
    type: "uniformNormal",
    features,
    noise: features,
    parameters: {},
    logProb(x: Expr) {
      const deviations = g.select(isUniform, 0, g.div(x, scales));
      return g.sub(level, g.mul(0.5, g.sum(g.square(deviations))));
    },
    sample: (noise) => g.mul(scales, g.select(isUniform, g.sub(normalShare(noise), 0.5), noise)),
    toJSON: () => ({ type: "uniformNormal", scale, uniform }),
  };
}
