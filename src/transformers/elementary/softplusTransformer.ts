/**
 * Softplus, for numbers above 0 that are like x where they are large.
 *
 *     forward   y = log(1 + e^x)           log derivative -log(1 + e^-x)
 *     inverse   x = y + log(1 - e^-y)      log derivative  log(1 + e^-x)
 *
 * Dugas et al. (2001), "Incorporating second-order functional knowledge for better option pricing".
 *
 * @module
 */

import { add, expm1, log, max, neg, softplus } from "../../graph/ops.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Below it a number counts as it: its logarithm is finite in float32. */
const least = 1e-30;

/**
 * Softplus; no parameters; y is above 0.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = softplusTransformer();
 */
export function softplusTransformer(): Transformer {
  return fixedMap({
    type: "softplus",
    codomain: [0, Number.POSITIVE_INFINITY],
    forward: (x) => ({ value: softplus(x), logDerivative: neg(softplus(neg(x))) }),
    inverse(y) {
      const size = max(y, least);
      const x = add(size, log(neg(expm1(neg(size)))));
      return { value: x, logDerivative: softplus(neg(x)) };
    },
  });
}
