/**
 * The exponential function as far as numbers hold it: beyond |x| = reach it goes on as a straight line above and as a
 * hyperbola below, with equal value and slope, so that nothing overflows and each value has an inverse.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";

/** Where the exponential function ends unless another reach is asked for. */
export const defaultReach = 30;

/** p(x) and log p'(x). */
export function positive(x: Expr, reach: number): { readonly value: Expr; readonly logSlope: Expr } {
  const inner = g.exp(g.clamp(x, -reach, reach));
  const over = g.max(g.sub(x, reach), 0);
  const under = g.max(g.sub(-reach, x), 0);
  const value = g.div(g.mul(inner, g.add(1, over)), g.add(1, under));
  return {
    value,
    logSlope: g.sub(g.clamp(x, -reach, reach), g.mul(2, g.log1p(under))),
  };
}

/** The x with p(x) = y, for y above 0. */
export function positiveInverse(y: Expr, reach: number): Expr {
  const [top, bottom] = [Math.exp(reach), Math.exp(-reach)];
  const safe = g.max(y, 1e-17 * bottom);
  const inner = g.log(g.clamp(safe, bottom, top));
  const over = g.max(g.sub(g.div(safe, top), 1), 0);
  const under = g.max(g.sub(g.div(bottom, safe), 1), 0);
  return g.sub(g.add(inner, over), under);
}
