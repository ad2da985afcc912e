/**
 * The tail transform flow's map (Hickling & Prangle 2025, eq. 6): a normal number becomes one with a tail of learned index on each
 * side.
 *
 *     forward   y = s / lambda [erfc(|x| / sqrt 2)^-lambda - 1]                 s = sign(x)
 *     inverse   |x| = -Phi^-1(e^-l / 2),  l = log(1 + lambda |y|) / lambda
 *     log derivative of forward: log(2 / pi) / 2 - x^2 / 2 + (lambda + 1) l,     l = -log erfc(|x| / sqrt 2)
 *
 * The tail of y falls off like y^(-1 / lambda). lambda is one number below 0 and one above. From |x| = 8 on, where a normal tail is
 * 1e-15, the map goes on straight, with the slope of there. Shift and scale are those of an affine transformer beside it.
 *
 * Raw parameters: below 0 and above, log(lambda / 0.1), clipped softly to +-log 10: lambda is between 0.01 and 1. The map is not the
 * identity for any of them: with lambda near 0 its tails are exponential.
 *
 * @see https://arxiv.org/abs/2406.16971
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { relativeExpm1 } from "../../graph/library/hyperbolic.ts";
import { normalTail } from "../../graph/library/normalLogCdf.ts";
import {
  add,
  div,
  exp,
  less,
  log1p,
  min,
  mul,
  neg,
  normalQuantile,
  select,
  square,
  sub,
} from "../../graph/ops.ts";
import { softClip } from "../softClip.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

const reach = 8;
/** -log erfc(reach / sqrt 2). */
const deepest = 34.320289979354605;
const usualIndex = 0.1;
const largestLogChange = Math.log(10);
const halfLogTwoOverPi = 0.5 * Math.log(2 / Math.PI);

/** -log erfc(x / sqrt 2) for x at least 0. */
function depthOf(x: Expr): Expr {
  return neg(add(Math.LN2, normalTail(x).logShare));
}

/** log derivative of forward at a number of size x. */
function logSlope(x: Expr, depth: Expr, index: Expr): Expr {
  return add(sub(halfLogTwoOverPi, mul(0.5, square(x))), mul(add(index, 1), depth));
}

/**
 * The tail transform: two parameters per feature, the indices of its tails.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = tailTransform();
 */
export function tailTransform(): Transformer {
  const onEachSide = (
    at: Expr,
    [below, above]: readonly Expr[],
    map: (size: Expr, index: Expr) => ScalarMapped,
  ): ScalarMapped => {
    const isNegative = less(at, 0);
    const raw = select(isNegative, below!, above!);
    const index = exp(add(Math.log(usualIndex), softClip(raw, largestLogChange)));
    const { value, logDerivative } = map(select(isNegative, neg(at), at), index);
    return { value: select(isNegative, neg(value), value), logDerivative };
  };
  return {
    type: "tailTransform",
    parameterCount: 2,
    forward: (x, parameters) =>
      onEachSide(x, parameters, (size, index) => {
        const inside = min(size, reach);
        const depth = depthOf(inside);
        return straightBeyond(size, inside, {
          value: mul(depth, relativeExpm1(mul(index, depth))),
          logDerivative: logSlope(inside, depth, index),
        });
      }),
    inverse: (y, parameters) =>
      onEachSide(y, parameters, (size, index) => {
        const inside = min(size, mul(deepest, relativeExpm1(mul(index, deepest))));
        const depth = div(log1p(mul(index, inside)), index);
        const x = neg(normalQuantile(mul(0.5, exp(neg(depth)))));
        return straightBeyond(size, inside, {
          value: x,
          logDerivative: neg(logSlope(x, depth, index)),
        });
      }),
    toJSON: () => ({ type: "tailTransform" }),
  };
}
