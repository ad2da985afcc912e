/**
 * The logarithm of the normal distribution function and what its tail is made of.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { add, div, exp, less, log, log1p, max, mul, neg, select, square, sub } from "../ops/arithmetic.ts";
import { asExpr, type Value } from "../ops/leaves.ts";

/**
 * Coefficients of Chebyshev polynomials T_0, T_1, ... of 2 t - 1, for log(erfc(z) e^(z^2) / t) with t = 2 / (2 + z), z >= 0:
 * that is smooth up to t = 0, where z is infinite. Interpolated at 64 nodes with mpmath 1.3.0 at 40 digits; what is left out
 * adds up to 1e-21, and to 1e-15 in second derivatives.
 */
const chebyshev = [
  -0.651326859890855, 0.64196979235649, 0.0194764732041858, -0.00956151478680863, -0.000946595344482037,
  0.000366839497852761, 4.25233248069078e-5, -2.02785781125342e-5, -1.62429000464703e-6, 1.30365583558052e-6,
  1.56264417220661e-8, -8.52380959149265e-8, 6.52905443909885e-9, 5.05934349555147e-9, -9.91364156493033e-10,
  -2.27365122293184e-10, 9.64679110201553e-11, 2.39403808303911e-12, -6.88602752649755e-12,
  8.94487927309073e-13, 3.13092139934296e-13, -1.12708223613673e-13, 3.81090525518923e-16,
  7.10609761360924e-15, -1.5230282014571e-15, -9.45749457129123e-17, 1.21023718922428e-16,
  -2.81666308774718e-17, 5.0030055594459e-20, 2.32810425795293e-18, -8.44607768250901e-19,
  7.37684089322791e-20, 5.96960802260784e-20, -2.79233133393885e-20,
];

/** The polynomials' sum at 2 t - 1, by Clenshaw's recurrence. */
function chebyshevSum(t: Expr): Expr {
  const x = sub(mul(2, t), 1);
  const twice = mul(2, x);
  let [last, before]: [Expr, Expr] = [asExpr(0), asExpr(0)];
  for (let k = chebyshev.length - 1; k > 0; k--)
    [last, before] = [add(sub(mul(twice, last), before), chebyshev[k]!), last];
  return add(sub(mul(x, last), before), chebyshev[0]!);
}

/** log Phi(x) + x^2 / 2 for x at most 0. */
function scaledTail(x: Expr): Expr {
  const z = mul(x, -Math.SQRT1_2);
  const t = div(2, add(2, z));
  return add(log(mul(0.5, t)), chebyshevSum(t));
}

/** log Phi(x) for x at most 0. */
function lowerTail(x: Expr): Expr {
  return sub(scaledTail(x), mul(0.5, square(x)));
}

/** log Phi(x), and the logarithm of its derivative, for finite x at most 0. */
export function normalTail(x: Expr): { readonly logCdf: Expr; readonly logHazard: Expr } {
  const scaled = scaledTail(x);
  return {
    logCdf: sub(scaled, mul(0.5, square(x))),
    logHazard: sub(-0.5 * Math.log(2 * Math.PI), scaled),
  };
}

/** log Phi(x) and log Phi(-x) of a finite x, for the price of one. */
export function normalLogTails(x: Expr): { readonly lower: Expr; readonly upper: Expr } {
  const isLower = less(x, 0);
  const small = lowerTail(select(isLower, x, neg(x)));
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
  // -|x|, and its derivatives at 0 too are those of the side that 0 is on.
  const tail = select(isLower, value, neg(value));
  const upper = log1p(neg(exp(lowerTail(max(tail, -60)))));
  return select(isLower, lowerTail(tail), upper);
}
