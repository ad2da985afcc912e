/**
 * Independent features of a law between two ends, or beyond one.
 *
 *     log p(x) = sum of log f(z) - s - log(F(b) - F(a)) where all l <= x <= u, else minus infinity
 *     z = (x - m) e^-s,  a = (l - m) e^-s,  b = (u - m) e^-s
 *     x = m + e^s F^-1((1 - v) F(a) + v F(b)),  v uniform
 *
 * The share between two ends is a difference of tails, of which the smaller ones are taken; ends so near that it would cancel
 * have the integral of the density by Gauss-Legendre nodes (normal) or a closed form without a difference (Laplace, logistic). All
 * shares are logarithms, so that ends a thousand widths from the mean are as good as others.
 *
 * N. L. Johnson, S. Kotz & N. Balakrishnan, "Continuous Univariate Distributions", volume 1, Wiley 1994, section 13.10.1.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { normalLogTails } from "../../graph/library/normalLogCdf.ts";
import { normalQuantileOfLog } from "../../graph/library/normalQuantileOfLog.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { gaussLegendre } from "../../numerics/gaussLegendre.ts";
import {
  anything,
  checkedOptions,
  listOf,
  type OptionTable,
  oneOf,
  refuse,
  required,
} from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";
import {
  laplaceDensity,
  logisticDensity,
  normalDensity,
  type SymmetricDensity,
} from "./symmetricDensities.ts";

/** Options of {@link truncated}. */
export interface TruncatedOptions {
  /** The lower end of each feature; null where there is none. */
  readonly lower: readonly (number | null)[];
  /** The upper end of each feature, above the lower one; null where there is none. */
  readonly upper: readonly (number | null)[];
  /** The law between the ends (default `normal`). */
  readonly law?: "normal" | "laplace" | "logistic" | undefined;
}

/** Logarithms of the shares below and above. */
interface Tails {
  readonly lower: Expr;
  readonly upper: Expr;
}

/** What a truncation needs of a density. */
interface TailedDensity {
  readonly density: SymmetricDensity;
  logTails(z: Expr): Tails;
  /** The z at or below 0 with log F(z) = l, for l at most log 1/2. */
  quantileOfLog(l: Expr): Expr;
  /** log(F(b) - F(a)), from both, where their tails' difference would cancel; from that difference elsewhere. */
  logShare(a: Expr, b: Expr, difference: Expr): Expr;
}

/** log(1 - e^-x), for x above 0. */
const logOneLessExp = (x: Expr): Expr => g.log(g.max(g.neg(g.expm1(g.neg(x))), 1e-37));

const { nodes, weights } = /* @__PURE__ */ gaussLegendre(16);

/** Of the normal law between near ends, by the density at its highest and Gauss-Legendre nodes. */
function normalShareBetween(a: Expr, b: Expr, difference: Expr): Expr {
  const width = g.sub(b, a);
  const isNear = g.less(g.mul(width, g.max(1, g.max(g.abs(a), g.abs(b)))), 1);
  // Where they are not near these are not used: any will do.
  const [from, step] = [g.select(isNear, a, 0), g.select(isNear, width, 1)];
  const top = normalDensity.logDensity(g.clamp(0, from, g.add(from, step)), {});
  const total = nodes
    .map((node, k) =>
      g.mul(weights[k]!, g.exp(g.sub(normalDensity.logDensity(g.add(from, g.mul(node, step)), {}), top))),
    )
    .reduce((left, right) => g.add(left, right));
  return g.select(isNear, g.add(top, g.log(g.mul(g.max(step, 1e-30), total))), difference);
}

const densities: Readonly<Record<"normal" | "laplace" | "logistic", TailedDensity>> = {
  normal: {
    density: normalDensity,
    logTails: normalLogTails,
    quantileOfLog: normalQuantileOfLog,
    logShare: normalShareBetween,
  },
  laplace: {
    density: laplaceDensity,
    logTails(z) {
      const small = g.sub(g.neg(g.abs(z)), Math.LN2);
      const large = g.log1p(g.neg(g.exp(small)));
      const isLower = g.less(z, 0);
      return { lower: g.select(isLower, small, large), upper: g.select(isLower, large, small) };
    },
    quantileOfLog: (l) => g.add(l, Math.LN2),
    logShare(a, b) {
      const isAcross = g.mul(g.less(a, 0), g.less(0, b));
      const across = g.mul(-0.5, g.add(g.expm1(g.min(a, 0)), g.expm1(g.neg(g.max(b, 0)))));
      const nearest = g.max(a, g.neg(b));
      const aside = g.sub(logOneLessExp(g.sub(b, a)), g.add(nearest, Math.LN2));
      return g.select(isAcross, g.log(g.max(across, 1e-37)), aside);
    },
  },
  logistic: {
    density: logisticDensity,
    logTails: (z) => ({ lower: g.neg(g.softplus(g.neg(z))), upper: g.neg(g.softplus(z)) }),
    // log(e^l / (1 - e^l))
    quantileOfLog: (l) => g.sub(l, g.log1p(g.neg(g.exp(l)))),
    logShare: (a, b) => g.sub(logOneLessExp(g.sub(b, a)), g.add(g.softplus(g.neg(b)), g.softplus(a))),
  },
};

const truncatedOptionTable: OptionTable<TruncatedOptions> = {
  lower: required(listOf(anything, "an array of numbers, or null where there is no end")),
  upper: required(listOf(anything, "an array of numbers, or null where there is no end")),
  law: oneOf(Object.keys(densities)),
};

/** An end that there is not, in widths. */
const far = 1e15;
/** A width is between e^-limit and e^limit: a sample loses the digits that it is wider than its ends. */
const scaleLimit = 10;

/**
 * Independent truncated features with trained means and log scales: those of the law before it is truncated. A number beyond an end has the
 * log-density minus infinity. O(features) after the shares between the ends, which are taken once per step.
 * @throws UsageError for ends that are not numbers or in the wrong order, ShapeError for lists of different lengths.
 * @cost density O(features), sample O(features)
 * @example
 * const base = truncated({ lower: [-1, 0], upper: [1, null] });
 */
export function truncated(options: TruncatedOptions): Distribution {
  const where = "truncated";
  const { lower, upper, law = "normal" } = checkedOptions(where, options, truncatedOptionTable);
  const { density, logTails, quantileOfLog, logShare } = densities[law];
  const features = lower.length;
  if (upper.length !== features || features === 0)
    throw new ShapeError({
      where,
      subject: "upper",
      expected: `${Math.max(features, 1)} ends, as lower`,
      received: `${upper.length}`,
    });
  const isEnd = (end: unknown): boolean => end === null || Number.isFinite(end);
  if (!lower.every(isEnd)) refuse(where, "lower", "finite numbers, or null", lower);
  if (!upper.every((end, i) => isEnd(end) && (end ?? Infinity) > (lower[i] ?? -Infinity)))
    refuse(where, "upper", "finite numbers above those of lower, or null", upper);
  const lows = lower.map((end) => end ?? Number.NEGATIVE_INFINITY);
  const highs = upper.map((end) => end ?? Number.POSITIVE_INFINITY);
  const [low, high] = [g.constant(lows), g.constant(highs)];
  const scaled = (p: Bound) => {
    const s = softClip(leafOf(p, "logScale"), scaleLimit);
    const mean = leafOf(p, "mean");
    const inWidths = (x: Expr): Expr => g.mul(g.sub(x, mean), g.exp(g.neg(s)));
    const end = (ends: readonly (number | null)[], none: number): Expr =>
      g.select(
        g.constant(ends.map((own) => Number(own === null))),
        none,
        g.clamp(inWidths(g.constant(ends.map((own) => own ?? 0))), -far, far),
      );
    return { s, mean, inWidths, a: end(lower, -far), b: end(upper, far) };
  };
  return {
    type: where,
    features,
    noise: features,
    parameters: { mean: trained([features]), logScale: trained([features]) },
    support: [Math.min(...lows), Math.max(...highs)],
    logProb(x, p) {
      const { s, inWidths, a, b } = scaled(p);
      // Both tails of the side that is smaller: a difference of numbers near 1 has no digits left.
      const isAbove = g.less(0, g.add(a, b));
      const [tailsOfA, tailsOfB] = [logTails(a), logTails(b)];
      const larger = g.select(isAbove, tailsOfA.upper, tailsOfB.lower);
      const smaller = g.select(isAbove, tailsOfB.upper, tailsOfA.lower);
      const difference = g.add(larger, logOneLessExp(g.max(g.sub(larger, smaller), 1e-30)));
      const outside = g.sum(g.add(g.less(x, low), g.less(high, x)));
      const z = inWidths(g.clamp(x, low, high));
      const level = g.sum(g.add(s, logShare(a, b, difference)));
      return g.select(outside, Number.NEGATIVE_INFINITY, g.sub(g.sum(density.logDensity(z, p)), level));
    },
    sample(noise, p) {
      const { s, mean, a, b } = scaled(p);
      const [tailsOfA, tailsOfB, tails] = [logTails(a), logTails(b), normalLogTails(noise)];
      const between = (side: keyof Tails): Expr =>
        g.logAddExp(g.add(tails.upper, tailsOfA[side]), g.add(tails.lower, tailsOfB[side]));
      const [below, above] = [between("lower"), between("upper")];
      const isBelow = g.less(below, above);
      const z = quantileOfLog(g.min(g.select(isBelow, below, above), -Math.LN2));
      const x = g.add(mean, g.mul(g.exp(s), g.select(isBelow, z, g.neg(z))));
      return g.clamp(x, low, high);
    },
    toJSON: () => ({ type: where, lower, upper, law }),
  };
}
