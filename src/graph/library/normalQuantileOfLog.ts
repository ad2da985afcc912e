/**
 * The normal quantile of a logarithm: for probabilities of any smallness.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import {
  add,
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
  // From log Phi(x) ~ -x^2 / 2 - log(-x) - log(2 pi) / 2 - 1 / x^2.
  const w = sub(mul(-2, low), Math.log(2 * Math.PI));
  const v = sub(w, log(w));
  const start = sqrt(sub(w, add(log(v), div(2, v))));
  const quantile = neg(normalQuantile(exp(max(min(l, -Math.LN2), deep))));
  const size = max(select(less(l, deep), start, quantile), 0);
  // One of Halley's steps, which has all digits after a start that is off by 1e-4.
  const { logShare, hazard, excess } = normalTail(size);
  const newton = div(sub(logShare, l), hazard);
  const step = div(newton, add(1, mul(mul(0.5, excess), newton)));
  // The derivative is one over the hazard there, which changes by itself times the excess.
  const slope = stopGradient(mul(hazard, add(1, mul(excess, step))));
  return sub(div(sub(l, stopGradient(l)), slope), stopGradient(add(size, step)));
}
