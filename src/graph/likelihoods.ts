/**
 * Log-densities of observations, element by element: what models of one's own are made of. `sum` adds the elements up.
 *
 * @module
 */

import { add, div, erf, exp, less, log, max, mul, neg, select, softplus, square, sub } from "./arithmetic.ts";
import type { Expr } from "./expr.ts";
import { asExpr, type Value } from "./leaves.ts";
import { logGamma } from "./logGamma.ts";

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * Log-probability, in nats, of x in {0, 1} that is 1 with probability sigmoid(logit): x logit - log(1 + e^logit). Without
 * overflow for any logit; for x between 0 and 1 it is the negative cross entropy.
 */
export function bernoulliLogProb(x: Value, logit: Value): Expr {
  const value = asExpr(logit);
  return sub(mul(x, value), softplus(value));
}

/** Log-density, in nats, of a normal variable with this mean and the standard deviation e^logScale. */
export function normalLogProb(x: Value, mean: Value, logScale: Value): Expr {
  const scale = asExpr(logScale);
  const z = mul(sub(x, mean), exp(neg(scale)));
  return neg(add(add(mul(0.5, square(z)), scale), halfLogTwoPi));
}

/** Log-probability, in nats, of a count (0, 1, 2, ...) that is Poisson distributed with the mean e^logRate. */
export function poissonLogProb(count: Value, logRate: Value): Expr {
  const rate = asExpr(logRate);
  return sub(sub(mul(count, rate), exp(rate)), logGamma(add(count, 1)));
}

/** Where the tail begins. */
const tail = -4;

/**
 * Logarithm of the standard normal distribution function, as in a probit model, without underflow for any x.
 *
 * Below -4 by the continued fraction of Mills' ratio, Phi(-t) = phi(t) / (t + 1/(t + 2/(t + 3/(t + ...)))) (Abramowitz & Stegun
 * 26.2.14), whose 24th approximant is off by about e^-39 there.
 */
export function normalLogCdf(x: Value): Expr {
  const value = asExpr(x);
  const t = max(neg(value), -tail);
  let fraction: Expr = t;
  for (let k = 24; k > 0; k--) fraction = add(t, div(k, fraction));
  const far = neg(add(add(mul(0.5, square(t)), log(fraction)), halfLogTwoPi));
  const near = log(mul(0.5, add(1, erf(div(max(value, tail), Math.SQRT2)))));
  return select(less(value, tail), far, near);
}
