/**
 * Marginal Gaussianization by a monotone rational-quadratic spline through given knots, feature by feature
 * (Gregory & Delbourgo 1982; in the role of Chen & Gopinath 2000), with linear tails.
 *
 *     inverse   x = u_k + (u_(k+1) - u_k) g((y - v_k) / (v_(k+1) - v_k)),   g of the spline, where v_k <= y <= v_(k+1)
 *     forward   y, the root of the same quadratic equation
 *
 * Knot k of a feature maps the data value v_k to the normal score u_k; slopes at the knots are given too. Between
 * knots the map is the spline of `rationalQuadraticTransformer`, outside the straight line with the slope of the end
 * knot. Knots and slopes are statistics of the data; before they are fitted the map is the identity.
 *
 * Durkan et al. (2019), "Neural Spline Flows": the spline; "Gaussianization" of single features is that of Chen & Gopinath (2000).
 *
 * @see https://arxiv.org/abs/1906.04032
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterSpec } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, refuse, required } from "../../options.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { splineThroughKnots } from "./splineThroughKnots.ts";

/** Options of {@link marginalSpline}. */
export interface MarginalSplineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Number of knots per feature, at least 3. */
  readonly knots: number;
}

const marginalSplineOptionTable: OptionTable<MarginalSplineOptions> = {
  features: required(anyNumber),
  knots: required(anyNumber),
};

/**
 * Element-wise spline with fitted knots.
 *
 * Statistics: `data` and `base`, the two sides of the knots, each `[features, knots]` and increasing along a
 * feature, and `logSlope`, the logarithm of d base / d data at each knot.
 *
 * @throws UsageError if `features` is not a positive integer, or `knots` not an integer from 3 to 256.
 * @cost forward O(features knots), inverse O(features knots)
 * @example
 * const bijection = marginalSpline({ features: 2, knots: 3 });
 * const values = {
 *   "bijection.data": Float64Array.of(-2, 0.5, 2, -1, 0, 2),
 *   "bijection.base": Float64Array.of(-1.5, 0, 1.5, -1.5, 0, 1.5),
 *   "bijection.logSlope": Float64Array.of(0.2, -0.4, 0.3, 0, 1, -0.5),
 * };
 */
export function marginalSpline(options: MarginalSplineOptions): Bijection {
  const { features, knots } = checkedOptions("marginalSpline", options, marginalSplineOptionTable);
  checkCount("marginalSpline", "features", features);
  if (!Number.isSafeInteger(knots) || knots < 3 || knots > 256)
    refuse("marginalSpline", "knots", "an integer from 3 to 256", knots);
  const grid: ParameterSpec = {
    shape: [features, knots],
    initializer: { kind: "grid", from: -1, to: 1 },
    kind: "statistics",
  };
  const level: ParameterSpec = {
    shape: [features, knots],
    initializer: { kind: "constant", value: 0 },
    kind: "statistics",
  };
  const apply = (x: Expr, p: Bound, direction: "forward" | "inverse"): Mapped => {
    const blocks = [x, leafOf(p, "data"), leafOf(p, "base"), leafOf(p, "logSlope")];
    const [value, logDerivative] = g.mapFeatures(blocks, ([at], data, base, logSlope) => {
      const mapped = splineThroughKnots(at!, data, base, logSlope, direction);
      return [[mapped.value], [mapped.logDerivative]];
    });
    return { value: value!, logAbsDet: g.sum(logDerivative!) };
  };
  return {
    type: "marginalSpline",
    features,
    context: 0,
    parameters: { data: grid, base: grid, logSlope: level },
    forward: (x, p) => apply(x, p, "forward"),
    inverse: (y, p) => apply(y, p, "inverse"),
    toJSON: () => ({ type: "marginalSpline", features, knots }),
  };
}
