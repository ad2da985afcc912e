/**
 * The angle of a point of the plane, from the operations that there are.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { abs, add, cos, div, less, max, min, mul, select, sin, square, sub } from "../ops/arithmetic.ts";

/** A length below which a point has the angle 0. */
const least = 1e-30;

/**
 * The angle of (x, y), from -pi to pi, element by element; of the point 0 it is 0. A rational guess within 0.004 is turned back to the axis, and what is left
 * is a series of which three terms have all digits.
 */
export function atan2(y: Expr, x: Expr): Expr {
  const [height, width] = [abs(y), abs(x)];
  const size = max(max(height, width), least);
  const [up, along] = [div(height, size), div(width, size)];
  // Of the smaller to the larger, from 0 to 1.
  const ratio = min(up, along);
  const guess = mul(ratio, add(Math.PI / 4, mul(0.273, sub(1, ratio))));
  const isSteep = less(along, up);
  const start = select(isSteep, sub(Math.PI / 2, guess), guess);
  const [c, s] = [cos(start), sin(start)];
  const rest = div(sub(mul(up, c), mul(along, s)), max(add(mul(along, c), mul(up, s)), least));
  const u = square(rest);
  const first = add(start, mul(rest, add(1, mul(u, add(-1 / 3, mul(u, 1 / 5))))));
  const half = select(less(x, 0), sub(Math.PI, first), first);
  return select(less(y, 0), mul(-1, half), half);
}
