/**
 * Learned accept/reject sampling (LARS): a standard normal distribution of which a network says how readily each point is taken; what is drawn is the
 * first of T points that is taken, or the last one (Bauer & Mnih 2019; as the base of a flow Stimper et al. 2022).
 *
 *     p(z) = N(z; 0, I) ((1 - alpha) a(z) / Z + alpha)      alpha = (1 - Z)^(T - 1)
 *     Z = E of a(z) over N(0, I)                             a(z) = sigmoid(network(z))
 *
 * Such a base may have several modes and holes, which a bijection of a normal distribution cannot make. Sampling is exact for any T, of which the
 * density knows.
 *
 * Z is a sum over fixed points: up to three features those of the trapezoidal rule, which is exact to rounding as far as the network is smooth; beyond, as
 * many normal draws as `points` says, and then Z, and the density with it, is an estimate, whose error `acceptedShare` of `pushforward/diagnostics` gives from other draws.
 *
 * @see https://arxiv.org/abs/1810.11428, https://arxiv.org/abs/2110.15828
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { linear } from "../../graph/library/convolution.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf, trained, trainedUniform } from "../../graph/parameters.ts";
import { checkHidden } from "../../networks/conditioner.ts";
import { denseParameters, runDense } from "../../networks/dense.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import {
  anyNumber,
  checkedOptions,
  count,
  listOf,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import { RandomStream, randomKey } from "../../random/philox.ts";
import type { Distribution } from "../distribution.ts";
import { normalShare } from "../normalShare.ts";

/** Options of {@link resampled}. */
export interface ResampledOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Sizes of the hidden layers of the network (default 32, 32). */
  readonly hidden?: readonly number[] | undefined;
  /** Points of which one is taken, T, from 2 to 1000 (default 32). */
  readonly truncation?: number | undefined;
  /** From four features on: draws over which Z is estimated (default 4096). */
  readonly points?: number | undefined;
}

/** A base whose samples are taken or not. */
export interface Resampled extends Distribution {
  /** Points of which one is taken. */
  readonly truncation: number;
  /** Whether Z is an estimate. */
  readonly isEstimate: boolean;
  /** a(z), from 0 to 1, a scalar. */
  acceptance(z: Expr, parameters: Bound): Expr;
  /** Z as the density has it, a scalar that is the same for all rows. */
  normalizer(parameters: Bound): Expr;
  /** log((1 - alpha) a / Z + alpha) of log a and Z, scalars: what the density has beside that of the normal distribution. */
  logFactor(logAccepted: Expr, normalizer: Expr): Expr;
}

/** Whether a distribution is resampled. */
export function isResampled(base: Distribution): base is Resampled {
  return base.type === where;
}

const where = "resampled";
const optionTable: OptionTable<ResampledOptions> = {
  features: required(count),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  truncation: wholeNumber("an integer from 2 to 1000", 2, 1000),
  points: wholeNumber("an integer from 16 to 65536", 16, 65536),
};

/** Features up to which Z is a sum over a grid, whose step and reach these are. */
const grids: readonly (readonly [step: number, reach: number])[] = [
  [0.05, 7],
  [0.2, 6.8],
  [0.6, 6],
];
/** Least Z, and least 1 - Z, of which logarithms are taken. */
const [least, leastRest] = [1e-30, 1e-7];

/** Points `[count, features]` and their weights, which add up to 1. */
function nodesOf(features: number, draws: number): { points: Float64Array; weights: Float64Array } {
  const grid = grids[features - 1];
  if (!grid) {
    const stream = new RandomStream(randomKey(0));
    return {
      points: Float64Array.from({ length: draws * features }, () => stream.normal()),
      weights: new Float64Array(draws).fill(1 / draws),
    };
  }
  const [step, reach] = grid;
  const side = 2 * Math.round(reach / step) + 1;
  const rows = side ** features;
  const points = Float64Array.from(
    { length: rows * features },
    (_, i) =>
      step * ((Math.floor(Math.floor(i / features) / side ** (i % features)) % side) - (side - 1) / 2),
  );
  const weights = Float64Array.from({ length: rows }, (_, row) =>
    Math.exp(-0.5 * points.subarray(row * features, (row + 1) * features).reduce((sum, z) => sum + z * z, 0)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { points, weights: weights.map((weight) => weight / total) };
}

/**
 * A resampled base, standard normal at the start, when all points are taken alike. Samples jump where another point is taken: it is trained by
 * likelihood, and no gradient goes through its samples.
 *
 * @throws UsageError for an option out of its range.
 * @cost density a pass of the network, and once for all rows one for each point of Z; sample one for each of the T points
 * @example
 * const base = resampled({ features: 2, hidden: [16] });
 */
export function resampled(options: ResampledOptions): Resampled {
  const checked = checkedOptions(where, options, optionTable);
  const { features, hidden = [32, 32], truncation = 32, points: draws = 4096 } = checked;
  checkHidden(where, hidden);
  const layers = hidden.length + 1;
  const parameters = {
    network: denseParameters([features, ...hidden, 1], (from, to, isLast) =>
      isLast
        ? { weight: trained([to, from]), bias: trained([to]) }
        : { weight: trainedUniform([to, from], 1 / Math.sqrt(from)), bias: trainedUniform([to], 1) },
    ),
  };
  const logit = (z: Expr, p: Bound): Expr =>
    g.reshape(runDense(z, subtreeOf(p, "network"), layers, g.tanh), []);
  // Made when first used: a description that a file claims must not allocate before its tensors were compared.
  let nodes: { readonly points: Expr; readonly weights: Expr } | undefined;
  const normalizer = (p: Bound): Expr => {
    if (!nodes) {
      const { points, weights } = nodesOf(features, draws);
      nodes = { points: g.constant(points, [weights.length, features]), weights: g.constant(weights) };
    }
    const rows = nodes.weights.shape[0]!;
    const own = subtreeOf(p, "network");
    let value = nodes.points;
    for (let layer = 0; layer < layers; layer++) {
      const product = g.matrixProduct(value, g.transpose(leafOf(own, `weight${layer}`)));
      const bias = leafOf(own, `bias${layer}`);
      value = g.add(product, g.broadcastTo(g.reshape(bias, [1, bias.shape[0]!]), product.shape));
      if (layer + 1 < layers) value = g.tanh(value);
    }
    return g.sum(g.mul(nodes.weights, g.sigmoid(g.reshape(value, [rows]))));
  };
  const logFactor = (logAccepted: Expr, total: Expr): Expr => {
    const share = g.clamp(total, least, 1 - leastRest);
    const logAlpha = g.mul(truncation - 1, g.log1p(g.neg(share)));
    const logRest = g.log(g.neg(g.expm1(logAlpha)));
    return g.logAddExp(g.sub(g.add(logRest, logAccepted), g.log(share)), logAlpha);
  };
  const earlier = g.constant(
    Float64Array.from({ length: truncation * truncation }, (_, i) =>
      Number(i % truncation < Math.floor(i / truncation)),
    ),
    [truncation, truncation],
  );
  const isLast = g.constant(
    Float64Array.from({ length: truncation }, (_, t) => Number(t === truncation - 1)),
  );
  return {
    type: where,
    features,
    noise: truncation * (features + 1),
    parameters,
    truncation,
    isEstimate: features > grids.length,
    acceptance: (z, p) => g.sigmoid(logit(z, p)),
    normalizer,
    logFactor,
    logProb(z, p) {
      const logAccepted = g.neg(g.softplus(g.neg(logit(z, p))));
      const factor = logFactor(logAccepted, normalizer(p));
      return g.sub(g.add(g.mul(-0.5, g.sum(g.square(z))), factor), 0.5 * features * logTwoPi);
    },
    sample(noise, p) {
      const points = g.reshape(g.slice(noise, 0, truncation * features), [truncation, features]);
      const levels = normalShare(g.slice(noise, truncation * features, truncation * (features + 1)));
      const own = subtreeOf(p, "network");
      let value = points;
      for (let layer = 0; layer < layers; layer++) {
        value = linear(value, leafOf(own, `weight${layer}`), leafOf(own, `bias${layer}`));
        if (layer + 1 < layers) value = g.tanh(value);
      }
      const isTaken = g.max(g.less(levels, g.sigmoid(g.reshape(value, [truncation]))), isLast);
      const isFirst = g.mul(isTaken, g.less(g.linear(isTaken, earlier), 0.5));
      return g.sum(g.mul(g.broadcastTo(g.reshape(isFirst, [truncation, 1]), points.shape), points), 0);
    },
    toJSON: () => ({
      type: where,
      features,
      hidden,
      truncation,
      ...(checked.points === undefined ? {} : { points: draws }),
    }),
  };
}
