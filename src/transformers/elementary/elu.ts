/**
 * The exponential linear unit: x above 0, and below it an exponential that ends at -alpha.
 *
 *     forward   y = x where x >= 0, else alpha (e^x - 1)          log derivative 0, else  log alpha + x
 *     inverse   x = y where y >= 0, else log(1 + y / alpha)       log derivative 0, else -log alpha - x
 *
 * Clevert, Unterthiner, Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units", eq. 15.
 *
 * @see https://arxiv.org/abs/1511.07289
 * @module
 */

import { add, div, expm1, less, log1p, max, min, mul, neg, select } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Options of {@link elu}. */
export interface EluOptions {
  /** Minus the number at which it ends, above 0 (default 1, where its slope is continuous). */
  readonly alpha?: number | undefined;
}

const eluOptionTable: OptionTable<EluOptions> = { alpha: anyNumber };

/** The number next to 1 below it, in float32: 1 less it has a logarithm. */
const nearOne = 1 - 2 ** -24;

/**
 * The exponential linear unit; no parameters; y is above -alpha.
 * @throws UsageError if `alpha` is not a positive number.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = elu();
 */
export function elu(options: EluOptions = {}): Transformer {
  const { alpha = 1 } = checkedOptions("elu", options, eluOptionTable);
  if (!(alpha > 0 && Number.isFinite(alpha))) refuse("elu", "alpha", "a positive number", alpha);
  const logAlpha = Math.log(alpha);
  return fixedMap({
    type: "elu",
    codomain: [-alpha, Number.POSITIVE_INFINITY],
    options: { alpha },
    forward(x) {
      const isBelow = less(x, 0);
      const under = min(x, 0);
      return {
        value: select(isBelow, mul(alpha, expm1(under)), x),
        logDerivative: select(isBelow, add(logAlpha, under), 0),
      };
    },
    inverse(y) {
      const isBelow = less(y, 0);
      const under = log1p(max(div(min(y, 0), alpha), -nearOne));
      return {
        value: select(isBelow, under, y),
        logDerivative: select(isBelow, neg(add(logAlpha, under)), 0),
      };
    },
  });
}
