/**
 * Heavy tails: takes a standard normal sample to one whose tails fall off like those of Student's distribution.
 *
 * One number x, tail weight h = 1 / nu at least 0, s = h x^2:
 *
 *     forward    y = x sqrt(expm1(s) / s)           logAbsDet = s - log(expm1(s) / s) / 2
 *     inverse    x = y sqrt(log1p(t) / t), t = h y^2  logAbsDet = -log1p(t) - log(log1p(t) / t) / 2
 *
 * so that e^(-x^2 / 2) = (1 + y^2 / nu)^(-nu / 2): the tail of y falls off like y^-nu. h = 0 is the identity; slope 1 and
 * curvature 0 at 0, whatever h. Each feature has two weights, one below 0 and one above. `shared` maps the length r of the whole
 * vector and keeps its direction, as elliptical distributions want it:
 *
 *     forward    y = x R(r) / r                     logAbsDet = log R'(r) + (n - 1) log(R(r) / r)
 *
 * Beyond s = 60, or another reach that is asked for, the map goes on as a straight line through 0, continuous, before an
 * exponential overflows.
 *
 * In the spirit of the marginal tail adaptive flows of M. Laszkiewicz, J. Lederer, A. Fischer, ICML 2022,
 * https://arxiv.org/abs/2206.10311; the closed form is that of the signed root of Student's deviance.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { leafOf, statistics } from "../../graph/parameters.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  flag,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link heavyTails}. */
export interface HeavyTailsOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Whether one map of the length of the vector takes the place of one per feature (default false). */
  readonly shared?: boolean | undefined;
  /** Exponent s at which the map becomes a straight line, from 1 to 600 (default 60); float32 holds no more than 80. */
  readonly reach?: number | undefined;
}

const defaultReach = 60;
/** Below it, expm1(s) / s is 1 + s / 2 to all digits. */
const small = 1e-8;

/** expm1(s) / s at s >= 0 up to the largest exponent. */
function growth(s: Expr): Expr {
  const away = g.max(s, small);
  return g.select(g.less(s, small), g.add(1, g.mul(0.5, s)), g.div(g.expm1(away), away));
}

/** Of numbers with s = h x^2: the factor y / x and the logarithm of the slope. */
function stretched(s: Expr, largest: number): { readonly factor: Expr; readonly logSlope: Expr } {
  const clipped = g.min(s, largest);
  const square = growth(clipped);
  const half = g.mul(0.5, g.log(square));
  // Beyond, the factor no longer changes, and the slope is the factor.
  return { factor: g.sqrt(square), logSlope: g.select(g.less(largest, s), half, g.sub(clipped, half)) };
}

/** Of numbers with t = h y^2: the factor x / y and the logarithm of the slope. */
function shrunk(scaledSquare: Expr, largest: number): { readonly factor: Expr; readonly logSlope: Expr } {
  const end = Math.expm1(largest);
  const largestGrowth = end / largest;
  const t = g.min(scaledSquare, end);
  const away = g.max(t, small);
  const square = g.select(g.less(t, small), g.sub(1, g.mul(0.5, t)), g.div(g.log1p(away), away));
  const half = g.mul(0.5, g.log(square));
  const isBeyond = g.less(end, scaledSquare);
  return {
    factor: g.select(isBeyond, 1 / Math.sqrt(largestGrowth), g.sqrt(square)),
    logSlope: g.select(isBeyond, -0.5 * Math.log(largestGrowth), g.sub(g.neg(g.log1p(t)), half)),
  };
}

/** Squares of the elements as far as their sum does not overflow, in float32 where the reach is one that it holds. */
function squaresOf(x: Expr, reach: number): Expr {
  const farthest = (reach > 80 ? 1e150 : 1e19) / Math.sqrt(x.shape[0]!);
  return g.square(g.min(g.abs(x), farthest));
}

const heavyTailsOptionTable: OptionTable<HeavyTailsOptions> = {
  features: required(anyNumber),
  shared: flag,
  reach: anyNumber,
};

/**
 * Heavy tails, the identity at the start. Parameters are statistics: `below` and `above` `[features]`, or `weight`, a number,
 * where the map is shared; negative ones count as 0. Both directions cost O(features), in closed form.
 * @throws UsageError if `features` is not a positive integer, or `reach` is not from 1 to 600.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = heavyTails({ features: 2 });
 * const values = {
 *   "bijection.below": Float64Array.of(0.4, 0),
 *   "bijection.above": Float64Array.of(0, 0.3),
 * };
 */
export function heavyTails(options: HeavyTailsOptions): Bijection {
  const { features, shared = false, reach } = checkedOptions("heavyTails", options, heavyTailsOptionTable);
  checkCount("heavyTails", "features", features);
  const end = reach ?? defaultReach;
  if (!(end >= 1 && end <= 600)) refuse("heavyTails", "reach", "from 1 to 600", reach);
  const toJSON = () => ({
    type: "heavyTails",
    features,
    ...(shared ? { shared } : {}),
    ...(reach === undefined ? {} : { reach }),
  });
  if (shared) {
    const weight = (p: Parameters<Bijection["forward"]>[1]): Expr => g.max(leafOf(p, "weight"), 0);
    return {
      type: "heavyTails",
      features,
      context: 0,
      parameters: { weight: statistics([], 0) },
      forward(x, p) {
        const { factor, logSlope } = stretched(g.mul(weight(p), g.sum(squaresOf(x, end))), end);
        return {
          value: g.mul(x, factor),
          logAbsDet: g.add(logSlope, g.mul(features - 1, g.log(factor))),
        };
      },
      inverse(y, p) {
        const { factor, logSlope } = shrunk(g.mul(weight(p), g.sum(squaresOf(y, end))), end);
        return {
          value: g.mul(y, factor),
          logAbsDet: g.add(logSlope, g.mul(features - 1, g.log(factor))),
        };
      },
      toJSON,
    };
  }
  const weights = (x: Expr, p: Parameters<Bijection["forward"]>[1]): Expr =>
    g.max(g.select(g.less(x, 0), leafOf(p, "below"), leafOf(p, "above")), 0);
  return {
    type: "heavyTails",
    features,
    context: 0,
    parameters: { below: statistics([features], 0), above: statistics([features], 0) },
    forward(x, p) {
      const { factor, logSlope } = stretched(g.mul(weights(x, p), squaresOf(x, end)), end);
      return { value: g.mul(x, factor), logAbsDet: g.sum(logSlope) };
    },
    inverse(y, p) {
      const { factor, logSlope } = shrunk(g.mul(weights(y, p), squaresOf(y, end)), end);
      return { value: g.mul(y, factor), logAbsDet: g.sum(logSlope) };
    },
    toJSON,
  };
}
