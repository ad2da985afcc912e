/**
 * The hyperbolic tangent inside of |x| = m, and a straight line with its slope beyond, so that it takes and gives any number; the
 * LeakyTanh of FlowJAX.
 *
 *     forward   y = tanh x                                  for |x| <= m
 *               y = tanh m + (x - m) (1 - tanh^2 m)         for x > m, and so on the other side
 *
 * @see https://danielward27.github.io/flowjax/
 * @module
 */

import { clamp, neg, tanh } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";
import { atanh, tanhLogSlope } from "./tanhTransformer.ts";

/** Options of {@link leakyTanh}. */
export interface LeakyTanhOptions {
  /** Where the straight line begins, above 0 and up to 8 (default 3). */
  readonly from?: number | undefined;
}

const leakyTanhOptionTable: OptionTable<LeakyTanhOptions> = { from: anyNumber };

/**
 * The leaky hyperbolic tangent; no parameters.
 * @throws UsageError if `from` is not above 0 and up to 8, where its slope is 4e-7.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = leakyTanh({ from: 1.5 });
 */
export function leakyTanh(options: LeakyTanhOptions = {}): Transformer {
  const { from = 3 } = checkedOptions("leakyTanh", options, leakyTanhOptionTable);
  if (!(from > 0 && from <= 8)) refuse("leakyTanh", "from", "above 0 and up to 8", from);
  const end = Math.tanh(from);
  return fixedMap({
    type: "leakyTanh",
    options: { from },
    forward(x) {
      const inside = clamp(x, -from, from);
      return straightBeyond(x, inside, { value: tanh(inside), logDerivative: tanhLogSlope(inside) });
    },
    inverse(y) {
      const inside = clamp(y, -end, end);
      const x = atanh(inside);
      return straightBeyond(y, inside, { value: x, logDerivative: neg(tanhLogSlope(x)) });
    },
  });
}
