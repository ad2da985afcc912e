/**
 * Monotone rational-quadratic spline with the parameters of Durkan et al. (2019, section 3.1 and their code): sizes of bins by a softmax,
 * slopes by a softplus, each with a least value, and the identity outside of the box, or nothing.
 *
 *     width of bin k     e_b + (1 - K e_b) softmax(w)(k), of the whole box; heights alike
 *     slope at knot k    e_s + softplus(d(k)); 1 at both ends of the box, or one slope at both, or one for each
 *
 * Raw parameters: K widths, K heights, K - 1, K or K + 1 slopes. `rationalQuadraticTransformer` clips its raw parameters softly instead, which
 * bounds slopes on both sides; here only from below.
 *
 * @see https://arxiv.org/abs/1906.04032
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf, positive, wholeNumber } from "../../options.ts";
import { aLeastSlope } from "../affineTransformer.ts";
import { binForward, binInverse, intoBin } from "../rationalQuadraticBin.ts";
import { findBin } from "../rationalQuadraticTransformer.ts";
import { checkLeastShare, shares } from "../splines/bins.ts";
import { withTails } from "../splineTails.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link positiveSplineTransformer}. */
export interface PositiveSplineOptions {
  /** Bins K, from 2 to 256 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width of the box (default 5). */
  readonly bound?: number | undefined;
  /** Least width of a bin, as a share of the box, below 1 / K (default 0.001). */
  readonly leastWidth?: number | undefined;
  /** Least height of a bin, as a share of the box, below 1 / K (default 0.001). */
  readonly leastHeight?: number | undefined;
  /** Least slope at a knot, between 0 and 1 (default 0.001). */
  readonly leastSlope?: number | undefined;
  /**
   * The slopes at the ends, and what is beyond: `identity` (default), slopes of 1 and the identity; `circular`, equal slopes, as the ends
   * are one point of a circle, and the identity; `free`, free slopes and the identity; `none`, free slopes and no density.
   */
  readonly tails?: "identity" | "circular" | "free" | "none" | undefined;
  /**
   * What a number beyond the box becomes, both ways: `same` (default), or `zero`, with a log derivative of 0, as in circular flows of
   * normflows 1.7. Then it is no bijection there, and numbers must stay in the box.
   */
  readonly beyond?: "same" | "zero" | undefined;
}

const positiveSplineOptionTable: OptionTable<PositiveSplineOptions> = {
  bins: wholeNumber("an integer from 2 to 256", 2, 256),
  bound: positive,
  leastWidth: aLeastSlope,
  leastHeight: aLeastSlope,
  leastSlope: aLeastSlope,
  tails: oneOf(["identity", "circular", "free", "none"]),
  beyond: oneOf(["same", "zero"]),
};

/**
 * The spline; 3 bins - 1 parameters per feature, 3 bins with circular tails, 3 bins + 1 with free ends.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(bins), inverse O(bins)
 * @example
 * const transformer = positiveSplineTransformer({ bins: 5 });
 */
export function positiveSplineTransformer(options: PositiveSplineOptions = {}): Transformer {
  const where = "positiveSplineTransformer";
  const {
    bins = 8,
    bound = 5,
    leastWidth = 1e-3,
    leastHeight = 1e-3,
    leastSlope = 1e-3,
    tails = "identity",
    beyond = "same",
  } = checkedOptions(where, options, positiveSplineOptionTable);
  for (const [name, least] of Object.entries({ leastWidth, leastHeight }))
    checkLeastShare(where, name, least, bins);
  // The raw slope whose slope is 1.
  const one = g.constant(Math.log(Math.expm1(1 - leastSlope)));
  const slopesOf = (own: readonly Expr[]): readonly Expr[] => {
    if (tails === "none" || tails === "free") return own;
    return tails === "circular" ? [...own, own[0]!] : [one, ...own, one];
  };
  const through = (
    direction: "forward" | "inverse",
    from: Expr,
    parameters: readonly Expr[],
  ): ScalarMapped => {
    const isInverse = direction === "inverse";
    const widths = shares(parameters.slice(0, bins), leastWidth);
    const heights = shares(parameters.slice(bins, 2 * bins), leastHeight);
    const slopes = slopesOf(parameters.slice(2 * bins));
    const [side, other] = isInverse ? [widths, heights] : [heights, widths];
    const at = g.add(g.mul(g.clamp(from, -bound, bound), 0.5 / bound), 0.5);
    const bin = findBin(at, side, other, slopes, (raw) => g.add(g.softplus(raw), leastSlope));
    const position = intoBin(g.div(g.sub(at, bin.start), bin.extent));
    const [width, height] = isInverse ? [bin.extent, bin.otherExtent] : [bin.otherExtent, bin.extent];
    const throughBin = isInverse ? binInverse : binForward;
    const { value: share, logDerivative } = throughBin(position, g.div(height, width), bin.d0, bin.d1);
    const to = g.add(bin.otherStart, g.mul(bin.otherExtent, share));
    const value = g.sub(g.mul(to, 2 * bound), bound);
    const inside = { value, logDerivative };
    if (beyond === "zero") {
      const isInside = g.lessEqual(g.abs(from), bound);
      return {
        value: g.select(isInside, inside.value, 0),
        logDerivative: g.select(isInside, inside.logDerivative, 0),
      };
    }
    return withTails(direction, from, inside, [], {
      bound,
      tails: tails === "none" ? "none" : "identity",
      logSlope: 0,
    });
  };
  return {
    type: "positiveSpline",
    parameterCount: 3 * bins + { identity: -1, circular: 0, free: 1, none: 1 }[tails],
    ...(tails === "none" ? { domain: [-bound, bound], codomain: [-bound, bound] } : {}),
    forward: (base, parameters) => through("forward", base, parameters),
    inverse: (data, parameters) => through("inverse", data, parameters),
    toJSON: () => ({
      type: "positiveSpline",
      bins,
      bound,
      leastWidth,
      leastHeight,
      leastSlope,
      ...(tails === "identity" ? {} : { tails }),
      ...(beyond === "same" ? {} : { beyond }),
    }),
  };
}
