/**
 * Marginal Gaussianization along a few orthonormal directions; what is orthogonal to them stays as it is. One layer of
 * Gaussianizing iterative slicing.
 *
 *     inverse    x = y + A (Psi(s) - s),        s = A^T y      logAbsDet = sum_k log Psi_k'(s_k)
 *     forward    y = x + A (Psi^-1(t) - t),     t = A^T x      the opposite
 *
 * A is `[features, directions]` with A^T A = I, and Psi_k one monotone rational-quadratic spline a direction, from
 * data to base; Dai & Seljak write the inverse as x = y - A A^T y + A Psi(A^T y) (eq. 8), which subtracts what it adds
 * again. A, knots and slopes are statistics; before they are fitted the map is the identity. Since A^T x = Psi(s), a
 * point comes back to itself to rounding wherever the splines do.
 *
 * B. Dai, U. Seljak, "Sliced Iterative Normalizing Flows", ICML 2021, https://arxiv.org/abs/2007.00674
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { marginalSpline } from "./marginalSpline.ts";

/** Options of {@link slicedSpline}. */
export interface SlicedSplineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Number of directions, from 1 to `features`. */
  readonly directions: number;
  /** Number of knots a direction, at least 3. */
  readonly knots: number;
}

const slicedSplineOptionTable: OptionTable<SlicedSplineOptions> = {
  features: required(anyNumber),
  directions: required(anyNumber),
  knots: required(anyNumber),
};

/**
 * Splines along orthonormal directions.
 *
 * Statistics: `directions`, `[features, directions]`, orthonormal columns; `spline`, those of a `marginalSpline` of
 * as many features as there are directions.
 *
 * @throws UsageError if a size is not a positive integer, `directions` is more than `features`, or `knots` not an
 *   integer from 3 to 256.
 * @cost forward O(directions (features + knots)), inverse O(directions (features + knots))
 * @example
 * const bijection = slicedSpline({ features: 2, directions: 1, knots: 3 });
 * const values = {
 *   "bijection.directions": Float64Array.of(0.8, 0.6),
 *   "bijection.spline.data": Float64Array.of(-2, 0.5, 2),
 *   "bijection.spline.base": Float64Array.of(-1.5, 0, 1.5),
 *   "bijection.spline.logSlope": Float64Array.of(0.2, -1, 0.3),
 * };
 */
export function slicedSpline(options: SlicedSplineOptions): Bijection {
  const { features, directions, knots } = checkedOptions("slicedSpline", options, slicedSplineOptionTable);
  checkCount("slicedSpline", "features", features);
  checkCount("slicedSpline", "directions", directions);
  if (directions > features)
    throw new UsageError({
      where: "slicedSpline",
      subject: "directions",
      expected: `at most ${features}, the number of features`,
      received: `${directions}`,
    });
  const spline = marginalSpline({ features: directions, knots });
  const apply = (x: Expr, p: Bound, direction: "forward" | "inverse"): Mapped => {
    const axes = leafOf(p, "directions");
    const projections = g.linear(x, axes, undefined, { transposed: true });
    const { value, logAbsDet } = spline[direction](projections, subtreeOf(p, "spline"));
    return { value: g.add(x, g.linear(g.sub(value, projections), axes)), logAbsDet };
  };
  return {
    type: "slicedSpline",
    features,
    context: 0,
    parameters: {
      directions: {
        shape: [features, directions],
        initializer: { kind: "identity" },
        kind: "statistics",
        used: features * directions - (directions * (directions + 1)) / 2,
      },
      spline: spline.parameters,
    },
    forward: (x, p) => apply(x, p, "forward"),
    inverse: (y, p) => apply(y, p, "inverse"),
    toJSON: () => ({ type: "slicedSpline", features, directions, knots }),
  };
}
