/**
 * Monotone cubic spline (Steffen 1990; Durkan et al. 2019, "Cubic-spline flows", section 3).
 *
 * K bins of the box, with widths w(k), heights h(k) and slopes s(k) = h(k) / w(k) of their diagonals. The slopes at the inner knots are
 * those of Steffen, so that the spline increases whatever the bins are:
 *
 *     delta(k) = 2 min(s(k-1), s(k), p(k) / 2),   p(k) = [s(k-1) w(k) + s(k) w(k-1)] / [w(k-1) + w(k)]
 *     inverse   x = x(k) + h(k) v(xi),   v = delta(k)/s xi (1 - xi)^2 + (3 - delta(k+1)/s) xi^2 (1 - xi) + xi^3
 *     forward   by a root inside of the bin
 *
 * with the position xi of y in its bin. Raw parameters: K widths and K heights (softmax, each with a least size), then the slopes at both
 * ends: 3 s(0) and 3 s(K-1), the largest that keep it monotone, times e + (1 - e) sigmoid(raw + o). On a circle the ends are an inner knot,
 * and there are none. All zero is the identity, with root tails inside of the box: o makes the slopes at the ends 1.
 *
 * @see https://arxiv.org/abs/1906.02145
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import * as g from "../../graph/ops.ts";
import { add, div, mul, product, square, sub, total } from "../../graph/ops.ts";
import { checkedOptions, numberOf, type OptionTable, oneOf, positive } from "../../options.ts";
import { intoBin } from "../rationalQuadraticBin.ts";
import { type FeaturesMapped, mapEach, type ScalarMapped, type Transformer } from "../transformer.ts";
import {
  aBinCount,
  aLeastShare,
  checkLeastShare,
  declaredBox,
  ends,
  inBin,
  intoUnit,
  logSlopeOf,
  outOfUnit,
  shares,
  startsOf,
} from "./bins.ts";

/** Options of {@link cubicSpline}. */
export interface CubicSplineOptions {
  /** Bins K, from 2 to 256 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width B of the box (default 5). */
  readonly bound?: number | undefined;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last knot; `learned`, a straight line of that
   * slope; `identity`, as in nflows, where the slope jumps at the box. Or nothing beyond, for a map of the box onto itself: `none` with
   * learned slopes at the ends, `circular` with equal ones.
   */
  readonly tails?: "root" | "learned" | "identity" | "none" | "circular" | undefined;
  /** Least width and height of a bin, as a share of the box, 0 or more and below 1 / K (default 0.001). */
  readonly leastSize?: number | undefined;
  /** Least slope e at an end, as a share of the largest, 0 or more and below 1/3 (default 0.001; 0 in nflows). */
  readonly leastEndSlope?: number | undefined;
  /** What is added to the raw slopes at the ends, o (default: what makes the spline start as the identity; 0 in nflows). */
  readonly endOffset?: number | undefined;
}

const cubicSplineOptionTable: OptionTable<CubicSplineOptions> = {
  bins: aBinCount,
  bound: positive,
  tails: oneOf(["root", "learned", "identity", "none", "circular"]),
  leastSize: aLeastShare,
  leastEndSlope: numberOf("0 or more and below 1/3", (x) => x >= 0 && x < 1 / 3),
  endOffset: numberOf("a finite number", Number.isFinite),
};

/** A bin and the position in it, of a number or of one per feature. */
interface Place {
  /** Where the bin begins on the side of the image, and its extent there. */
  readonly start: Expr;
  readonly extent: Expr;
  /** Position in the bin, on the side of the argument. */
  readonly position: Expr;
  /** Slopes at the ends of the bin, as shares of that of its diagonal; and the logarithm of that. */
  readonly d0: Expr;
  readonly d1: Expr;
  readonly logDiagonal: Expr;
  /** Logarithms of the slopes at both ends of the box. */
  readonly logEnds: readonly [Expr, Expr];
}

/**
 * The cubic spline; 2 bins + 2 parameters per feature, 2 bins on a circle. Inverse costs O(bins); forward the same, and about 8
 * evaluations of one cubic.
 * @throws UsageError for an option out of its domain.
 * @cost inverse O(bins), forward the same and about 8 evaluations of one cubic
 * @example
 * const transformer = cubicSpline({ bins: 5 });
 */
export function cubicSpline(options: CubicSplineOptions = {}): Transformer {
  const checked = checkedOptions("cubicSpline", options, cubicSplineOptionTable);
  const { bins = 8, bound = 5, tails = "root", leastSize = 1e-3, leastEndSlope = 1e-3 } = checked;
  const { endOffset = Math.log((1 / 3 - leastEndSlope) / (2 / 3)) } = checked;
  checkLeastShare("cubicSpline", "leastSize", leastSize, bins);

  /** Slopes at all knots, of the diagonals `s` of bins of these widths. */
  const slopesOf = (
    widths: readonly Expr[],
    s: readonly Expr[],
    rawEnds: readonly Expr[],
  ): readonly Expr[] => {
    const steffen = (before: number, after: number): Expr => {
      const weighted = add(mul(s[before]!, widths[after]!), mul(s[after]!, widths[before]!));
      const p = div(weighted, add(widths[before]!, widths[after]!));
      return g.min(mul(2, g.min(s[before]!, s[after]!)), p);
    };
    const inner = Array.from({ length: bins - 1 }, (_, k) => steffen(k, k + 1));
    if (tails === "circular") {
      const joint = steffen(bins - 1, 0);
      return [joint, ...inner, joint];
    }
    const atEnd = (raw: Expr, diagonal: Expr): Expr => {
      const share = add(leastEndSlope, mul(1 - leastEndSlope, g.sigmoid(add(raw, endOffset))));
      return product(3, diagonal, share);
    };
    return [atEnd(rawEnds[0]!, s[0]!), ...inner, atEnd(rawEnds[1]!, s[bins - 1]!)];
  };

  const place = (direction: "forward" | "inverse", from: Expr, raw: readonly Expr[]): Place => {
    const widths = shares(raw.slice(0, bins), leastSize);
    const heights = shares(raw.slice(bins, 2 * bins), leastSize);
    const s = widths.map((width, k) => div(heights[k]!, width));
    const slopes = slopesOf(widths, s, raw.slice(2 * bins));
    const [side, other] = direction === "inverse" ? [widths, heights] : [heights, widths];
    const at = intoUnit(from, bound);
    const starts = startsOf(side);
    const found = inBin(at, starts, starts, side, startsOf(other), other, s, ...ends(slopes));
    const [sideStart, sideExtent, start, extent, diagonal, d0, d1] = found;
    return {
      start: start!,
      extent: extent!,
      position: intoBin(div(sub(at, sideStart!), sideExtent!)),
      d0: div(d0!, diagonal!),
      d1: div(d1!, diagonal!),
      logDiagonal: g.log(diagonal!),
      logEnds: [logSlopeOf(slopes[0]!), logSlopeOf(slopes[bins]!)],
    };
  };

  const inverse = (y: Expr, raw: readonly Expr[]): ScalarMapped => {
    const at = place("inverse", y, raw);
    const value = add(at.start, mul(at.extent, heightAt(at.position, at)));
    const logDerivative = add(at.logDiagonal, logSlopeOf(steepnessAt(at.position, at)));
    return outOfUnit("inverse", y, { value, logDerivative }, at.logEnds, { bound, tails });
  };
  /** Of a number, or of one per feature. */
  const forward = (x: Expr, at: Place): FeaturesMapped => {
    const low = mul(0, at.position);
    const slack = Number.POSITIVE_INFINITY; // Rounding may put a height at the end of its bin beyond it.
    const xi = root(low, add(low, 1), (xi) => sub(heightAt(xi, at), at.position), { slack });
    const value = add(at.start, mul(at.extent, xi));
    const logDerivative = g.neg(add(at.logDiagonal, logSlopeOf(steepnessAt(xi, at))));
    return outOfUnit("forward", x, { value, logDerivative }, at.logEnds, { bound, tails });
  };
  return {
    type: "cubicSpline",
    parameterCount: 2 * bins + (tails === "circular" ? 0 : 2),
    ...declaredBox(bound, tails),
    forward: (x, raw) => forward(x, place("forward", x, raw)),
    inverse,
    ofFeatures(direction, values, parameters) {
      if (direction === "inverse") return mapEach(values, parameters, inverse);
      const [start, extent, position, d0, d1, logDiagonal, first, last] = g.mapFeatures(
        [values, parameters!],
        ([x], raw) => {
          const { logEnds, ...rest } = place("forward", x!, raw);
          const { start, extent, position, d0, d1, logDiagonal } = rest;
          return [start, extent, position, d0, d1, logDiagonal, ...logEnds].map((each) => [each]);
        },
      ) as [Expr, Expr, Expr, Expr, Expr, Expr, Expr, Expr];
      return forward(values, { start, extent, position, d0, d1, logDiagonal, logEnds: [first, last] });
    },
    toJSON: () => ({ type: "cubicSpline", bins, bound, tails, leastSize, leastEndSlope, endOffset }),
  };
}

/** v(xi): the height in the bin as a share, in Bernstein's form, whose terms are all positive. */
function heightAt(xi: Expr, { d0, d1 }: Place): Expr {
  const rest = sub(1, xi);
  return total(product(d0, xi, square(rest)), product(sub(3, d1), square(xi), rest), product(xi, xi, xi));
}

/** Its derivative. */
function steepnessAt(xi: Expr, { d0, d1 }: Place): Expr {
  const rest = sub(1, xi);
  const middle = sub(sub(3, d0), d1);
  return total(mul(d0, square(rest)), product(2, middle, mul(xi, rest)), mul(d1, square(xi)));
}
