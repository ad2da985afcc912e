/**
 * Hyperbolic functions that lose no digits near 0, and quotients that are 0 / 0 there.
 *
 * @module
 */

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
  mul,
  neg,
  select,
  sqrt,
  square,
  sub,
} from "../ops/arithmetic.ts";
import { asExpr } from "../ops/leaves.ts";

/** Sum of two terms of one sign: no digit is lost near 0. */
export function sinh(u: Expr): Expr {
  return mul(0.5, sub(expm1(u), expm1(neg(u))));
}

/** By the positive branch on both sides, since the logarithm would cancel on the negative one. */
export function asinh(y: Expr): Expr {
  const isNegative = less(y, 0);
  const size = select(isNegative, neg(y), y);
  const image = log1p(add(size, div(square(size), add(1, sqrt(add(1, square(size)))))));
  return select(isNegative, neg(image), image);
}

/** Logarithm of the hyperbolic cosine, of numbers up to some tens. */
export function logCosh(u: Expr): Expr {
  return log(mul(0.5, add(exp(u), exp(neg(u)))));
}

/** Below it the series of {@link relativeExpm1} and {@link relativeLog1p} are right to all digits, above it their quotients. */
const small = 0.02;

function bySeries(t: Expr, coefficients: readonly number[], quotient: (t: Expr) => Expr): Expr {
  const isSmall = less(abs(t), small);
  const near = select(isSmall, t, 0);
  const series = coefficients.reduceRight<Expr>((sum, c) => add(c, mul(sum, near)), asExpr(0));
  return select(isSmall, series, quotient(select(isSmall, 1, t)));
}

/** (e^t - 1) / t, which is 1 at 0; its derivatives keep their digits there, too. */
export function relativeExpm1(t: Expr): Expr {
  const coefficients = [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880];
  return bySeries(t, coefficients, (away) => div(expm1(away), away));
}

/** log(1 + t) / t for t above -1, which is 1 at 0; its derivatives keep their digits there, too. */
export function relativeLog1p(t: Expr): Expr {
  const coefficients = Array.from({ length: 11 }, (_, k) => (k % 2 === 0 ? 1 : -1) / (k + 1));
  return bySeries(t, coefficients, (away) => div(log1p(away), away));
}
