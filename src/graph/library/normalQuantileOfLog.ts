/**
 * The normal quantile of a logarithm: for probabilities of any smallness.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import {
  div,
  exp,
  less,
  log,
  max,
  min,
  mul,
  neg,
  normalQuantile,
  select,
  sqrt,
  stopGradient,
  sub,
} from "../ops/arithmetic.ts";
import { normalTail } from "./normalLogCdf.ts";

/** Logarithm below which the probability itself is too small for its quantile: float32 holds e^-80. */
const deep = -40;

/**
 * The x with log Phi(x) = l, for l at most log(1/2): x is at most 0. Its first derivative is exact, higher ones are not.
 */
export function normalQuantileOfLog(l: Expr): Expr {
  const low = min(l, deep);
  // From log Phi(x) ~ -x^2 / 2 - log(-x) - log(2 pi) / 2.
  const w = sub(mul(-2, low), Math.log(2 * Math.PI));
  const start = neg(sqrt(sub(w, log(sub(w, log(w))))));
  const quantile = normalQuantile(exp(max(min(l, -Math.LN2), deep)));
  let x = select(less(l, deep), start, quantile);
  // Newton's steps; the last one alone gives the derivative of the solution.
  for (let k = 0; k < 3; k++) {
    const from = min(stopGradient(x), 0);
    const { logCdf, logHazard } = normalTail(from);
    x = sub(from, div(sub(logCdf, l), exp(logHazard)));
  }
  return x;
}
