/**
 * A monotone rational-quadratic spline through given knots, on scalars, with linear tails.
 *
 * `rationalQuadraticTransformer` has a search of its own, since it has the extents of its bins at hand: taken as
 * differences of knots, in float32, they would lose the digits that its log-densities need. Knots that are given
 * belong to statistics, which are evaluated in float64.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { binForward, binInverse } from "../../transformers/rationalQuadraticBin.ts";
import type { ScalarMapped } from "../../transformers/transformer.ts";

/**
 * The spline that maps `data[k]` to `base[k]` with the log slope `logSlope[k]` there; in one direction or the other.
 * Both lists of knots must increase.
 */
export function splineThroughKnots(
  at: Expr,
  data: readonly Expr[],
  base: readonly Expr[],
  logSlope: readonly Expr[],
  direction: "forward" | "inverse",
): ScalarMapped {
  const isInverse = direction === "inverse";
  const [side, other] = isInverse ? [data, base] : [base, data];
  const sign = isInverse ? 1 : -1;
  const last = side.length - 1;
  const inBox = g.clamp(at, side[0]!, side[last]!);
  const bin = {
    from: side[0]!,
    to: side[1]!,
    otherFrom: other[0]!,
    otherTo: other[1]!,
    low: logSlope[0]!,
    high: logSlope[1]!,
  };
  for (let k = 1; k < last; k++) {
    const isBeyond = g.lessEqual(side[k]!, inBox);
    bin.from = g.select(isBeyond, side[k]!, bin.from);
    bin.to = g.select(isBeyond, side[k + 1]!, bin.to);
    bin.otherFrom = g.select(isBeyond, other[k]!, bin.otherFrom);
    bin.otherTo = g.select(isBeyond, other[k + 1]!, bin.otherTo);
    bin.low = g.select(isBeyond, logSlope[k]!, bin.low);
    bin.high = g.select(isBeyond, logSlope[k + 1]!, bin.high);
  }
  const extent = g.sub(bin.to, bin.from);
  const otherExtent = g.sub(bin.otherTo, bin.otherFrom);
  const position = g.clamp(g.div(g.sub(inBox, bin.from), extent), 0, 1);
  const [d0, d1] = [g.exp(bin.low), g.exp(bin.high)];
  const [width, height] = isInverse ? [extent, otherExtent] : [otherExtent, extent];
  const throughBin = isInverse ? binInverse : binForward;
  const { value: share, logDerivative: insideLog } = throughBin(position, g.div(height, width), d0, d1);
  const boxValue = g.add(bin.otherFrom, g.mul(otherExtent, share));
  // Outside, the straight line with the slope of the end knot; its excess is 0 inside, so that it is finite there.
  const isAbove = g.less(side[last]!, at);
  const isOutside = g.max(isAbove, g.less(at, side[0]!));
  const tailLog = g.mul(sign, g.select(isAbove, logSlope[last]!, logSlope[0]!));
  const tail = g.add(g.select(isAbove, other[last]!, other[0]!), g.mul(g.sub(at, inBox), g.exp(tailLog)));
  return {
    value: g.select(isOutside, tail, boxValue),
    logDerivative: g.select(isOutside, tailLog, insideLog),
  };
}
