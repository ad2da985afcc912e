/**
 * The hyperbolic tangent, for numbers from -1 to 1.
 *
 *     forward   y = tanh x      log derivative  log 4 - log(1 + e^2x) - log(1 + e^-2x)
 *     inverse   x = atanh y
 *
 * Near 1 a number has few digits left of its distance to 1: what lies beyond x = 15 comes back as about 15 (float32: 8).
 *
 * Haarnoja et al. (2018), "Soft Actor-Critic", appendix C, with its determinant.
 *
 * @see https://arxiv.org/abs/1801.01290
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, less, log, log1p, max, min, mul, neg, select, sub, tanh } from "../../graph/ops.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";
import { logisticLogSlope } from "./sigmoidTransformer.ts";

/** Below it a distance to the end counts as it: its logarithm is finite in float32. */
const least = 1e-30;

/** The logarithm of 1 - tanh^2. */
export function tanhLogSlope(x: Expr): Expr {
  return add(Math.log(4), logisticLogSlope(mul(2, x)));
}

/** By the positive branch on both sides; of numbers beyond 1 that of 1. */
export function atanh(y: Expr): Expr {
  const isNegative = less(y, 0);
  const size = select(isNegative, neg(y), y);
  // log(1 - y), in the form that keeps its digits on either half.
  const isNear = less(size, 0.5);
  const rest = select(isNear, log1p(neg(min(size, 0.5))), log(max(sub(1, size), least)));
  const image = mul(0.5, sub(log1p(min(size, 1)), rest));
  return select(isNegative, neg(image), image);
}

/**
 * The hyperbolic tangent; no parameters; y is from -1 to 1.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = tanhTransformer();
 */
export function tanhTransformer(): Transformer {
  return fixedMap({
    type: "tanh",
    codomain: [-1, 1],
    forward: (x) => ({ value: tanh(x), logDerivative: tanhLogSlope(x) }),
    inverse(y) {
      const x = atanh(y);
      return { value: x, logDerivative: neg(tanhLogSlope(x)) };
    },
  });
}
