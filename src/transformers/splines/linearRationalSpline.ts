/**
 * Monotone linear-rational spline (Fuhr & Kallay 1992; Dolatabadi et al. 2020, section 4): each of K bins is two fractions of straight
 * lines, that meet at a share lambda of the bin, so that both directions are closed and none needs a root.
 *
 * In the letters of the paper, whose g goes from x to y, here from data to base, with the position phi = (x - x(k)) / (x(k+1) - x(k)):
 *
 *     phi <= lambda   y = [w(k) y(k) (lambda - phi) + w(m) y(m) phi] / [w(k) (lambda - phi) + w(m) phi]               (eq. 8)
 *     phi >  lambda   y = [w(m) y(m) (1 - phi) + w(k+1) y(k+1) (phi - lambda)] / [w(m) (1 - phi) + w(k+1) (phi - lambda)]
 *     w(k) = 1,  w(k+1) = sqrt(delta(k) / delta(k+1)),  w(m) = (lambda w(k) delta(k) + (1 - lambda) w(k+1) delta(k+1)) / s   (alg. 1)
 *     y(m) = [(1 - lambda) w(k) y(k) + lambda w(k+1) y(k+1)] / [(1 - lambda) w(k) + lambda w(k+1)]
 *
 * s is the slope of the bin's diagonal, delta(k) the derivatives at the knots. Raw parameters: K widths, K heights (softmax, each at
 * least `leastSize`), K shares lambda (a sigmoid, from 0.025 to 0.975), then K + 1 log slopes, clipped softly to +-log 1000; K - 1 with
 * identity tails or unit ends, K on a circle. All zero is the identity, with root tails inside of the box.
 *
 * @see https://arxiv.org/abs/2001.05168
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { add, div, log, mul, product, select, square, sub } from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf, positive } from "../../options.ts";
import { aLeastSlope } from "../affineTransformer.ts";
import { intoBin } from "../rationalQuadraticBin.ts";
import { softClip } from "../softClip.ts";
import type { Tails } from "../splineTails.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";
import {
  aBinCount,
  aLeastShare,
  checkLeastShare,
  declaredBox,
  ends,
  inBin,
  intoUnit,
  outOfUnit,
  shares,
  startsOf,
} from "./bins.ts";

/** Options of {@link linearRationalSpline}. */
export interface LinearRationalSplineOptions {
  /** Bins K, from 2 to 256 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width B of the box (default 5). */
  readonly bound?: number | undefined;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last knot; `learned`, a straight line of that
   * slope; `identity`, as in the paper. Or nothing beyond, for a map of the box onto itself: `none` with learned slopes at the ends,
   * `circular` with equal ones, `unit` with slopes of 1.
   */
  readonly tails?: Tails | undefined;
  /** Least width and height of a bin, as a share of the box, 0 or more and below 1 / K (default 0.001). */
  readonly leastSize?: number | undefined;
  /** Slopes at the knots are above this number and below its inverse (default 0.001). */
  readonly leastSlope?: number | undefined;
}

const linearRationalSplineOptionTable: OptionTable<LinearRationalSplineOptions> = {
  bins: aBinCount,
  bound: positive,
  tails: oneOf(["root", "learned", "identity", "none", "circular", "unit"]),
  leastSize: aLeastShare,
  leastSlope: aLeastSlope,
};

/** How near to the ends of its bin the point may be at which the two fractions meet, as in the code of Dolatabadi et al. */
const leastLambda = 0.025;

/**
 * The linear-rational spline; 4 bins + 1 parameters per feature, 4 bins - 1 with identity tails or unit ends, 4 bins on a circle.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(bins), inverse O(bins)
 * @example
 * const transformer = linearRationalSpline({ bins: 5 });
 */
export function linearRationalSpline(options: LinearRationalSplineOptions = {}): Transformer {
  const {
    bins = 8,
    bound = 5,
    tails = "root",
    leastSize = 1e-3,
    leastSlope = 1e-3,
  } = checkedOptions("linearRationalSpline", options, linearRationalSplineOptionTable);
  checkLeastShare("linearRationalSpline", "leastSize", leastSize, bins);
  const hasUnitEnds = tails === "identity" || tails === "unit";
  const largest = -Math.log(leastSlope);
  const logSlopesOf = (raw: readonly Expr[]): readonly Expr[] => {
    // Slopes at the ends of root tails are bounded more, as those of the rational-quadratic spline are.
    const isEnd = (k: number): boolean => tails === "root" && (k === 0 || k === bins);
    const clipped = raw.map((value, k) => softClip(value, isEnd(k) ? largest / 3 : largest));
    if (hasUnitEnds) return [g.constant(0), ...clipped, g.constant(0)];
    return tails === "circular" ? [...clipped, clipped[0]!] : clipped;
  };
  const through = (direction: "forward" | "inverse", from: Expr, raw: readonly Expr[]): ScalarMapped => {
    const isInverse = direction === "inverse";
    const widths = shares(raw.slice(0, bins), leastSize);
    const heights = shares(raw.slice(bins, 2 * bins), leastSize);
    const logSlopes = logSlopesOf(raw.slice(3 * bins));
    const [side, other] = isInverse ? [widths, heights] : [heights, widths];
    const at = intoUnit(from, bound);
    const starts = startsOf(side);
    const found = inBin(
      at,
      starts,
      starts,
      side,
      startsOf(other),
      other,
      raw.slice(2 * bins, 3 * bins),
      ...ends(logSlopes),
    );
    const [start, extent, otherStart, otherExtent, rawLambda, log0, log1] = found;
    const position = intoBin(div(sub(at, start!), extent!));
    const [width, height] = isInverse ? [extent!, otherExtent!] : [otherExtent!, extent!];
    const lambda = add(leastLambda, mul(1 - 2 * leastLambda, g.sigmoid(rawLambda!)));
    const fractions = fractionsOf(lambda, div(height, width), log0!, log1!);
    const inBinOf = isInverse ? toBase : toData;
    const { value: share, logDerivative } = inBinOf(position, fractions);
    const value = add(otherStart!, mul(otherExtent!, share));
    const logEnds = [logSlopes[0]!, logSlopes[bins]!] as const;
    return outOfUnit(direction, from, { value, logDerivative }, logEnds, { bound, tails });
  };
  return {
    type: "linearRationalSpline",
    parameterCount: 4 * bins + (hasUnitEnds ? -1 : tails === "circular" ? 0 : 1),
    ...declaredBox(bound, tails),
    forward: (x, raw) => through("forward", x, raw),
    inverse: (y, raw) => through("inverse", y, raw),
    toJSON: () => ({ type: "linearRationalSpline", bins, bound, tails, leastSize, leastSlope }),
  };
}

/** The two fractions of one bin, with y(k) = 0, y(k+1) = 1 and w(k) = 1. */
interface Fractions {
  readonly lambda: Expr;
  /** Slope of the bin's diagonal. */
  readonly s: Expr;
  readonly wm: Expr;
  readonly w1: Expr;
  /** Height at which they meet, and what is left above it. */
  readonly ym: Expr;
  readonly rest: Expr;
}

/** Weights and middle of a bin. */
function fractionsOf(lambda: Expr, s: Expr, log0: Expr, log1: Expr): Fractions {
  const across = sub(1, lambda);
  const w1 = g.exp(mul(0.5, sub(log0, log1)));
  // w(k+1) delta(k+1) is the geometric mean of the two derivatives.
  const mean = g.exp(mul(0.5, add(log0, log1)));
  const wm = div(add(mul(lambda, g.exp(log0)), mul(across, mean)), s);
  const total = add(across, mul(lambda, w1));
  return { lambda, s, wm, w1, ym: div(mul(lambda, w1), total), rest: div(across, total) };
}

/** Data to base: the height at the position phi, and the logarithm of dy/dx there. */
function toBase(phi: Expr, { lambda, s, wm, w1, ym, rest }: Fractions): ScalarMapped {
  const isLeft = g.lessEqual(phi, lambda);
  // Left: from 0 at phi = 0; right: 1 less what is left at 1 - phi, in the same form.
  const near = select(isLeft, phi, sub(1, phi));
  const far = select(isLeft, sub(lambda, phi), sub(phi, lambda));
  const denominator = add(mul(select(isLeft, 1, w1), far), mul(wm, near));
  const height = div(product(wm, select(isLeft, ym, rest), near), denominator);
  const slope = product(s, wm, select(isLeft, mul(lambda, ym), product(sub(1, lambda), w1, rest)));
  return {
    value: select(isLeft, height, sub(1, height)),
    logDerivative: log(div(slope, square(denominator))),
  };
}

/** Base to data: the position at which the height is y, and the logarithm of dx/dy there. */
function toData(y: Expr, { lambda, s, wm, w1, ym, rest }: Fractions): ScalarMapped {
  const isLeft = g.lessEqual(y, ym);
  const near = select(isLeft, y, sub(1, y));
  const far = select(isLeft, sub(ym, y), sub(y, ym));
  const weight = select(isLeft, lambda, mul(w1, sub(1, lambda)));
  const denominator = add(mul(wm, far), mul(select(isLeft, 1, w1), near));
  const share = div(mul(weight, near), denominator);
  const slope = product(wm, weight, select(isLeft, ym, rest));
  return {
    value: intoBin(select(isLeft, share, sub(1, share))),
    logDerivative: log(div(slope, mul(s, square(denominator)))),
  };
}
