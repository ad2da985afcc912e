/**
 * The logarithm of the gamma function.
 *
 * @module
 */

import { logTwoPi } from "../../numerics/constants.ts";
import type { Expr } from "../expr.ts";
import { add, div, less, log, max, min, mul, select, square, sub } from "../ops/arithmetic.ts";
import { asExpr, type Value } from "../ops/leaves.ts";

/** Where Stirling's series begins; its terms below leave an error of 1e-12 there. */
const start = 8;
/** Coefficients of y^-1, y^-3, ... in Stirling's series (Abramowitz & Stegun 6.1.40). */
const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360];

/** What Stirling's formula, (y - 1/2) log y - y + log(2 pi) / 2, leaves of log Gamma(y), for y of at least 8. */
export function stirlingRest(y: Expr): Expr {
  const inverse = div(1, y);
  const squared = square(inverse);
  let tail: Expr = asExpr(series[series.length - 1]!);
  for (let i = series.length - 2; i >= 0; i--) tail = add(series[i]!, mul(squared, tail));
  return mul(inverse, tail);
}

/**
 * log Gamma(x), element by element, for x above 0; NaN at and below 0. Its derivative, the digamma function, and those of
 * higher order follow.
 */
export function logGamma(x: Value): Expr {
  const value = asExpr(x);
  const isSmall = less(value, start);
  // Gamma(x + 8) = x (x + 1) ... (x + 7) Gamma(x).
  const small = min(value, start);
  let product: Expr = small;
  for (let k = 1; k < start; k++) product = mul(product, add(small, k));
  const y = max(add(value, select(isSmall, start, 0)), start);
  const stirling = add(add(sub(mul(sub(y, 0.5), log(y)), y), 0.5 * logTwoPi), stirlingRest(y));
  const shift = log(select(less(0, value), select(isSmall, product, 1), Number.NaN));
  return sub(stirling, shift);
}
