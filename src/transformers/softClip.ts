import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";

/**
 * x / (1 + |x| / limit): the identity near 0, bounded by the limit, monotone. It bounds the exponents of scales and
 * slopes without a flat region in which a gradient would die.
 */
export function softClip(x: Expr, limit: number): Expr {
  return g.div(x, g.add(1, g.mul(g.abs(x), 1 / limit)));
}
