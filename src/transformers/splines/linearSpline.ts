/**
 * Piecewise linear spline (Müller et al. 2019, section 4.1): a density that is constant in each of K bins of equal width.
 *
 *     inverse   x = sum of q(j) over j < k, + alpha q(k)         dx/dy = K q(k)         (eq. 9, 10)
 *     forward   alpha = (x - sum of q(j) over j < k) / q(k)
 *
 * in units in which the box of half-width B is [0, 1], on both sides; k is the bin of y, alpha its position there as a share of the
 * bin, and q a softmax of K raw parameters, each at least `leastHeight`. All zero is the identity, with root tails inside of the box.
 *
 * It is continuous and its slope is not: the density jumps from bin to bin. A linear spline of a box is one of a circle, too.
 *
 * @see https://arxiv.org/abs/1808.03856
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf, positive } from "../../options.ts";
import { intoBin } from "../rationalQuadraticBin.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";
import {
  aBinCount,
  aLeastShare,
  checkLeastShare,
  declaredBox,
  inBin,
  intoUnit,
  logShares,
  logSlopeOf,
  outOfUnit,
  shares,
  startsOf,
} from "./bins.ts";

/** Options of {@link linearSpline}. */
export interface LinearSplineOptions {
  /** Bins K, from 2 to 256 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width B of the box (default 5). */
  readonly bound?: number | undefined;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last bin; `learned`, a straight line of that
   * slope; `identity`, as in other libraries; or `none`, for a map of the box onto itself.
   */
  readonly tails?: "root" | "learned" | "identity" | "none" | undefined;
  /** Least share q of a bin, 0 or more and below 1 / K (default 0.001; 0 in nflows). */
  readonly leastHeight?: number | undefined;
}

const linearSplineOptionTable: OptionTable<LinearSplineOptions> = {
  bins: aBinCount,
  bound: positive,
  tails: oneOf(["root", "learned", "identity", "none"]),
  leastHeight: aLeastShare,
};

/**
 * The linear spline; `bins` parameters per feature.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(bins), inverse O(bins)
 * @example
 * const transformer = linearSpline({ bins: 5 });
 */
export function linearSpline(options: LinearSplineOptions = {}): Transformer {
  const {
    bins = 8,
    bound = 5,
    tails = "root",
    leastHeight = 1e-3,
  } = checkedOptions("linearSpline", options, linearSplineOptionTable);
  checkLeastShare("linearSpline", "leastHeight", leastHeight, bins);
  const widths = Array.from({ length: bins }, () => g.constant(1 / bins));
  const through = (direction: "forward" | "inverse", from: Expr, raw: readonly Expr[]): ScalarMapped => {
    const isInverse = direction === "inverse";
    const heights = shares(raw, leastHeight);
    const [side, other] = isInverse ? [widths, heights] : [heights, widths];
    const at = intoUnit(from, bound);
    const starts = startsOf(side);
    // Where no least share is asked for, the logarithm of a share is known where the share itself has no digits.
    const logSlopes =
      leastHeight > 0
        ? heights.map((height) => logSlopeOf(g.mul(height, bins)))
        : logShares(raw).map((share) => g.add(share, Math.log(bins)));
    const found = inBin(at, starts, starts, side, startsOf(other), other, logSlopes);
    const [start, extent, otherStart, otherExtent, logSlope] = found as [Expr, Expr, Expr, Expr, Expr];
    const share = intoBin(g.div(g.sub(at, start), g.max(extent, 1e-30)));
    return outOfUnit(
      direction,
      from,
      {
        value: g.add(otherStart, g.mul(otherExtent, share)),
        logDerivative: isInverse ? logSlope : g.neg(logSlope),
      },
      [logSlopes[0]!, logSlopes[bins - 1]!],
      { bound, tails },
    );
  };
  return {
    type: "linearSpline",
    parameterCount: bins,
    ...declaredBox(bound, tails),
    forward: (x, raw) => through("forward", x, raw),
    inverse: (y, raw) => through("inverse", y, raw),
    toJSON: () => ({ type: "linearSpline", bins, bound, tails, leastHeight }),
  };
}
