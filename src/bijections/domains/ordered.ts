/**
 * Numbers in ascending order: takes any vector to one whose features ascend.
 *
 *     forward    y_1 = x_1,  y_i = y_(i-1) + p(x_i)      p(x) = e^x       logAbsDet = sum over i > 1 of log p'(x_i)
 *     inverse    x_1 = y_1,  x_i = p^-1(y_i - y_(i-1))                   logAbsDet the opposite; minus infinity where y descends
 *
 * Beyond |x| = 30 p goes on as in `bounded`: as a straight line above and as a hyperbola below, so that nothing overflows.
 *
 * The ordered vector of Stan (Reference Manual, section "Ordered vector").
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html#ordered-vector
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import { defaultReach, positive, positiveInverse } from "../../transformers/elementary/positive.ts";
import type { Bijection } from "../bijection.ts";

const orderedOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/**
 * Ascending numbers. A vector that descends somewhere has a logAbsDet of minus infinity: there is no density. No parameters.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features)
 * @example
 * const bijection = ordered({ features: 2 });
 */
export function ordered(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("ordered", options, orderedOptionTable);
  const isFirst = g.constant(Array.from({ length: features }, (_, i) => Number(i === 0)));
  const sums = Float64Array.from({ length: features * features }, (_, i) =>
    Number(i % features <= Math.floor(i / features)),
  );
  const steps = (x: Expr): { readonly value: Expr; readonly logSlope: Expr } => {
    const { value, logSlope } = positive(x, defaultReach);
    return { value: g.select(isFirst, x, value), logSlope: g.sum(g.select(isFirst, 0, logSlope)) };
  };
  return {
    type: "ordered",
    features,
    context: 0,
    parameters: {},
    ...(features > 1 ? { codomainRegion: "ascending numbers" } : {}),
    forward(x) {
      const { value, logSlope } = steps(x);
      return { value: g.linear(value, g.constant(sums, [features, features])), logAbsDet: logSlope };
    },
    inverse(y) {
      const before = g.gather(
        y,
        Int32Array.from({ length: features }, (_, i) => i - 1),
        [features],
      );
      const rises = g.sub(y, before);
      const x = g.select(isFirst, y, positiveInverse(rises, defaultReach));
      const descents = g.sum(g.select(isFirst, 0, g.less(rises, 0)));
      const { logSlope } = steps(x);
      return { value: x, logAbsDet: g.select(descents, Number.NEGATIVE_INFINITY, g.neg(logSlope)) };
    },
    toJSON: () => ({ type: "ordered", features }),
  };
}
