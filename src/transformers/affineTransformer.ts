/**
 * Affine transformer of RealNVP and of masked autoregressive flows (Dinh et al. 2017, eq. 8; Papamakarios et al.
 * 2017, eq. 3-4).
 *
 *     forward   y = (x - t) e^-s     log derivative -s
 *     inverse   x = y e^s + t        log derivative  s
 *
 * s is clipped softly to (-log 1000, log 1000), or to other bounds, so that no input of a network can overflow a sample.
 *
 * @see https://arxiv.org/abs/1605.08803
 * @module
 */

import * as g from "../graph/ops.ts";
import { checkedOptions, numberOf, type OptionKind, type OptionTable } from "../options.ts";
import { softClip } from "./softClip.ts";
import type { Transformer } from "./transformer.ts";

/** Options of {@link affineTransformer}. */
export interface AffineTransformerOptions {
  /** The scale e^s is above this number and below its inverse (default 0.001). */
  readonly leastSlope?: number | undefined;
}

/** Bound of slopes, above 0 and below 1. */
export const aLeastSlope: OptionKind = numberOf("between 0 and 1", (value) => value > 0 && value < 1);

const affineTransformerOptionTable: OptionTable<AffineTransformerOptions> = { leastSlope: aLeastSlope };

/**
 * The affine transformer: two parameters per feature, shift and log scale.
 * @throws UsageError for a `leastSlope` that is not between 0 and 1.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = affineTransformer();
 */
export function affineTransformer(options: AffineTransformerOptions = {}): Transformer {
  const { leastSlope = 1e-3 } = checkedOptions("affineTransformer", options, affineTransformerOptionTable);
  const largestLogScale = -Math.log(leastSlope);
  return {
    type: "affine",
    parameterCount: 2,
    forward(x, [t, logScale]) {
      const s = softClip(logScale!, largestLogScale);
      return { value: g.mul(g.sub(x, t!), g.exp(g.neg(s))), logDerivative: g.neg(s) };
    },
    inverse(y, [t, logScale]) {
      const s = softClip(logScale!, largestLogScale);
      return { value: g.add(g.mul(y, g.exp(s)), t!), logDerivative: s };
    },
    toJSON: () => ({ type: "affine", ...(leastSlope === 1e-3 ? {} : { leastSlope }) }),
  };
}
