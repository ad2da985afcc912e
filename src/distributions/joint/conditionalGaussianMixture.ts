/**
 * Mixture of Gaussians whose weights, means and covariances a network gives from a context (Bishop 1994, mixture density networks).
 *
 *     p(x | c) = sum_k w_k(c) N(x; m_k(c), L_k(c) L_k(c)')
 *     log N(x; m, L L') = -|L^-1 (x - m)|^2 / 2 - sum_i log L_ii - n log(2 pi) / 2
 *
 * Of a component the network gives the logit of its weight, the mean, and the lower triangle of L line by line: logarithms on the
 * diagonal, to whose exponentials, as far as numbers hold them (`positive.ts`), `leastScale` is added, so that every output is a covariance.
 * The mean is that of the network and a
 * place of the component's own, fixed, without which all components would learn the same.
 *
 * @see https://publications.aston.ac.uk/id/eprint/373/
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { matrixProduct, solveTriangular } from "../../graph/library/smallMatrices.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import {
  aConditioner,
  type Conditioner,
  chosenConditioner,
  conditionerOptions,
} from "../../networks/conditionerContract.ts";
import { denseConditioner } from "../../networks/denseConditioner.ts";
import { withConditioner } from "../../networks/registry.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { placeInTriangle, placesBelow, placesOnDiagonal } from "../../numerics/triangle.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  listOf,
  notNegative,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import { RandomStream, randomKey } from "../../random/philox.ts";
import { defaultReach, positive } from "../../transformers/elementary/positive.ts";
import type { Distribution } from "../distribution.ts";
import { normalShare, pickedItem } from "../normalShare.ts";

/** Options of {@link conditionalGaussianMixture}. */
export interface ConditionalGaussianMixtureOptions {
  /** Size of one sample, from 1 to 16. */
  readonly features: number;
  /** Size of what it is conditioned on, at least 1. */
  readonly context: number;
  /** Number of components, at least 1. */
  readonly components: number;
  /** Sizes of the hidden layers of the network; `[]` for a linear one. Left out where `conditioner` is given. */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the parameters, in place of a dense network of `hidden` layers. */
  readonly conditioner?: Conditioner | undefined;
  /** What is added to the diagonals of the factors, 0 or more (default 0). */
  readonly leastScale?: number | undefined;
  /** Standard deviation of the places that the components start at, 0 or more (default 1). */
  readonly spread?: number | undefined;
}

const where = "conditionalGaussianMixture";
const optionTable: OptionTable<ConditionalGaussianMixtureOptions> = {
  features: required(anyNumber),
  context: required(anyNumber),
  components: required(anyNumber),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
  leastScale: notNegative,
  spread: notNegative,
};

/** Matrices of each row are no larger. */
const mostFeatures = 16;

/**
 * A mixture of Gaussians given a context. It is the base of a model by itself, before an identity, or of a conditional flow.
 *
 * @cost A density O(components features^2) and a pass of the network; a sample the same, of one number of noise more than it has
 *   features.
 * @throws UsageError if a size is not a positive integer, or there are more than 16 features.
 * @example
 * const base = conditionalGaussianMixture({ features: 2, context: 1, components: 3, hidden: [16] });
 */
export function conditionalGaussianMixture(options: ConditionalGaussianMixtureOptions): Distribution {
  const checked = checkedOptions(where, options, optionTable);
  const { features, context, components, leastScale = 0, spread = 1 } = checked;
  for (const [name, value] of Object.entries({ features, context, components }))
    checkCount(where, name, value);
  if (features > mostFeatures) refuse(where, "features", `at most ${mostFeatures}`, features);
  const conditioner = chosenConditioner(where, checked, denseConditioner);
  const size = (features * (features + 1)) / 2;
  const network = conditioner.network({ inputs: context, outputs: components * (1 + features + size) });
  const stream = new RandomStream(randomKey(0));
  const places = Float64Array.from({ length: components * features }, () => spread * stream.normal());
  const shape = [features, features];
  const [below, onDiagonal] = [placesBelow(features), placesOnDiagonal(features)];
  const ofDiagonal = Int32Array.from({ length: features }, (_, i) => placeInTriangle(i, i));
  const parts = (
    p: Bound,
    c: Expr | undefined,
  ): { logWeights: Expr; each: { mean: Expr; factor: Expr; logDet: Expr }[] } => {
    if (!c)
      throw new UsageError({
        where,
        subject: "context",
        expected: `${context} numbers, of a model that is given columns`,
        received: "none",
      });
    const raw = network.run(c, subtreeOf(p, "network"));
    const logits = g.slice(raw, 0, components);
    const means = g.slice(raw, components, components * (1 + features));
    const spreadMeans = spread > 0 ? g.add(means, g.constant(places)) : means;
    const triangles = g.slice(raw, components * (1 + features), components * (1 + features + size));
    const each = Array.from({ length: components }, (_, k) => {
      const lower = g.slice(triangles, k * size, (k + 1) * size);
      const { value: own } = positive(g.gather(lower, ofDiagonal, [features]), defaultReach);
      const diagonal = leastScale > 0 ? g.add(own, leastScale) : own;
      return {
        mean: g.slice(spreadMeans, k * features, (k + 1) * features),
        factor: g.add(g.gather(lower, below, shape), g.gather(diagonal, onDiagonal, shape)),
        logDet: g.sum(g.log(diagonal)),
      };
    });
    return { logWeights: g.sub(logits, g.logSumExp(logits)), each };
  };
  return {
    type: "conditionalGaussianMixture",
    features,
    context,
    noise: features + 1,
    parameters: { network: network.parameters },
    logProb(x, p, c) {
      const { logWeights, each } = parts(p, c);
      const terms = each.map(({ mean, factor, logDet }) => {
        const z = solveTriangular(factor, g.sub(x, mean), { lower: true });
        return g.reshape(g.neg(g.add(g.mul(0.5, g.sum(g.square(z))), logDet)), [1]);
      });
      return g.sub(g.logSumExp(g.add(g.concatenate(terms), logWeights)), 0.5 * features * logTwoPi);
    },
    sample(noise, p, c) {
      const { logWeights, each } = parts(p, c);
      const level = normalShare(g.reshape(g.slice(noise, features, features + 1), []));
      const z = g.slice(noise, 0, features);
      const points = each.map(({ mean, factor }) => g.add(mean, matrixProduct(factor, z)));
      return pickedItem(level, g.exp(logWeights), points);
    },
    toJSON: () => ({
      type: "conditionalGaussianMixture",
      features,
      context,
      components,
      ...conditionerOptions(conditioner),
      ...(leastScale === 0 ? {} : { leastScale }),
      ...(spread === 1 ? {} : { spread }),
    }),
  };
}

/** Reads {@link conditionalGaussianMixture} back. */
export function conditionalGaussianMixtureFromJson(json: {
  readonly [option: string]: unknown;
}): Distribution {
  return conditionalGaussianMixture({
    ...(json as unknown as ConditionalGaussianMixtureOptions),
    ...withConditioner(json),
  });
}
