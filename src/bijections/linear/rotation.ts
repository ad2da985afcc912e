/**
 * An orthogonal map, set from data: the rotation between two marginal Gaussianizations.
 *
 *     forward    y = Q x         logAbsDet = 0
 *     inverse    x = Q^T y       logAbsDet = 0
 *
 * Q is a statistic: whoever sets it sees to Q^T Q = I, on which the inverse and the logAbsDet rest. It may reflect, so
 * det Q is 1 or -1. Before it is fitted Q is the identity.
 *
 * Chen & Gopinath, "Gaussianization", NIPS 2000.
 *
 * Laparra, Camps-Valls & Malo (2011), "Iterative Gaussianization: from ICA to Random Rotations".
 *
 * @see https://arxiv.org/abs/1602.00229
 * @module
 */

import * as g from "../../graph/ops.ts";
import { leafOf } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link rotation}. */
export interface RotationOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
}

const rotationOptionTable: OptionTable<RotationOptions> = {
  features: required(anyNumber),
};

/**
 * Multiplication by an orthogonal matrix.
 *
 * Statistics: `rotation`, `[features, features]`, orthogonal to rounding.
 *
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = rotation({ features: 2 });
 * const values = { "bijection.rotation": Float64Array.of(0.8, -0.6, 0.6, 0.8) };
 */
export function rotation(options: RotationOptions): Bijection {
  const { features } = checkedOptions("rotation", options, rotationOptionTable);
  checkCount("rotation", "features", features);
  return {
    type: "rotation",
    features,
    context: 0,
    parameters: {
      rotation: {
        shape: [features, features],
        initializer: { kind: "identity" },
        kind: "statistics",
        used: (features * (features - 1)) / 2,
      },
    },
    forward: (x, p) => ({ value: g.linear(x, leafOf(p, "rotation")), logAbsDet: g.constant(0) }),
    inverse: (y, p) => ({
      value: g.linear(y, leafOf(p, "rotation"), undefined, { transposed: true }),
      logAbsDet: g.constant(0),
    }),
    toJSON: () => ({ type: "rotation", features }),
  };
}
