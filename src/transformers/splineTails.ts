/**
 * How a spline goes on outside its box, with the slope d of its last knot, so that it is once differentiable everywhere and any
 * real number has an image. With x = B + e on the side of the data and y on that of the base,
 *
 *     root tails       y = B + sqrt(1 + 2 d e) - 1       dy/dx = d / sqrt(1 + 2 d e)
 *     straight tails   y = B + d e                       dy/dx = d, learned, or 1 with identity tails
 *
 * A root goes on straight where its slope has fallen to d / 10.
 *
 * Why a root: with straight tails the log-density of a row far out falls with the square of its distance times the slopes
 * of all transforms in a chain, which few rows have taught. One row at 60 deviations then costs more than thousands of
 * others earn, and among the held-out rows it ends a training at once. With root tails it costs about its distance d e, from
 * 50 on a hundredth of the square, and less with every further transform; all moments exist.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { abs, add, clamp, div, exp, less, log, mul, select, sqrt, sub } from "../graph/ops.ts";
import { softClip } from "./softClip.ts";
import type { ScalarMapped } from "./transformer.ts";

/** A root tail is straight from where its slope has fallen by this factor, so that no number overflows on the way back. */
const flattening = 10;

/**
 * What a spline does beyond its box: a square root, a straight line of learned slope, or the identity; or it has none, as a map of the
 * box onto itself, with learned slopes at the ends, with equal ones, as on a circle, or with slopes of 1.
 */
export type Tails = "root" | "learned" | "identity" | "none" | "circular" | "unit";

/** Whether a spline is a map of its box alone. */
export function isBoxed(tails: Tails): boolean {
  return tails === "none" || tails === "circular" || tails === "unit";
}

/**
 * The inner value inside the box, and what goes on with the slope of the last knot outside.
 * @param logSlopes - Logarithms of dy/dx at the knots, not clipped; the first and the last are read.
 * @param bound - Half-width B of the box.
 * @param logSlope - Logarithm of the largest slope.
 */
export function withTails(
  direction: "forward" | "inverse",
  at: Expr,
  inside: ScalarMapped,
  logSlopes: readonly Expr[],
  {
    bound,
    tails,
    logSlope: largest,
  }: { readonly bound: number; readonly tails: Tails; readonly logSlope: number },
): ScalarMapped {
  const isInside = g.lessEqual(abs(at), bound);
  if (tails === "identity")
    return {
      value: select(isInside, inside.value, at),
      logDerivative: select(isInside, inside.logDerivative, 0),
    };
  if (isBoxed(tails)) {
    // The rounding of a point at the end of the box must not take it out of the box of what follows.
    const value = clamp(inside.value, -bound, bound);
    return direction === "forward"
      ? { value, logDerivative: inside.logDerivative }
      : { value, logDerivative: select(isInside, inside.logDerivative, Number.NEGATIVE_INFINITY) };
  }
  const isAbove = less(0, at);
  const raw = select(isAbove, logSlopes[logSlopes.length - 1]!, logSlopes[0]!);
  const logSlope = mul(direction === "inverse" ? 1 : -1, softClip(raw, largest));
  // The excess over the box is 0 inside, so that the tail is finite wherever it is not taken.
  const excess = sub(at, clamp(at, -bound, bound));
  const edge = select(isAbove, bound, -bound);
  const slope = exp(logSlope);
  const tail =
    tails === "learned"
      ? { value: mul(excess, slope), logDerivative: logSlope }
      : direction === "inverse"
        ? rootTail(excess, slope, logSlope)
        : inverseRootTail(excess, slope, logSlope);
  return {
    value: select(isInside, inside.value, add(edge, tail.value)),
    logDerivative: select(isInside, inside.logDerivative, tail.logDerivative),
  };
}

/** Data to base: sqrt(1 + 2 d e) - 1, in the form that does not cancel, and from where it is flattest on a straight line. */
function rootTail(e: Expr, d: Expr, logSlope: Expr): ScalarMapped {
  const line = mul(d, e);
  const reach = 0.5 * (flattening ** 2 - 1);
  const bent = clamp(line, -reach, reach);
  const root = sqrt(add(1, mul(2, abs(bent))));
  return {
    value: add(div(mul(2, bent), add(1, root)), div(sub(line, bent), root)),
    logDerivative: sub(logSlope, log(root)),
  };
}

/** Base to data: the inverse of {@link rootTail}, h + h^2 / 2 times the slope 1 / d, and the straight line. */
function inverseRootTail(h: Expr, slope: Expr, logSlope: Expr): ScalarMapped {
  const bent = clamp(h, 1 - flattening, flattening - 1);
  const size = abs(bent);
  const root = add(1, size);
  const line = add(mul(bent, add(1, mul(0.5, size))), mul(sub(h, bent), root));
  return { value: mul(line, slope), logDerivative: add(logSlope, log(root)) };
}
