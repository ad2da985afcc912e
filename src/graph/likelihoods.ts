/**
 * Log-densities of observations, element by element: what models of one's own are made of. `sum` adds the elements up.
 *
 * @module
 */

import { add, exp, mul, neg, softplus, square, sub } from "./arithmetic.ts";
import type { Expr } from "./expr.ts";
import { asExpr, type Value } from "./leaves.ts";

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
