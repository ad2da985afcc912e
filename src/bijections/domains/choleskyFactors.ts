/**
 * Cholesky factors: any vector becomes the lower triangle L of a correlation matrix R = L L^T or of a covariance matrix, row by row.
 *
 *     correlation   z = tanh(x),  L_ij = z_ij sqrt(1 - sum over k < j of L_ik^2) for j < i,  L_ii = sqrt(1 - sum over k < i of L_ik^2)
 *                   logAbsDet = sum over j < i of log(1 - z_ij^2) + log(1 - sum over k < j of L_ik^2) / 2
 *     covariance    L_ii = p(x_ii), p(x) = e^x as far as numbers hold it;  L_ij = x_ij for j < i
 *                   logAbsDet = sum of log p'(x_ii)
 *
 * A correlation matrix has its features below the diagonal: the numbers on it follow. Each row is a stick of which z breaks off
 * shares, as in Stan (Reference Manual, "Cholesky factors of correlation matrices"), after D. Lewandowski, D. Kurowicka & H. Joe (2009). Sticks
 * are kept by their logarithms, log(1 - tanh^2 x) = 2 (log 2 - |x| - softplus(-2 |x|)), so that none is 0.
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html#cholesky-factors-of-correlation-matrices
 * @see https://doi.org/10.1016/j.jmva.2009.04.008
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { trianglePlaces } from "../../numerics/triangle.ts";
import {
  checkArgument,
  checkedOptions,
  count,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import { defaultReach, positive, positiveInverse } from "../../transformers/elementary/positive.ts";
import { realLine } from "../../transformers/interval.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link correlationFactor} and {@link covarianceFactor}. */
export interface FactorOptions {
  /** Rows of the matrix. */
  readonly size: number;
  /** Size of one sample (default that of the triangle): features behind the triangle pass through. */
  readonly features?: number | undefined;
}

const correlationFactorOptionTable: OptionTable<FactorOptions> = {
  size: required(wholeNumber("an integer of 2 or more", 2)),
  features: count,
};
const covarianceFactorOptionTable: OptionTable<FactorOptions> = { size: required(count), features: count };

/** How many features a map has: those of its triangle, and those that pass through. */
function featuresOf(where: string, triangle: number, features: number = triangle): number {
  checkArgument(
    where,
    "features",
    features,
    wholeNumber(`${triangle} or more, which the triangle has`, triangle),
  );
  return features;
}

/** log(1 - tanh^2 x); by cases, so that the derivative at 0 is that of one of them. */
function logRest(x: Expr): Expr {
  const size = g.select(g.less(x, 0), g.neg(x), x);
  return g.mul(2, g.sub(Math.LN2, g.add(size, g.softplus(g.mul(-2, size)))));
}

/** A stick counts as this long at least: float32 has no logarithm of less. */
const shortest = 1e-37;

/**
 * Cholesky factors of correlation matrices of `size` rows: size (size - 1) / 2 features, the triangle below the diagonal row by row. Where
 * the squares of a row are 1 or more the inverse has a logAbsDet of minus infinity: there is no density. No parameters.
 * @throws UsageError if `size` is not an integer of 2 or more, or there are fewer features than the triangle has.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = correlationFactor({ size: 2, features: 2 });
 */
export function correlationFactor(options: FactorOptions): Bijection {
  const { size, features: asked } = checkedOptions(
    "correlationFactor",
    options,
    correlationFactorOptionTable,
  );
  const places = trianglePlaces(size, false);
  const features = featuresOf("correlationFactor", places.length, asked);
  const isFactor = g.constant(Array.from({ length: features }, (_, i) => Number(i < places.length)));
  // What comes before in the row of each feature.
  const before = Float64Array.from({ length: features * features }, (_, at) => {
    const [own, other] = [places[Math.floor(at / features)], places[at % features]];
    return own && other && own[0] === other[0] && other[1] < own[1] ? 1 : 0;
  });
  const sumBefore = (values: Expr): Expr => g.linear(values, g.constant(before, [features, features]));
  return {
    type: "correlationFactor",
    features,
    context: 0,
    parameters: {},
    codomain: Array.from({ length: features }, (_, i) => (i < places.length ? [-1, 1] : realLine)),
    ...(size > 2 ? { codomainRegion: `Cholesky factors of correlation matrices of ${size} rows` } : {}),
    forward(x) {
      const rests = g.select(isFactor, logRest(x), 0);
      const halves = g.mul(0.5, sumBefore(rests));
      const value = g.select(isFactor, g.mul(g.tanh(x), g.exp(halves)), x);
      return { value, logAbsDet: g.sum(g.add(rests, halves)) };
    },
    inverse(y) {
      const entries = g.select(isFactor, y, 0);
      const squares = g.square(g.clamp(entries, -1, 1));
      const left = g.sub(1, sumBefore(squares));
      const after = g.sub(left, squares);
      const isInside = g.mul(g.less(g.maximum(g.neg(after)), 0), g.less(g.maximum(g.abs(entries)), 1));
      const stick = g.sqrt(g.max(left, shortest));
      const [up, down] = [g.add(stick, entries), g.sub(stick, entries)].map((part) =>
        g.log(g.max(part, shortest)),
      );
      const logs = g.sub(g.log(g.max(after, shortest)), g.log(stick));
      return {
        value: g.select(isFactor, g.mul(0.5, g.sub(up!, down!)), y),
        logAbsDet: g.select(isInside, g.neg(g.sum(logs)), Number.NEGATIVE_INFINITY),
      };
    },
    toJSON: () => ({ type: "correlationFactor", size, features }),
  };
}

/**
 * Cholesky factors of covariance matrices of `size` rows: size (size + 1) / 2 features, the lower triangle row by row, whose diagonal is
 * above 0. Elsewhere the inverse has a logAbsDet of minus infinity: there is no density. No parameters.
 * @throws UsageError if `size` is not a positive integer, or there are fewer features than the triangle has.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = covarianceFactor({ size: 1, features: 2 });
 */
export function covarianceFactor(options: FactorOptions): Bijection {
  const { size, features: asked } = checkedOptions("covarianceFactor", options, covarianceFactorOptionTable);
  const places = trianglePlaces(size, true);
  const features = featuresOf("covarianceFactor", places.length, asked);
  const flags = Array.from({ length: features }, (_, k) => Number(places[k]?.[0] === (places[k]?.[1] ?? -1)));
  const isDiagonal = g.constant(flags);
  const slopeOf = (x: Expr): Expr => g.sum(g.select(isDiagonal, positive(x, defaultReach).logSlope, 0));
  return {
    type: "covarianceFactor",
    features,
    context: 0,
    parameters: {},
    codomain: flags.map((flag) => (flag === 1 ? [0, Number.POSITIVE_INFINITY] : realLine)),
    forward: (x) => ({
      value: g.select(isDiagonal, positive(x, defaultReach).value, x),
      logAbsDet: slopeOf(x),
    }),
    inverse(y) {
      const x = g.select(isDiagonal, positiveInverse(y, defaultReach), y);
      const outside = g.sum(g.mul(isDiagonal, g.less(y, 0)));
      return { value: x, logAbsDet: g.select(outside, Number.NEGATIVE_INFINITY, g.neg(slopeOf(x))) };
    },
    toJSON: () => ({ type: "covarianceFactor", size, features }),
  };
}
