/**
 * Lambert W x Gaussian: heavy tails by an exponential of the square (Goerg 2015, eq. 4 and 10), one weight on each side.
 *
 *     forward   y = x e^(delta x^2 / 2)                       log derivative  delta x^2 / 2 + log(1 + delta x^2)
 *     inverse   x = y e^(-W(delta y^2) / 2)
 *
 * W is Lambert's function. The tail of y falls off like y^(-1 / delta). From delta x^2 / 2 = 30 on the map is a straight line, before
 * an exponential overflows.
 *
 * Raw parameters: for numbers below 0 and above it, log(delta / 0.05), clipped softly to +-5: delta is between 0.0003 and 7.4. All
 * zero is near the identity.
 *
 * G. M. Goerg, "The Lambert way to Gaussianize heavy-tailed data with the inverse of Tukey's h transformation as a special case",
 * The Scientific World Journal (2015), https://doi.org/10.1155/2015/909231
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { lambertW } from "../../graph/library/lambertW.ts";
import { abs, add, exp, less, log1p, min, mul, neg, select, square } from "../../graph/ops.ts";
import { softClip } from "../softClip.ts";
import type { Transformer } from "../transformer.ts";

/** Exponent delta x^2 / 2 from which the map is straight. */
const reach = 30;
const usualWeight = 0.05;
const largestLogChange = 5;

/**
 * The transformer of Lambert W x Gaussian: two parameters per feature, weights of its tails.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = lambertWTransformer();
 */
export function lambertWTransformer(): Transformer {
  const weightAt = (at: Expr, [below, above]: readonly Expr[]): Expr => {
    const raw = select(less(at, 0), below!, above!);
    return exp(add(Math.log(usualWeight), softClip(raw, largestLogChange)));
  };
  return {
    type: "lambertW",
    parameterCount: 2,
    forward(x, parameters) {
      // The largest weight brings x = 4 to the end, the least one x = 500: sizes beyond 1e4 need no square.
      const weight = weightAt(x, parameters);
      const exponent = min(mul(0.5, mul(weight, square(min(abs(x), 1e4)))), reach);
      const isStraight = less(exponent, reach);
      return {
        value: mul(x, exp(exponent)),
        logDerivative: add(exponent, select(isStraight, log1p(mul(2, exponent)), 0)),
      };
    },
    inverse(y, parameters) {
      const weight = weightAt(y, parameters);
      // 1e17 is where the least weight ends, whose square float32 holds.
      const end = 2 * reach * Math.exp(2 * reach);
      const product = min(mul(weight, square(min(abs(y), 1e17))), end);
      const exponent = min(mul(0.5, lambertW(product)), reach);
      const isInside = less(product, end);
      const straight = select(isInside, exponent, reach);
      return {
        value: mul(y, exp(neg(straight))),
        logDerivative: neg(add(straight, select(isInside, log1p(mul(2, exponent)), 0))),
      };
    },
    toJSON: () => ({ type: "lambertW" }),
  };
}
