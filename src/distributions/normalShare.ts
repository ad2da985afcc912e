/**
 * The normal distribution function, as an expression: what makes uniform noise of normal noise.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";

/** The normal distribution function. */
export const normalShare = (noise: Expr): Expr => g.mul(0.5, g.add(1, g.erf(g.mul(noise, Math.SQRT1_2))));

/**
 * The item whose running sums of weights, before and after it, hold a level; the last one of what rounding leaves above.
 * @param level - From 0 to 1, a scalar.
 * @param weights - `[n]`, of a sum of 1.
 * @param items - n values of one shape.
 */
export function pickedItem(level: Expr, weights: Expr, items: readonly Expr[]): Expr {
  let sum: Expr = g.constant(0);
  const bounds = items.slice(1).map((_, k) => {
    sum = g.add(sum, g.reshape(g.slice(weights, k, k + 1), []));
    return sum;
  });
  return bounds.reduceRight(
    (rest, bound, k) => g.select(g.less(level, bound), items[k]!, rest),
    items.at(-1)!,
  );
}
