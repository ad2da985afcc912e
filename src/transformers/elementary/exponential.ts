/**
 * The exponential function, for numbers above 0; inverted it is the logarithm.
 *
 *     forward   y = e^x         log derivative  x
 *     inverse   x = log y       log derivative -x
 *
 * Beyond |x| = 30, or another reach that is asked for, it goes on as a straight line above and as a hyperbola below, with equal
 * value and slope: nothing overflows, and each value has an inverse.
 *
 * The lower bound of Stan (Reference Manual, "Constraint transforms").
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html
 * @module
 */

import { neg } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";
import { defaultReach, positive, positiveInverse } from "./positive.ts";

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** Where the exponential function ends, from 1 to 600 (default 30); float32 holds no more than 80. */
  readonly reach?: number | undefined;
}

const exponentialOptionTable: OptionTable<ExponentialOptions> = { reach: anyNumber };

/**
 * The exponential function; no parameters; y is above 0.
 * @throws UsageError if `reach` is not from 1 to 600.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = exponential();
 */
export function exponential(options: ExponentialOptions = {}): Transformer {
  const { reach } = checkedOptions("exponential", options, exponentialOptionTable);
  const end = reach ?? defaultReach;
  if (!(end >= 1 && end <= 600)) refuse("exponential", "reach", "from 1 to 600", reach);
  return fixedMap({
    type: "exponential",
    codomain: [0, Number.POSITIVE_INFINITY],
    options: reach === undefined ? {} : { reach },
    forward(x) {
      const { value, logSlope } = positive(x, end);
      return { value, logDerivative: logSlope };
    },
    inverse(y) {
      const x = positiveInverse(y, end);
      return { value: x, logDerivative: neg(positive(x, end).logSlope) };
    },
  });
}
