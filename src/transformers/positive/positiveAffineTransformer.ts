/**
 * Affine transformer whose scale is a sigmoid, as in the gates of Kingma et al. (2016, eq. 14) and in Glow (2018), a softplus, or an
 * exponential that is not clipped.
 *
 *     inverse   x = y s + t          log derivative  log s
 *     forward   y = (x - t) / s      log derivative -log s
 *
 *     s = e + sigmoid(a + o)     or     s = e + softplus(a + o)     or     s = e + exp(a + o)
 *
 * Raw parameters: t and a. The least scale e keeps s above 0. A sigmoid keeps it below 1 + e, so that no sample can be far more
 * concentrated than its base; an offset o of 2 lets it start near 1. The exponential of an e of 1 is one over a sigmoid.
 *
 * @see https://arxiv.org/abs/1606.04934, https://arxiv.org/abs/1807.03039
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, numberOf, type OptionTable, oneOf } from "../../options.ts";
import type { Transformer } from "../transformer.ts";

/** Options of {@link positiveAffineTransformer}. */
export interface PositiveAffineOptions {
  /** What makes the scale positive (default `softplus`). */
  readonly scale?: "exponential" | "sigmoid" | "softplus" | undefined;
  /** What is added to the raw parameter (default 0). */
  readonly offset?: number | undefined;
  /** What is added to the scale, from 0 to 1 (default 0.001). With 0 a scale may come to 0 by rounding. */
  readonly leastSlope?: number | undefined;
}

const positiveAffineOptionTable: OptionTable<PositiveAffineOptions> = {
  scale: oneOf(["exponential", "sigmoid", "softplus"]),
  offset: numberOf("a finite number", Number.isFinite),
  leastSlope: numberOf("a number from 0 to 1", (x) => x >= 0 && x <= 1),
};

/**
 * The affine transformer with a positive scale: two parameters per feature, shift and raw scale.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = positiveAffineTransformer();
 */
export function positiveAffineTransformer(options: PositiveAffineOptions = {}): Transformer {
  const {
    scale = "softplus",
    offset = 0,
    leastSlope = 1e-3,
  } = checkedOptions("positiveAffineTransformer", options, positiveAffineOptionTable);
  const positive = { exponential: g.exp, sigmoid: g.sigmoid, softplus: g.softplus }[scale];
  const scaleOf = (raw: Expr): Expr => g.add(positive(g.add(raw, offset)), leastSlope);
  /** Where nothing is added, the logarithm of an exponential is known without rounding. */
  const logScaleOf = (raw: Expr, s: Expr): Expr =>
    scale === "exponential" && leastSlope === 0 ? g.add(raw, offset) : g.log(s);
  return {
    type: "positiveAffine",
    parameterCount: 2,
    forward(x, [t, raw]) {
      const s = scaleOf(raw!);
      return { value: g.div(g.sub(x, t!), s), logDerivative: g.neg(logScaleOf(raw!, s)) };
    },
    inverse(y, [t, raw]) {
      const s = scaleOf(raw!);
      return { value: g.add(g.mul(y, s), t!), logDerivative: logScaleOf(raw!, s) };
    },
    toJSON: () => ({ type: "positiveAffine", scale, offset, leastSlope }),
  };
}
