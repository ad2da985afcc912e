/**
 * One bin of a monotone rational-quadratic spline, both ways; the formulas are in `rationalQuadraticTransformer`.
 *
 * Positions are relative to the bin, in [0, 1]; s is the slope of its diagonal, d0 and d1 those at its ends.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";

/**
 * A position that is in [0, 1] but for rounding, brought there. The derivative is that of the position itself: a
 * clamp's own would be lost for a point that rounding puts beyond its knot.
 */
export function intoBin(position: Expr): Expr {
  return g.add(position, g.stopGradient(g.sub(g.clamp(position, 0, 1), position)));
}

/** Height over the lower corner, as a share of the bin, at position z, and the log of the slope there (eq. 4, 5). */
export function binForward(z: Expr, s: Expr, d0: Expr, d1: Expr): { share: Expr; logSlope: Expr } {
  const { logSlope, denominator } = logSlopeAt(z, s, d0, d1);
  const rise = g.mul(z, g.add(g.mul(s, z), g.mul(d0, g.sub(1, z))));
  return { share: g.div(rise, denominator), logSlope };
}

/** Position at which the height is the share v of the bin, and the log of the slope there (eq. 6-8, 29). */
export function binInverse(v: Expr, s: Expr, d0: Expr, d1: Expr): { position: Expr; logSlope: Expr } {
  // a z^2 + b z + c = 0 with c = -s v, all divided by the height of the bin.
  const bend = g.mul(v, g.sub(g.add(d0, d1), g.mul(2, s)));
  const a = g.add(bend, g.sub(s, d0));
  const b = g.sub(d0, bend);
  const sv = g.mul(s, v);
  const root = g.sqrt(g.max(g.add(g.mul(b, b), g.mul(4, g.mul(a, sv))), 1e-24));
  const isNegative = g.less(b, 0);
  const q = g.add(g.abs(b), root);
  const position = intoBin(
    g.select(isNegative, g.div(q, g.mul(2, g.select(isNegative, a, 1))), g.div(g.mul(2, sv), q)),
  );
  return { position, logSlope: logSlopeAt(position, s, d0, d1).logSlope };
}

function logSlopeAt(z: Expr, s: Expr, d0: Expr, d1: Expr): { logSlope: Expr; denominator: Expr } {
  const zc = g.sub(1, z);
  const zz = g.mul(z, zc);
  const denominator = g.add(s, g.mul(g.sub(g.add(d0, d1), g.mul(2, s)), zz));
  const numerator = g.add(g.add(g.mul(d1, g.mul(z, z)), g.mul(g.mul(2, s), zz)), g.mul(d0, g.mul(zc, zc)));
  const ratio = g.div(s, denominator);
  return { logSlope: g.log(g.mul(g.mul(ratio, ratio), numerator)), denominator };
}
