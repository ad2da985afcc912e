/**
 * Piecewise quadratic spline (Müller et al. 2019, section 4.2): a density that is a straight line in each of K bins, whose widths are
 * learned.
 *
 *     inverse   x = c(k) + w(k) [h(k) alpha + (h(k+1) - h(k)) alpha^2 / 2]     dx/dy = h(k) + (h(k+1) - h(k)) alpha     (eq. 11-13)
 *     forward   alpha = 2 q / [h(k) + sqrt(h(k)^2 + 2 (h(k+1) - h(k)) q)],  q = (x - c(k)) / w(k)
 *
 * in units in which the box of half-width B is [0, 1], on both sides; alpha is the position of y in its bin as a share, w(k) the width,
 * h(k) the density at the knot and c(k) the area before it. The root is in the form that does not cancel.
 *
 * Raw parameters: K widths (a softmax, each at least `leastWidth`), then K + 1 heights: 0.001 + softplus, divided by the area, of which
 * the share `leastHeight` is the uniform density. With identity tails or unit ends there are K - 1, and those at the ends are such that
 * the slope there is 1; on a circle there are K, and the last knot is the first. All zero is the identity, with root tails inside the box.
 *
 * @see https://arxiv.org/abs/1808.03856
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf, positive } from "../../options.ts";
import { intoBin } from "../rationalQuadraticBin.ts";
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
  logSlopeOf,
  outOfUnit,
  shares,
  startsOf,
  sumOf,
} from "./bins.ts";

/** Options of {@link quadraticSpline}. */
export interface QuadraticSplineOptions {
  /** Bins K, from 2 to 256 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width B of the box (default 5). */
  readonly bound?: number | undefined;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last knot; `learned`, a straight line of that
   * slope; `identity`. Or nothing beyond, for a map of the box onto itself: `none` with learned slopes at the ends, `circular` with
   * equal ones, `unit` with slopes of 1.
   */
  readonly tails?: Tails | undefined;
  /** Least width of a bin, as a share of the box, 0 or more and below 1 / K (default 0.001). */
  readonly leastWidth?: number | undefined;
  /** Share of the uniform density, 0 or more and below 1 (default 0.001). */
  readonly leastHeight?: number | undefined;
  /**
   * How the slopes at ends that are not learned are found: `unit` (default), so that they are 1; `nflows`, as in nflows 0.14, which
   * counts half of the areas of the outer bins, so that they are near to 1.
   */
  readonly ends?: "unit" | "nflows" | undefined;
}

const quadraticSplineOptionTable: OptionTable<QuadraticSplineOptions> = {
  bins: aBinCount,
  bound: positive,
  tails: oneOf(["root", "learned", "identity", "none", "circular", "unit"]),
  leastWidth: aLeastShare,
  leastHeight: aLeastShare,
  ends: oneOf(["unit", "nflows"]),
};

/** Added to the softplus of a raw height, as in the code of Durkan et al. */
const leastRawHeight = 1e-3;

/**
 * The quadratic spline; 2 bins + 1 parameters per feature, 2 bins - 1 with identity tails or unit ends, 2 bins on a circle.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(bins), inverse O(bins)
 * @example
 * const transformer = quadraticSpline({ bins: 5 });
 */
export function quadraticSpline(options: QuadraticSplineOptions = {}): Transformer {
  const {
    bins = 8,
    bound = 5,
    tails = "root",
    leastWidth = 1e-3,
    leastHeight = 1e-3,
    ends: endSlopes = "unit",
  } = checkedOptions("quadraticSpline", options, quadraticSplineOptionTable);
  checkLeastShare("quadraticSpline", "leastWidth", leastWidth, bins);
  const hasUnitEnds = tails === "identity" || tails === "unit";

  /** Densities at the knots before they are divided by the area. */
  const rawHeights = (raw: readonly Expr[], widths: readonly Expr[]): readonly Expr[] => {
    const inner = raw.map((value) => g.add(g.softplus(value), leastRawHeight));
    if (tails === "circular") return [...inner, inner[0]!];
    if (!hasUnitEnds) return inner;
    // The height c at both ends equals the area, which is half of c times the outer widths and what the inner heights add.
    const outer = endSlopes === "unit" ? 0.5 : 0.25;
    const [first, last] = [g.mul(outer, widths[0]!), g.mul(outer, widths[bins - 1]!)];
    const middle = trapezoids(inner, widths.slice(1, -1));
    const area = sumOf([g.mul(first, inner[0]!), g.mul(last, inner[bins - 2]!), ...middle]);
    const end = g.div(area, g.sub(g.sub(1, first), last));
    return [end, ...inner, end];
  };

  const through = (direction: "forward" | "inverse", from: Expr, raw: readonly Expr[]): ScalarMapped => {
    const isInverse = direction === "inverse";
    const widths = shares(raw.slice(0, bins), leastWidth);
    const unnormalized = rawHeights(raw.slice(bins), widths);
    const area = sumOf(trapezoids(unnormalized, widths));
    const heights = unnormalized.map((height) =>
      g.add(leastHeight, g.mul(1 - leastHeight, g.div(height, area))),
    );
    const areas = trapezoids(heights, widths);
    const [left, right] = ends(heights);
    const [locations, before] = [startsOf(widths), startsOf(areas)];
    const at = intoUnit(from, bound);
    const found = inBin(at, isInverse ? locations : before, locations, widths, before, left, right);
    const [location, width, c, h0, h1] = found as [Expr, Expr, Expr, Expr, Expr];
    const rise = g.sub(h1, h0);
    /** dx/dy at a position, which is between the heights of the two knots. */
    const slopeAt = (alpha: Expr): Expr => g.add(h0, g.mul(rise, alpha));
    const logEnds = [logSlopeOf(heights[0]!), logSlopeOf(heights[bins]!)] as const;
    if (isInverse) {
      const alpha = intoBin(g.div(g.sub(at, location), width));
      const value = g.add(c, g.mul(g.mul(width, alpha), g.add(h0, g.mul(0.5, g.mul(rise, alpha)))));
      const inside = { value, logDerivative: logSlopeOf(slopeAt(alpha)) };
      return outOfUnit(direction, from, inside, logEnds, { bound, tails });
    }
    const q = g.div(g.sub(at, c), width);
    // The square of the slope at the solution; rounding must not make it negative.
    const squared = g.max(g.add(g.square(h0), g.mul(2, g.mul(rise, q))), 1e-30);
    const alpha = intoBin(g.div(g.mul(2, q), g.add(h0, g.sqrt(squared))));
    const inside = {
      value: g.add(location, g.mul(width, alpha)),
      logDerivative: g.neg(logSlopeOf(slopeAt(alpha))),
    };
    return outOfUnit(direction, from, inside, logEnds, { bound, tails });
  };
  return {
    type: "quadraticSpline",
    parameterCount: 2 * bins + (hasUnitEnds ? -1 : tails === "circular" ? 0 : 1),
    ...declaredBox(bound, tails),
    forward: (x, raw) => through("forward", x, raw),
    inverse: (y, raw) => through("inverse", y, raw),
    toJSON: () => ({
      type: "quadraticSpline",
      bins,
      bound,
      tails,
      leastWidth,
      leastHeight,
      ...(endSlopes === "unit" ? {} : { ends: endSlopes }),
    }),
  };
}

/** Areas under straight lines between heights at knots. */
function trapezoids(heights: readonly Expr[], widths: readonly Expr[]): readonly Expr[] {
  return widths.map((width, k) => g.mul(g.mul(0.5, width), g.add(heights[k]!, heights[k + 1]!)));
}
