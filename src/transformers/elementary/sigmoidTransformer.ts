/**
 * The logistic function, for numbers from 0 to 1; inverted it is the logit.
 *
 *     forward   y = 1 / (1 + e^-x)        log derivative -log(1 + e^x) - log(1 + e^-x)
 *     inverse   x = log y - log(1 - y)
 *
 * Near 1 a number has few digits left of its distance to 1: what lies beyond x = 30 comes back as about 30 (float32: 15).
 *
 * Dinh et al. (2017), "Density estimation using Real NVP", section 4.1, take the logit of data from 0 to 1.
 *
 * @see https://arxiv.org/abs/1605.08803
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, clamp, log, max, neg, sigmoid, softplus, sub } from "../../graph/ops.ts";
import { checkedOptions, numberOf, type OptionTable } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Below it a number counts as it: its logarithm is finite in float32. */
const least = 1e-30;

/** The logarithm of the slope of the logistic function. */
export function logisticLogSlope(x: Expr): Expr {
  return neg(add(softplus(x), softplus(neg(x))));
}

/** Options of {@link sigmoidTransformer}. */
export interface SigmoidOptions {
  /**
   * What is nearer than this to 0 or 1 counts as so far away on the way to x, from 0 (default) to 1/2: nflows has 1e-6. There it is no
   * bijection.
   */
  readonly clip?: number | undefined;
}

const sigmoidOptionTable: OptionTable<SigmoidOptions> = {
  clip: numberOf("from 0 to 1/2", (x) => x >= 0 && x < 0.5),
};

/**
 * The logistic function; no parameters; y is from 0 to 1.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = sigmoidTransformer();
 */
export function sigmoidTransformer(options: SigmoidOptions = {}): Transformer {
  const { clip = 0 } = checkedOptions("sigmoidTransformer", options, sigmoidOptionTable);
  const own = clip > 0 ? { clip } : {};
  return fixedMap({
    type: "sigmoid",
    codomain: [0, 1],
    options: own,
    forward: (x) => ({ value: sigmoid(x), logDerivative: logisticLogSlope(x) }),
    inverse(y) {
      const inside = clip > 0 ? clamp(y, clip, 1 - clip) : y;
      const x = sub(log(max(inside, least)), log(max(sub(1, inside), least)));
      return { value: x, logDerivative: neg(logisticLogSlope(x)) };
    },
  });
}
