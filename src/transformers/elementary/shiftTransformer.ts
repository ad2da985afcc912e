/**
 * The additive transformer of NICE (Dinh et al. 2015, section 3.2): volumes stay as they are.
 *
 *     forward   y = x + t      log derivative 0
 *     inverse   x = y - t      log derivative 0
 *
 * @see https://arxiv.org/abs/1410.8516
 * @module
 */

import { add, constant, sub } from "../../graph/ops.ts";
import type { Transformer } from "../transformer.ts";

/**
 * The additive transformer: one parameter per feature, its shift.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = shiftTransformer();
 */
export function shiftTransformer(): Transformer {
  return {
    type: "shift",
    parameterCount: 1,
    forward: (x, [t]) => ({ value: add(x, t!), logDerivative: constant(0) }),
    inverse: (y, [t]) => ({ value: sub(y, t!), logDerivative: constant(0) }),
    toJSON: () => ({ type: "shift" }),
  };
}
