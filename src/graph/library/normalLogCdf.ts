/**
 * The logarithm of the normal distribution function and what its tail is made of: for x of 0 or more the hazard h(x) = phi(x) / Phi(-x) is
 * x and the mean excess m(x) over it, and log Phi(-x) = log phi(x) - log h(x). Its derivatives are made of h'(x) = h(x) m(x), of which no digits
 * cancel; those of m'(x) = h(x) m(x) - 1 by itself do for large x.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import {
  add,
  apply,
  exp,
  less,
  log,
  log1p,
  min,
  mul,
  neg,
  select,
  square,
  total,
} from "../ops/arithmetic.ts";
import { asExpr, type Value } from "../ops/leaves.ts";

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** log Phi(-x) of x of 0 or more, its hazard there, and the excess of that over x. */
export function normalTail(x: Expr): {
  readonly logShare: Expr;
  readonly hazard: Expr;
  readonly excess: Expr;
} {
  const excess = apply("normalExcess", x);
  const hazard = add(x, excess);
  return { logShare: neg(total(log(hazard), halfLogTwoPi, mul(0.5, square(x)))), hazard, excess };
}

/** log Phi(x) and log Phi(-x) of a finite x, for the price of one. */
export function normalLogTails(x: Expr): { readonly lower: Expr; readonly upper: Expr } {
  const isLower = less(x, 0);
  const small = normalTail(select(isLower, neg(x), x)).logShare;
  const large = log1p(neg(exp(small)));
  return { lower: select(isLower, small, large), upper: select(isLower, large, small) };
}

/**
 * Logarithm of the standard normal distribution function, as in a probit model: within some roundings of its value, for any x
 * and precision, and so are its derivatives.
 */
export function normalLogCdf(x: Value): Expr {
  const value = asExpr(x);
  const isLower = less(value, 0);
  // |x|, and its derivatives at 0 too are those of the side that 0 is on.
  const size = select(isLower, neg(value), value);
  const upper = log1p(neg(exp(normalTail(min(size, 60)).logShare)));
  return select(isLower, normalTail(size).logShare, upper);
}
