/**
 * The layer of a variational autoencoder: a distribution of y that is given x, and a guess of x that is given y.
 *
 *     forward   y of p(y | x), the decoder
 *     back      x of q(x | y), the encoder          logWeight = log p(y | x) - log q(x | y)
 *
 * Behind a flow it is a model of fewer or more numbers than the flow has, whose prior is the flow: the flow's log-density at x and the weight add up to the
 * evidence lower bound. It is the log-density where q is the posterior of x.
 *
 * Kingma & Welling (2014), "Auto-Encoding Variational Bayes", equation 2; Nielsen et al. (2020), "SurVAE Flows", table 1.
 *
 * @see https://arxiv.org/abs/1312.6114, https://arxiv.org/abs/2007.02731
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, type OptionTable, refuse, required, wholeNumber } from "../../options.ts";
import { aDistribution, type Distribution } from "../distribution.ts";
import type { StochasticMap } from "./stochasticMap.ts";

/** Options of {@link variationalAutoencoder}. */
export interface VariationalAutoencoderOptions {
  /** What the data are, given the numbers of the flow: of as many features as there are columns, its context x. */
  readonly decoder: Distribution;
  /** What the numbers of the flow are, given the data: of as many features as the flow has, its context y. */
  readonly encoder: Distribution;
  /** Numbers that both are given beside that, behind it: the context of a conditional flow (default 0: nothing). */
  readonly context?: number | undefined;
}

const where = "variationalAutoencoder";
const optionTable: OptionTable<VariationalAutoencoderOptions> = {
  decoder: required(aDistribution),
  encoder: required(aDistribution),
  context: wholeNumber("an integer of at least 0", 0),
};

/**
 * A decoder and an encoder, for `surjectiveFlow`, `manyToOne` and `logProbBound`: any two conditional distributions, such as `conditionalNormal`, or
 * `pushforward` of a map with a context.
 * @throws ShapeError where one does not take what the other gives, UsageError for one that knows a bound alone.
 * @cost forward a sample of the decoder, back a sample of the encoder and a density of both
 * @example
 * const surjection = variationalAutoencoder({
 *   decoder: conditionalNormal({ features: 5, context: 2, hidden: [32] }),
 *   encoder: conditionalNormal({ features: 2, context: 5, hidden: [32] }),
 * });
 */
export function variationalAutoencoder(options: VariationalAutoencoderOptions): StochasticMap {
  const { decoder, encoder, context = 0 } = checkedOptions(where, options, optionTable);
  const pairs = { decoder: [decoder, encoder], encoder: [encoder, decoder] } as const;
  for (const [name, [own, other]] of Object.entries(pairs)) {
    if (own.bound) refuse(where, name, "a distribution whose log-density is known", own.type);
    if ((own.context ?? 0) !== other.features + context)
      throw new ShapeError({
        where,
        subject: `context of the ${name}`,
        expected: `${other.features + context}, the features of the other${context > 0 ? " and the context" : ""}`,
        received: `${own.context ?? 0}`,
      });
  }
  const ofDecoder = (p: Bound): Bound => subtreeOf(p, "decoder");
  const ofEncoder = (p: Bound): Bound => subtreeOf(p, "encoder");
  const beside = (value: Expr, c: Expr | undefined): Expr =>
    context > 0 ? g.concatenate([value, c!]) : value;
  const logRatio = (y: Expr, x: Expr, p: Bound, c: Expr | undefined): Expr =>
    g.sub(decoder.logProb(y, ofDecoder(p), beside(x, c)), encoder.logProb(x, ofEncoder(p), beside(y, c)));
  return {
    type: where,
    features: decoder.features,
    latent: encoder.features,
    context,
    noise: encoder.noise,
    forwardNoise: decoder.noise,
    parameters: { decoder: decoder.parameters, encoder: encoder.parameters },
    forward: (x, noise, p, c) => decoder.sample(noise!, ofDecoder(p!), beside(x, c)),
    lifts(y, noise, p, c) {
      const value = encoder.sample(noise, ofEncoder(p), beside(y, c));
      return [{ value, logWeight: logRatio(y, value, p, c) }];
    },
    push(x, noise, p, c) {
      const value = decoder.sample(noise, ofDecoder(p), beside(x, c));
      return { value, logWeight: g.neg(logRatio(value, x, p, c)) };
    },
    toJSON: () => ({
      type: where,
      decoder: decoder.toJSON(),
      encoder: encoder.toJSON(),
      ...(context > 0 ? { context } : {}),
    }),
  };
}
