import type { Expr } from "../../graph/expr.ts";
import { abs, lessEqual, square, sub, sum } from "../../graph/ops.ts";

/** What the features of a point of a sphere obey. */
export const unitVectors = "unit vectors";

/** How far from 1 the square of a length may be: twice as far as the length. */
const tolerance = 2e-3;

/** Whether a point is on the sphere, a scalar. */
export function isOnSphere(point: Expr): Expr {
  return lessEqual(abs(sub(sum(square(point)), 1)), tolerance);
}
