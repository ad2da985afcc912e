/**
 * Independent normal features whose means and scales a network gives from a context.
 *
 *     log p(x | c) = sum of log N(x_i; m_i(c), e^2s_i(c))          x = m(c) + e^s(c) z
 *
 * s is clipped softly to +-10. For a context of zeros and ones, one of each class, and a linear network (`hidden: []`) it is one normal distribution for
 * each class.
 *
 * Winkler et al. (2019), "Learning Likelihoods with Conditional Normalizing Flows", section 3.1: a base that depends on what is given.
 *
 * @see https://arxiv.org/abs/1912.00042
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
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
import { anyNumber, checkedOptions, count, listOf, type OptionTable, required } from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";

/** Options of {@link conditionalNormal}. */
export interface ConditionalNormalOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on, at least 1. */
  readonly context: number;
  /** Sizes of the hidden layers of the network; `[]` for a linear one. Left out where `conditioner` is given. */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the means and log scales, in place of a dense network of `hidden` layers. */
  readonly conditioner?: Conditioner | undefined;
}

const where = "conditionalNormal";
const optionTable: OptionTable<ConditionalNormalOptions> = {
  features: required(count),
  context: required(count),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
};

const largestLogScale = 10;

/** The context of a distribution that has one. */
export function contextOf(name: string, size: number, context: Expr | undefined): Expr {
  if (context) return context;
  throw new UsageError({
    where: name,
    subject: "context",
    expected: `${size} numbers, of a model that is given columns`,
    received: "none",
  });
}

/** The log-density of independent normal features. */
export function normalLogDensity(x: Expr, mean: Expr, logScale: Expr): Expr {
  const z = g.mul(g.sub(x, mean), g.exp(g.neg(logScale)));
  const { shape } = x;
  return g.sub(g.sub(g.mul(-0.5, g.sum(g.square(z))), g.sum(logScale)), 0.5 * shape[0]! * logTwoPi);
}

/**
 * Independent normal features given a context, standard at the start. Of other laws, `pushforward` of an `elementwise` map with a context is conditional.
 * @throws UsageError if a size is not a positive integer.
 * @cost density O(features) and a pass of the network, sample the same
 * @example
 * const base = conditionalNormal({ features: 2, context: 1, hidden: [16] });
 */
export function conditionalNormal(options: ConditionalNormalOptions): Distribution {
  const checked = checkedOptions(where, options, optionTable);
  const { features, context } = checked;
  const conditioner = chosenConditioner(where, checked, denseConditioner);
  const network = conditioner.network({ inputs: context, outputs: 2 * features });
  const parts = (p: Bound, c: Expr | undefined): { mean: Expr; logScale: Expr } => {
    const raw = network.run(contextOf(where, context, c), subtreeOf(p, "network"));
    return {
      mean: g.slice(raw, 0, features),
      logScale: softClip(g.slice(raw, features, 2 * features), largestLogScale),
    };
  };
  return {
    type: where,
    features,
    context,
    noise: features,
    parameters: { network: network.parameters },
    logProb(x, p, c) {
      const { mean, logScale } = parts(p, c);
      return normalLogDensity(x, mean, logScale);
    },
    sample(noise, p, c) {
      const { mean, logScale } = parts(p, c);
      return g.add(mean, g.mul(noise, g.exp(logScale)));
    },
    toJSON: () => ({ type: where, features, context, ...conditionerOptions(conditioner) }),
  };
}

/** Reads {@link conditionalNormal} back. */
export function conditionalNormalFromJson(json: { readonly [option: string]: unknown }): Distribution {
  return conditionalNormal({ ...(json as unknown as ConditionalNormalOptions), ...withConditioner(json) });
}
