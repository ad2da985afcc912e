/**
 * The Box-Cox transformation of numbers above 0 (Box & Cox 1964, eq. 1); here data are y and the base x:
 *
 *     inverse   x = (y^lambda - 1) / lambda, or log y for lambda = 0      log derivative (lambda - 1) log y
 *     forward   y = (1 + lambda x)^(1 / lambda)
 *
 * A power does not reach all numbers: for lambda above 0 no y gives x below -1 / lambda. So that the density is one, the
 * transformation is the paper's for y from 0.01 to 10 000; above it goes on straight, below as a hyperbola to 0, both with the slope
 * of there.
 *
 * Raw parameter: lambda - 1, clipped softly to +-2; 0 is x = y - 1.
 *
 * @see https://doi.org/10.1111/j.2517-6161.1964.tb00553.x
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { relativeExpm1, relativeLog1p } from "../../graph/library/hyperbolic.ts";
import {
  add,
  clamp,
  div,
  exp,
  lessEqual,
  log,
  log1p,
  max,
  mul,
  neg,
  select,
  sub,
  total,
} from "../../graph/ops.ts";
import { softClip } from "../softClip.ts";
import type { Transformer } from "../transformer.ts";

const [low, high] = [0.01, 1e4];
/** A number below it counts as it: its reciprocal is finite in float32. */
const least = 1e-37;
const largestChange = 2;

/** (e^(lambda l) - 1) / lambda, for any lambda. */
function powerOf(l: Expr | number, lambda: Expr): Expr {
  return mul(l, relativeExpm1(mul(lambda, l)));
}

/**
 * The Box-Cox transformation: one parameter per feature; y is above 0.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = boxCox();
 */
export function boxCox(): Transformer {
  const lambdaOf = ([raw]: readonly Expr[]): Expr => add(1, softClip(raw!, largestChange));
  return {
    type: "boxCox",
    parameterCount: 1,
    codomain: [0, Number.POSITIVE_INFINITY],
    inverse(y, parameters) {
      const lambda = lambdaOf(parameters);
      const l = log(clamp(y, low, high));
      const logSlope = mul(sub(lambda, 1), l);
      const under = max(sub(div(low, max(y, least)), 1), 0);
      const over = max(sub(y, high), 0);
      const value = total(
        powerOf(l, lambda),
        mul(exp(logSlope), over),
        neg(mul(exp(mul(lambda, Math.log(low))), under)),
      );
      const logDerivative = add(logSlope, mul(2, log1p(under)));
      return { value, logDerivative: select(lessEqual(0, y), logDerivative, Number.NEGATIVE_INFINITY) };
    },
    forward(x, parameters) {
      const lambda = lambdaOf(parameters);
      const [from, to] = [low, high].map((end) => powerOf(Math.log(end), lambda)) as [Expr, Expr];
      const inside = clamp(x, from, to);
      const l = mul(inside, relativeLog1p(mul(lambda, inside)));
      const logSlope = mul(sub(1, lambda), l);
      const under = mul(exp(mul(lambda, -Math.log(low))), max(sub(from, x), 0));
      const over = max(sub(x, to), 0);
      return {
        value: add(div(exp(l), add(1, under)), mul(exp(logSlope), over)),
        logDerivative: sub(logSlope, mul(2, log1p(under))),
      };
    },
    toJSON: () => ({ type: "boxCox" }),
  };
}
