/**
 * One bin of a monotone rational-quadratic spline, both ways, in the letters of Durkan et al. (2019, section 3.1), whose g goes
 * from x to y:
 *
 *     xi = (x - x(k)) / (x(k+1) - x(k))     position in the bin, in [0, 1]
 *     s  = (y(k+1) - y(k)) / (x(k+1) - x(k))     slope of its diagonal
 *     d0, d1     the derivatives delta(k), delta(k+1) at its ends
 *     v  = (y - y(k)) / (y(k+1) - y(k))     height in the bin, in [0, 1]
 *
 * In this library the paper's x is the side of the data and its y that of the base, so that g is the inverse.
 *
 * @see https://arxiv.org/abs/1906.04032
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { abs, add, div, log, mul, product, select, sqrt, square, sub, total } from "../graph/ops.ts";
import type { ScalarMapped } from "./transformer.ts";

/**
 * A position that is in [0, 1] but for rounding, brought there. The derivative is that of the position itself: a
 * clamp's own would be lost for a point that rounding puts beyond its knot.
 */
export function intoBin(position: Expr): Expr {
  return add(position, g.stopGradient(sub(g.clamp(position, 0, 1), position)));
}

/** Data to base: the height v at the position xi, and the logarithm of dy/dx there, in the units of the whole bin. */
export function binInverse(xi: Expr, s: Expr, d0: Expr, d1: Expr): ScalarMapped {
  const { logSlope, denominator } = slopeAt(xi, s, d0, d1);
  const numerator = mul(xi, add(mul(s, xi), mul(d0, sub(1, xi)))); // eq. 4, divided by y(k+1) - y(k)
  return { value: div(numerator, denominator), logDerivative: logSlope };
}

/** Base to data: the position xi at which the height is v, and the logarithm of dx/dy there. */
export function binForward(v: Expr, s: Expr, d0: Expr, d1: Expr): ScalarMapped {
  // a xi^2 + b xi + c = 0, all divided by y(k+1) - y(k)
  const bend = mul(v, sub(add(d0, d1), mul(2, s)));
  const a = add(bend, sub(s, d0)); // eq. 6
  const b = sub(d0, bend); // eq. 7
  const sv = mul(s, v); // -c, eq. 8
  // The discriminant is a square times a positive number: the bound keeps rounding from making it negative.
  const root = sqrt(g.max(add(square(b), product(4, mul(a, sv))), 1e-24));
  // Eq. 29 for b >= 0. For b < 0 it would cancel: there a > s > 0, and the other form of the same root is taken.
  const isNegative = g.less(b, 0);
  const q = add(abs(b), root);
  const xi = select(isNegative, div(q, mul(2, select(isNegative, a, 1))), div(mul(2, sv), q));
  const position = intoBin(xi);
  return { value: position, logDerivative: g.neg(slopeAt(position, s, d0, d1).logSlope) };
}

/** The logarithm of dy/dx at the position xi, and the denominator of y. */
function slopeAt(xi: Expr, s: Expr, d0: Expr, d1: Expr): { logSlope: Expr; denominator: Expr } {
  const rest = sub(1, xi);
  const across = mul(xi, rest); // xi (1 - xi)
  const denominator = add(s, mul(sub(add(d0, d1), mul(2, s)), across)); // of eq. 4
  const numerator = total(mul(d1, square(xi)), product(2, s, across), mul(d0, square(rest))); // of eq. 5
  return { logSlope: log(mul(square(div(s, denominator)), numerator)), denominator };
}
