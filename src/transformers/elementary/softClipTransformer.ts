/**
 * The soft clip: the identity near 0, bounded by B, with tails that end like 1 / x.
 *
 *     forward   y = x / (1 + |x| / B)      log derivative -2 log(1 + |x| / B)
 *     inverse   x = y / (1 - |y| / B)      log derivative -2 log(1 - |y| / B)
 *
 * The SoftclipTransform of zuko.
 *
 * @see https://zuko.readthedocs.io
 * @module
 */

import { abs, add, div, log, log1p, max, mul, sub } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Options of {@link softClipTransformer}. */
export interface SoftClipOptions {
  /** Half-width B of the interval that y lies in, above 0 (default 1). */
  readonly bound?: number | undefined;
}

const softClipOptionTable: OptionTable<SoftClipOptions> = { bound: anyNumber };

/** The least share of the bound that is left: below it float32 and float64 have no digits. */
const least = 1e-30;

/**
 * The soft clip; no parameters; y is between -bound and bound.
 * @throws UsageError if `bound` is not a positive number.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = softClipTransformer({ bound: 3 });
 */
export function softClipTransformer(options: SoftClipOptions = {}): Transformer {
  const { bound = 1 } = checkedOptions("softClipTransformer", options, softClipOptionTable);
  if (!(bound > 0 && Number.isFinite(bound)))
    refuse("softClipTransformer", "bound", "a positive number", bound);
  return fixedMap({
    type: "softClip",
    codomain: [-bound, bound],
    options: { bound },
    forward(x) {
      const share = div(abs(x), bound);
      return { value: div(x, add(1, share)), logDerivative: mul(-2, log1p(share)) };
    },
    inverse(y) {
      const rest = max(sub(1, div(abs(y), bound)), least);
      return { value: div(y, rest), logDerivative: mul(-2, log(rest)) };
    },
  });
}
