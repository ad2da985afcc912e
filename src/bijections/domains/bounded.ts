/**
 * Numbers with bounds: maps the real line to (lower, infinity), (-infinity, upper) or (lower, upper), element by element.
 *
 *     above a          y = a + p(x)            p(x) = e^x
 *     below b          y = b - p(-x)
 *     between a and b  y = a + (b - a) sigmoid(x)
 *
 * Beyond |x| = 30, or another reach that is asked for, p goes on as a straight line above and as a
 * hyperbola below, with equal value and slope, so that nothing overflows and each value has an inverse.
 *
 * The bounded scalars of Stan (Reference Manual, "Constraint transforms").
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html
 * @module
 */

import { ShapeError, UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import {
  anyNumber,
  anything,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import { defaultReach, positive, positiveInverse } from "../../transformers/elementary/positive.ts";
import type { Bijection, Mapped } from "../bijection.ts";

/** Options of {@link bounded}. */
export interface BoundedOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Lower bound of each feature; null for none. */
  readonly lower: readonly (number | null)[];
  /** Upper bound of each feature, above the lower one; null for none. */
  readonly upper: readonly (number | null)[];
  /** Where the exponential function ends, from 1 to 600 (default 30); float32 holds no more than 80. */
  readonly reach?: number | undefined;
}

const boundedOptionTable: OptionTable<BoundedOptions> = {
  features: required(anyNumber),
  lower: required(listOf(anything, "an array of numbers, or null where there is no bound")),
  upper: required(listOf(anything, "an array of numbers, or null where there is no bound")),
  reach: anyNumber,
};

/**
 * How far {@link bounded} of x is from its bounds, to all digits; 0 where there is no such bound.
 * @param x - `[features]`, numbers without bounds.
 */
export function boundDistances(
  { lower, upper, reach = defaultReach }: BoundedOptions,
  x: Expr,
): { readonly low: Expr; readonly high: Expr } {
  const each = (distance: (a: number | null, b: number | null, x: Expr) => Expr): Expr =>
    g.concatenate(lower.map((a, i) => g.reshape(distance(a, upper[i]!, g.slice(x, i, i + 1)), [1])));
  const none = g.constant([0]);
  return {
    low: each((a, b, value) =>
      a === null ? none : b === null ? positive(value, reach).value : g.mul(b - a, g.sigmoid(value)),
    ),
    high: each((a, b, value) =>
      b === null
        ? none
        : a === null
          ? positive(g.neg(value), reach).value
          : g.mul(b - a, g.sigmoid(g.neg(value))),
    ),
  };
}

/**
 * Element-wise bounds. Outside of them the inverse has a logAbsDet of minus infinity: there is no density.
 * @throws ShapeError if a list has not one entry per feature; UsageError if a lower bound is not below its upper one.
 * @cost forward an exponential per feature, inverse a logarithm per feature
 * @example
 * const bijection = bounded({ features: 2, lower: [0, -1], upper: [null, 1] });
 */
export function bounded(options: BoundedOptions): Bijection {
  const { features, lower, upper, reach } = checkedOptions("bounded", options, boundedOptionTable);
  checkCount("bounded", "features", features);
  if (lower.length !== features || upper.length !== features)
    throw new ShapeError({
      where: "bounded",
      subject: "lower and upper",
      expected: `${features} bounds each, one per feature`,
      received: `${lower.length} and ${upper.length}`,
    });
  lower.forEach((a, i) => {
    const b = upper[i]!;
    if (
      [a, b].some((bound) => bound !== null && !Number.isFinite(bound)) ||
      (a !== null && b !== null && !(a < b))
    )
      throw new UsageError({
        where: "bounded",
        subject: `the bounds of feature ${i}`,
        expected: "a lower below an upper one",
        received: `${a} and ${b}`,
      });
  });
  const end = reach ?? defaultReach;
  if (!(end >= 1 && end <= 600)) refuse("bounded", "reach", "from 1 to 600", reach);
  const each = (
    featureMap: (a: number | null, b: number | null, x: Expr) => Omit<Mapped, "logAbsDet"> & { slope: Expr },
  ) => {
    return (x: Expr): Mapped => {
      const parts = lower.map((a, i) => featureMap(a, upper[i]!, g.reshape(g.slice(x, i, i + 1), [])));
      return {
        value: g.concatenate(parts.map(({ value }) => g.reshape(value, [1]))),
        logAbsDet: parts.map(({ slope }) => slope).reduce((total, slope) => g.add(total, slope)),
      };
    };
  };
  const logistic = (x: Expr): Expr => g.neg(g.add(g.softplus(x), g.softplus(g.neg(x))));
  const forward = each((a, b, x) => {
    if (a === null && b === null) return { value: x, slope: g.constant(0) };
    if (a !== null && b !== null)
      return { value: g.add(a, g.mul(b - a, g.sigmoid(x))), slope: g.add(Math.log(b - a), logistic(x)) };
    const { value, logSlope } = positive(a !== null ? x : g.neg(x), end);
    return { value: a !== null ? g.add(a, value) : g.sub(b!, value), slope: logSlope };
  });
  const inverse = each((a, b, y) => {
    if (a === null && b === null) return { value: y, slope: g.constant(0) };
    if (a !== null && b !== null) {
      const [low, high] = [g.sub(y, a), g.sub(b, y)];
      const x = g.sub(g.log(g.max(low, 1e-30)), g.log(g.max(high, 1e-30)));
      const isInside = g.mul(g.lessEqual(0, low), g.lessEqual(0, high));
      const slope = g.neg(g.add(Math.log(b - a), logistic(x)));
      return { value: x, slope: g.select(isInside, slope, Number.NEGATIVE_INFINITY) };
    }
    const distance = a !== null ? g.sub(y, a) : g.sub(b!, y);
    const x = positiveInverse(distance, end);
    const slope = g.neg(positive(x, end).logSlope);
    return {
      value: a !== null ? x : g.neg(x),
      slope: g.select(g.lessEqual(0, distance), slope, Number.NEGATIVE_INFINITY),
    };
  });
  return {
    type: "bounded",
    features,
    context: 0,
    codomain: lower.map((a, i) => [a ?? Number.NEGATIVE_INFINITY, upper[i] ?? Number.POSITIVE_INFINITY]),
    parameters: {},
    forward,
    inverse,
    toJSON: () => ({ type: "bounded", features, lower, upper, ...(reach === undefined ? {} : { reach }) }),
  };
}
