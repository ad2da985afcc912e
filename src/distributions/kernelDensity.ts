/**
 * Kernel density: a Gaussian of one width around each of many points.
 *
 *     p(x) = sum_k w_k N(x; p_k, h^2 I)
 *     log p(x) = log sum_k e^(x . p_k / h^2 + b_k) - |x|^2 / (2 h^2) - n log h - n log(2 pi) / 2,
 *     b_k = log w_k - |p_k|^2 / (2 h^2)
 *
 * The weights are the softmax of `logWeight`, h is e^`logBandwidth`. Squared distances are expanded, so that all of them
 * are one dense layer; what that loses is about eps |x|^2 / h^2 nats, nothing in float64 for standardized points. Points
 * go by in blocks, in a scan, which keeps a tile in the cache.
 *
 * B. W. Silverman, "Density Estimation for Statistics and Data Analysis", Chapman & Hall 1986.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, leafOf, trained } from "../graph/parameters.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../options.ts";
import { chosenItem } from "./choice.ts";
import type { Distribution } from "./distribution.ts";

/** Points of a block at most. */
const maximumBlockPoints = 128;

/** Options of {@link kernelDensity}. */
export interface KernelDensityOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Number of points, at least 1. */
  readonly points: number;
}

const kernelDensityOptionTable: OptionTable<KernelDensityOptions> = {
  features: required(anyNumber),
  points: required(anyNumber),
};

/**
 * Kernel density with a Gaussian kernel that is the same in all directions; the standard normal at the start. A density
 * and a sample cost O(points features); a sample takes one number of noise more than it has features.
 * @throws UsageError if a size is not a positive integer.
 * @cost density O(points features), sample the same
 * @example
 * const base = kernelDensity({ features: 2, points: 10 });
 */
export function kernelDensity(options: KernelDensityOptions): Distribution {
  const { features, points } = checkedOptions("kernelDensity", options, kernelDensityOptionTable);
  checkCount("kernelDensity", "features", features);
  checkCount("kernelDensity", "points", points);
  const normalized = (p: Bound): Expr => {
    const logWeight = leafOf(p, "logWeight");
    return g.sub(logWeight, g.logSumExp(logWeight));
  };
  return {
    type: "kernelDensity",
    features,
    noise: features + 1,
    parameters: {
      point: trained([points, features]),
      logWeight: trained([points]),
      logBandwidth: trained([]),
    },
    logProb(x, p) {
      const logBandwidth = leafOf(p, "logBandwidth");
      const precision = g.exp(g.mul(-2, logBandwidth));
      const blocks = Math.ceil(points / maximumBlockPoints);
      const block = Math.ceil(points / blocks);
      const point = leafOf(p, "point");
      const offsets = g.sub(normalized(p), g.mul(g.mul(0.5, precision), g.sum(g.square(point), 1)));
      // Places after the last point have the weight 0.
      const place = (size: number): Int32Array =>
        Int32Array.from({ length: blocks * block * size }, (_, i) => (i < points * size ? i : -1));
      const padding = Float64Array.from({ length: blocks * block }, (_, i) =>
        i < points ? 0 : Number.NEGATIVE_INFINITY,
      );
      const slopes = g.gather(g.mul(point, precision), place(features), [blocks, block, features]);
      const levels = g.add(
        g.gather(offsets, place(1), [blocks, block]),
        g.constant(padding, [blocks, block]),
      );
      const total = g.scan(
        g.constant([Number.NEGATIVE_INFINITY]),
        blocks,
        [slopes, levels],
        (sum, [slope, level]) => g.logAddExp(sum, g.logSumExp(g.linear(x, slope!, level!))),
      );
      const constant = g.mul(features, g.add(logBandwidth, 0.5 * logTwoPi));
      const squares = g.mul(g.mul(0.5, precision), g.sum(g.square(x)));
      return g.sub(g.sub(g.reshape(total, []), squares), constant);
    },
    sample(noise, p) {
      const chosen = chosenItem(g.reshape(g.slice(noise, features, features + 1), []), normalized(p));
      const center = g.linear(chosen, leafOf(p, "point"), undefined, { transposed: true });
      return g.add(center, g.mul(g.slice(noise, 0, features), g.exp(leafOf(p, "logBandwidth"))));
    },
    toJSON: () => ({ type: "kernelDensity", features, points }),
  };
}
