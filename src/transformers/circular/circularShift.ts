/**
 * A shift around a circle (Rezende et al. 2020, section 2.1): of angles, or of other numbers between -B and B whose ends are one point.
 *
 *     inverse   x = (y - t + B) mod 2B - B      log derivative 0
 *     forward   y = (x + t + B) mod 2B - B
 *
 * t is a parameter, 0 at the start, or given: the CircularShiftTransform of zuko is `shift: B`. It keeps the order of the points
 * around the circle; on the line it has one jump.
 *
 * @see https://arxiv.org/abs/2002.02428
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, asExpr, clamp, constant, floor, mul, neg, sub } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, oneOf, positive, refuse } from "../../options.ts";
import { insideOf } from "../elementary/fixedMap.ts";
import type { Interval } from "../interval.ts";
import type { Transformer } from "../transformer.ts";

/** Options of {@link circularShift}. */
export interface CircularShiftOptions {
  /** Half of the circumference, B (default pi). */
  readonly bound?: number | undefined;
  /** The shift t (default: learned). */
  readonly shift?: number | undefined;
  /** What a number outside of the interval is: `refused` (default), no density, or `wrapped`, the point of the circle that it comes to. */
  readonly outside?: "refused" | "wrapped" | undefined;
}

const circularShiftOptionTable: OptionTable<CircularShiftOptions> = {
  bound: positive,
  shift: anyNumber,
  outside: oneOf(["refused", "wrapped"]),
};

/**
 * A shift around a circle; one parameter per feature, or none where it is given; x and y are between -B and B.
 * @throws UsageError if `bound` is not a positive number, or `shift` is not finite.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = circularShift();
 * const base = uniform({ lower: [-Math.PI, -Math.PI], upper: [Math.PI, Math.PI] });
 */
export function circularShift(options: CircularShiftOptions = {}): Transformer {
  const {
    bound = Math.PI,
    shift,
    outside = "refused",
  } = checkedOptions("circularShift", options, circularShiftOptionTable);
  const isWrapped = outside === "wrapped";
  if (shift !== undefined && !Number.isFinite(shift))
    refuse("circularShift", "shift", "a finite number", shift);
  const circle: Interval = [-bound, bound];
  const shiftOf = ([raw]: readonly Expr[]): Expr => (shift === undefined ? raw! : asExpr(shift));
  /** Brought back by whole turns; rounding must not leave it beyond the ends. */
  const turned = (angle: Expr): Expr => {
    const turns = floor(mul(add(angle, bound), 0.5 / bound));
    return clamp(sub(angle, mul(2 * bound, turns)), -bound, bound);
  };
  return {
    type: "circularShift",
    parameterCount: shift === undefined ? 1 : 0,
    ...(isWrapped ? {} : { domain: circle, codomain: circle }),
    forward: (x, parameters) => ({
      value: turned(add(x, shiftOf(parameters))),
      logDerivative: constant(0),
    }),
    inverse: (y, parameters) => ({
      value: turned(add(y, neg(shiftOf(parameters)))),
      logDerivative: isWrapped ? constant(0) : insideOf(circle, y, constant(0)),
    }),
    toJSON: () => ({
      type: "circularShift",
      bound,
      ...(shift === undefined ? {} : { shift }),
      ...(isWrapped ? { outside } : {}),
    }),
  };
}
