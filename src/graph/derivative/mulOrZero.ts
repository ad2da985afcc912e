/**
 * A product in which zero wins. Derivatives are made of it; what people write is in `arithmetic.ts`.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { apply } from "../ops/arithmetic.ts";
import type { Value } from "../ops/leaves.ts";

/**
 * a * b, but 0 where b is 0, whatever a is: what a partial derivative does to a cotangent that is 0 where a branch is not taken. Its
 * derivatives are those of the product, and keep what is not finite out, too.
 */
export function mulOrZero(a: Value, b: Value): Expr {
  return apply("mulOrZero", a, b);
}
