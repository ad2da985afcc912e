/**
 * Log-densities of observations, element by element: what models of one's own are made of. `sum` adds the elements up.
 *
 * @module
 */

import { logTwoPi } from "../../numerics/constants.ts";
import type { Expr } from "../expr.ts";
import {
  abs,
  add,
  div,
  exp,
  expm1,
  less,
  log,
  log1p,
  max,
  mul,
  neg,
  select,
  softplus,
  square,
  sub,
} from "../ops/arithmetic.ts";
import { asExpr, type Value } from "../ops/leaves.ts";
import { logGamma, stirlingRest } from "./logGamma.ts";

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
  return neg(add(add(mul(0.5, square(z)), scale), 0.5 * logTwoPi));
}

/** From this count on, Stirling's series gives the factorial. */
const many = 8;

/**
 * Log-probability, in nats, of a count (0, 1, 2, ...) that is Poisson distributed with the mean e^logRate: within some roundings
 * of its terms, not of count log(count), which a large count would lose its digits in (Loader 2000, "Fast and accurate
 * computation of binomial probabilities").
 */
export function poissonLogProb(count: Value, logRate: Value): Expr {
  const [n, rate] = [asExpr(count), asExpr(logRate)];
  const few = sub(sub(mul(n, rate), exp(rate)), logGamma(add(n, 1)));
  // n (e^r - 1 - r) with r = logRate - log n, plus log(n! e^n / n^n). Near 0, e^r - 1 has more digits than r, which ends in
  // the last one of log n.
  const large = max(n, many);
  const r = sub(rate, log(large));
  const excess = div(sub(exp(rate), large), large);
  const nearDeviation = sub(excess, log1p(excess));
  const deviation = mul(large, select(less(abs(r), 0.5), nearDeviation, sub(expm1(r), r)));
  const factorial = add(mul(0.5, log(mul(2 * Math.PI, large))), stirlingRest(large));
  return select(less(n, many), few, neg(add(deviation, factorial)));
}
