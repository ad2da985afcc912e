/**
 * Independent uniform features, each between two ends.
 *
 *     log p(x) = -sum_i log(u_i - l_i) where all l_i <= x_i <= u_i, else minus infinity
 *     x_i = l_i + (u_i - l_i) Phi(noise_i)
 *
 * N. L. Johnson, S. Kotz & N. Balakrishnan, "Continuous Univariate Distributions", volume 2, Wiley 1995, chapter 26.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, numbers, type OptionTable, refuse, required } from "../../options.ts";
import type { Distribution } from "../distribution.ts";
import { normalShare } from "../normalShare.ts";

/** Options of {@link uniform}. */
export interface UniformOptions {
  /** The lower end of each feature. */
  readonly lower: readonly number[];
  /** The upper end of each feature, above the lower one. */
  readonly upper: readonly number[];
}

const uniformOptionTable: OptionTable<UniformOptions> = {
  lower: required(numbers),
  upper: required(numbers),
};

/**
 * Independent uniform features; nothing is trained.
 * @throws UsageError for ends that are not finite or in the wrong order, ShapeError for lists of different lengths.
 * @cost density O(features), sample O(features)
 * @example
 * const base = uniform({ lower: [-2, 0], upper: [4, 3] });
 */
export function uniform(options: UniformOptions): Distribution {
  const { lower, upper } = checkedOptions("uniform", options, uniformOptionTable);
  const features = lower.length;
  if (upper.length !== features || features === 0)
    throw new ShapeError({
      where: "uniform",
      subject: "upper",
      expected: `${Math.max(features, 1)} numbers, as lower`,
      received: `${upper.length}`,
    });
  const widths = upper.map((end, i) => end - lower[i]!);
  if (!widths.every((width) => width > 0 && Number.isFinite(width)))
    refuse("uniform", "upper", "finite numbers above those of lower", upper);
  const level = -widths.reduce((sum, width) => sum + Math.log(width), 0);
  const [low, high] = [lower, upper].map((ends) => g.constant([...ends])) as [Expr, Expr];
  return {
    type: "uniform",
    features,
    noise: features,
    parameters: {},
    support: [Math.min(...lower), Math.max(...upper)],
    logProb(x) {
      const outside = g.sum(g.add(g.less(x, low), g.less(high, x)));
      return g.select(g.less(0, outside), Number.NEGATIVE_INFINITY, level);
    },
    sample: (noise) => g.add(low, g.mul(g.constant(widths), normalShare(noise))),
    toJSON: () => ({ type: "uniform", lower, upper }),
  };
}
