/**
 * Reductions of a vector that sums alone do not give: its maximum, and the logarithm of a sum of exponentials.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape } from "../expr.ts";
import { abs, add, exp, less, log, max, select, stopGradient, sub } from "../ops/arithmetic.ts";
import { checkExpressions } from "../ops/leaves.ts";
import { reshape, slice } from "../ops/moves.ts";
import { sum } from "../ops/sums.ts";

/** The largest element of a vector, a scalar. NaN if one is. */
export function maximum(a: Expr): Expr {
  checkExpressions("maximum", a);
  if (a.shape.length !== 1)
    throw new ShapeError({
      where: "maximum",
      subject: "the value",
      expected: "a vector",
      received: formatShape(a.shape),
    });
  let rest = a;
  for (let count = a.shape[0]!; count > 1; count = rest.shape[0]!) {
    // Two halves that overlap where the count is odd: the maximum does not mind.
    const half = Math.ceil(count / 2);
    rest = max(slice(rest, 0, half), slice(rest, count - half, count));
  }
  return reshape(rest, []);
}

/**
 * log(sum(e^a)) of a vector, a scalar, without overflow; -Infinity where all elements are, +Infinity where one is. Its
 * derivative at such an infinity is that of the largest element.
 */
export function logSumExp(a: Expr): Expr {
  checkExpressions("logSumExp", a);
  const largest = maximum(a);
  const hasTop = less(abs(largest), Number.POSITIVE_INFINITY);
  // Infinity less itself must not reach the result.
  const top = select(hasTop, stopGradient(largest), 0);
  return select(hasTop, add(log(sum(exp(sub(a, top)))), top), largest);
}
