/**
 * A log-density that trains a flow even where it, or its slope, is not a finite number for some of the samples.
 *
 * @module
 */

import { vjp } from "../../graph/derivative/reverse.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";

/** Beyond this a number counts as infinite; within float32, too. */
const huge = 1e30;
/** Length of the longest slope of one sample, in whitened coordinates, where a good approximation has about 1 a feature. */
const longestSlope = 1e4;

/**
 * A few samples of a young flow reach where a density overflows: a recursion that diverges, the exponential of a sum. Their
 * sums would be no numbers, and all other samples of the step lost with them. Here the value is at least `floor`, a slope keeps
 * its direction but not a length above 10⁴, and a sample whose value or slope is not finite is drawn back to the middle as a
 * standard normal density would.
 *
 * The slope is taken in the graph once; the result has it as its gradient with respect to what moves `w`.
 *
 * @param floor - In nats, far below what a sample of a good approximation has.
 */
export function guardedDensity(logDensity: (w: Expr) => Expr, floor: number): (w: Expr) => Expr {
  return (w) => {
    const value = logDensity(w);
    const [slope] = vjp([value], [g.constant(1)], [w]);
    const length = g.sqrt(g.sum(g.square(slope!)));
    // A comparison with what is not a number is false.
    const isNumber = g.mul(g.lessEqual(g.abs(value), huge), g.lessEqual(length, huge));
    const shortened = g.mul(slope!, g.min(1, g.div(longestSlope, g.max(length, 1))));
    const safe = g.stopGradient(g.select(isNumber, shortened, g.neg(w)));
    const along = g.sum(g.mul(safe, w));
    const bounded = g.max(g.select(isNumber, value, floor), floor);
    return g.add(g.stopGradient(g.sub(bounded, along)), along);
  };
}

/** The value alone, as a guarded density has it. */
export function guardedValue(logDensity: (w: Expr) => Expr, floor: number): (w: Expr) => Expr {
  return (w) => {
    const value = logDensity(w);
    return g.max(g.select(g.lessEqual(g.abs(value), huge), value, floor), floor);
  };
}
