/**
 * Batch normalization that can be inverted: features are brought to mean 0 and variance 1 by running statistics, then scaled and shifted.
 *
 *     inverse    x = e^w (y - m) / sqrt(v + epsilon) + b            logAbsDet = sum(w - log(v + epsilon) / 2)
 *     forward    y = (x - b) e^-w sqrt(v + epsilon) + m             logAbsDet = the opposite
 *     step       m <- (1 - a) m + a mean(y),  v <- (1 - a) v + a mean((y - mean(y))^2)        a the momentum
 *
 * m and v are those of the steps before, in training as afterwards: a row's density never depends on the other rows of its batch (Dinh et
 * al. 2017, section 3.7 and appendix E, mix them with those of the batch; Papamakarios et al. 2017 train with those of the batch). They have no
 * gradient. They start at the moments of data; w and b are trained and start at 0.
 *
 * @see https://arxiv.org/abs/1605.08803
 * @see https://arxiv.org/abs/1705.07057
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterSpec, trained } from "../../graph/parameters.ts";
import { moments } from "../../numerics/moments.ts";
import { checkedOptions, count, numberOf, type OptionTable, positive, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** What is added to a variance (default 1e-5). */
  readonly epsilon?: number | undefined;
  /** By how much of the difference the statistics follow each batch, from 0 (never) to 1 (default 0.1). */
  readonly momentum?: number | undefined;
}

const batchNormalizationOptionTable: OptionTable<BatchNormalizationOptions> = {
  features: required(count),
  epsilon: positive,
  momentum: numberOf("from 0 to 1", (x) => x >= 0 && x <= 1),
};

/**
 * Batch normalization by running statistics. Its `mean` and `variance` start at those of data (`fit` takes the rows of training, `valuesFromData` of
 * `pushforward/fitting` those that it is given) and follow each batch of a `fit`, where it is in a chain; inside of other maps they stay.
 * @throws UsageError if `features` is not a positive integer, or another option out of range.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = batchNormalization({ features: 2 });
 * const values = { "bijection.mean": Float64Array.of(1, -0.5), "bijection.variance": Float64Array.of(2, 0.5) };
 */
export function batchNormalization(options: BatchNormalizationOptions): Bijection {
  const checked = checkedOptions("batchNormalization", options, batchNormalizationOptionTable);
  const { features, epsilon = 1e-5, momentum = 0.1 } = checked;
  const state = (value: number): ParameterSpec => ({
    shape: [features],
    initializer: { kind: "constant", value },
    kind: "state",
  });
  /** Half of log(v + epsilon), less w; a variance below 0 counts as 0. */
  const logScale = (p: Bound): Expr =>
    g.sub(g.mul(0.5, g.log(g.add(g.max(leafOf(p, "variance"), 0), epsilon))), leafOf(p, "logWeight"));
  return {
    type: "batchNormalization",
    features,
    context: 0,
    parameters: {
      mean: state(0),
      variance: state(1),
      logWeight: trained([features]),
      bias: trained([features]),
    },
    forward(x, p) {
      const s = logScale(p);
      return {
        value: g.add(g.mul(g.sub(x, leafOf(p, "bias")), g.exp(s)), leafOf(p, "mean")),
        logAbsDet: g.sum(s),
      };
    },
    inverse(y, p) {
      const s = g.neg(logScale(p));
      return {
        value: g.add(g.mul(g.sub(y, leafOf(p, "mean")), g.exp(s)), leafOf(p, "bias")),
        logAbsDet: g.sum(s),
      };
    },
    valuesFrom({ values, weights }) {
      const { mean, scale } = moments(values, features, weights);
      return { mean, variance: scale.map((deviation) => deviation ** 2) };
    },
    nextState(y, p, meanOf) {
      const [mean, variance] = [leafOf(p, "mean"), leafOf(p, "variance")];
      // Around the mean so far, which is near: the difference of two squares of large means would have no digits left.
      const gap = g.sub(y, mean);
      const gapOfMean = meanOf(gap);
      const ofBatch = g.max(g.sub(meanOf(g.square(gap)), g.square(gapOfMean)), 0);
      return {
        mean: g.add(mean, g.mul(momentum, gapOfMean)),
        variance: g.add(variance, g.mul(momentum, g.sub(ofBatch, variance))),
      };
    },
    toJSON: () => ({ type: "batchNormalization", features, epsilon, momentum }),
  };
}
