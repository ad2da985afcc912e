/**
 * Powers: here, so that who needs none does not load them.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { div, exp, log, mul, square } from "../ops/arithmetic.ts";
import { asExpr, constant, type Value } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";

/** a^b, for a above 0; for any a where b is a whole number up to 16, written as such. */
export function pow(a: Value, b: Value): Expr {
  if (typeof b === "number" && Number.isInteger(b) && Math.abs(b) <= 16) return wholePower(asExpr(a), b);
  return exp(mul(b, log(a)));
}

function wholePower(a: Expr, power: number): Expr {
  if (power < 0) return div(1, wholePower(a, -power));
  if (power === 0) return broadcastTo(constant(1), a.shape);
  if (power === 1) return a;
  const root = square(wholePower(a, Math.floor(power / 2)));
  return power % 2 === 1 ? mul(root, a) : root;
}
