/**
 * The logistic function, for numbers from 0 to 1; inverted it is the logit.
 *
 *     forward   y = 1 / (1 + e^-x)        log derivative -log(1 + e^x) - log(1 + e^-x)
 *     inverse   x = log y - log(1 - y)
 *
 * Near 1 a number has few digits left of its distance to 1: what lies beyond x = 30 comes back as about 30 (float32: 15).
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, log, max, neg, sigmoid, softplus, sub } from "../../graph/ops.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Below it a number counts as it: its logarithm is finite in float32. */
const least = 1e-30;

/** The logarithm of the slope of the logistic function. */
export function logisticLogSlope(x: Expr): Expr {
  return neg(add(softplus(x), softplus(neg(x))));
}

/**
 * The logistic function; no parameters; y is from 0 to 1.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = sigmoidTransformer();
 */
export function sigmoidTransformer(): Transformer {
  return fixedMap({
    type: "sigmoid",
    codomain: [0, 1],
    forward: (x) => ({ value: sigmoid(x), logDerivative: logisticLogSlope(x) }),
    inverse(y) {
      const x = sub(log(max(y, least)), log(max(sub(1, y), least)));
      return { value: x, logDerivative: neg(logisticLogSlope(x)) };
    },
  });
}
