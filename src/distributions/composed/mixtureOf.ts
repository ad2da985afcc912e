/**
 * Mixture of any distributions, flows among them, with trained weights.
 *
 *     p(x | c) = sum_k w_k(c) p_k(x | c),    w the softmax of logWeight, or of what a network gives for the context c
 *
 * A sample draws the component by one number of noise, and takes that of the component among samples of all.
 *
 * The sum is elementary; flows as its parts are those of Pires & Figueiredo (2020), "Variational Mixture of Normalizing Flows", who
 * train a bound of it, here the sum itself; weights by a network are those of Bishop (1994), "Mixture density networks".
 *
 * @see https://arxiv.org/abs/2009.00585
 * @module
 */

import { ShapeError, UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf, trained } from "../../graph/parameters.ts";
import {
  aConditioner,
  type Conditioner,
  chosenConditioner,
  conditionerOptions,
} from "../../networks/conditionerContract.ts";
import { denseConditioner } from "../../networks/denseConditioner.ts";
import { withConditioner } from "../../networks/registry.ts";
import { anyNumber, checkedOptions, listOf, type OptionTable, refuse, required } from "../../options.ts";
import { realLine } from "../../transformers/interval.ts";
import { aDistribution, type Distribution } from "../distribution.ts";
import { normalShare, pickedItem } from "../normalShare.ts";

/** Options of {@link mixtureOf}. */
export interface MixtureOfOptions {
  /**
   * The components, at least one, all of as many features, and of one context where they have one. Equal ones stay equal in a training: give them
   * different places.
   */
  readonly parts: readonly Distribution[];
  /**
   * Sizes of the hidden layers of a network that gives the weights for the context of the parts; `[]` for a linear one (default: none, the weights
   * are the same for each context).
   */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the weights, in place of a dense network of `hidden` layers. */
  readonly conditioner?: Conditioner | undefined;
}

const mixtureOfOptionTable: OptionTable<MixtureOfOptions> = {
  parts: required(listOf(aDistribution, "an array of distributions")),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
};

/**
 * A mixture of distributions; of equal weights at the start. A density and a sample cost those of all components.
 * @throws UsageError without a component, or for a network of weights without a context; ShapeError for components of different sizes.
 * @cost density that of all parts, sample that of all parts
 * @example
 * const base = mixtureOf({ parts: [studentT({ features: 2 }), diagonalNormal({ features: 2 })] });
 */
export function mixtureOf(options: MixtureOfOptions): Distribution {
  const checked = checkedOptions("mixtureOf", options, mixtureOfOptionTable);
  const { parts } = checked;
  const [first] = parts;
  if (!first)
    throw new UsageError({
      where: "mixtureOf",
      subject: "parts",
      expected: "at least one distribution",
      received: "none",
    });
  const { features } = first;
  const context = Math.max(...parts.map((part) => part.context ?? 0));
  for (const { type, features: own, context: ownContext = 0 } of parts) {
    if (own !== features)
      throw new ShapeError({
        where: "mixtureOf",
        subject: "parts",
        expected: `of ${features} features, as the first`,
        received: `${type} of ${own}`,
      });
    if (ownContext !== 0 && ownContext !== context)
      throw new ShapeError({
        where: "mixtureOf",
        subject: "parts",
        expected: `with a context of ${context}, as another`,
        received: `${type} with one of ${ownContext}`,
      });
  }
  const count = parts.length;
  const hasNetwork = checked.hidden !== undefined || checked.conditioner !== undefined;
  const conditioner = hasNetwork ? chosenConditioner("mixtureOf", checked, denseConditioner) : undefined;
  if (conditioner && context === 0)
    refuse("mixtureOf", "hidden", "left out where no part has a context", checked.hidden ?? conditioner.type);
  const network = conditioner?.network({ inputs: context, outputs: count });
  const logWeights = (p: Bound, c: Expr | undefined): Expr => {
    const raw = network ? network.run(c!, subtreeOf(p, "network")) : leafOf(p, "logWeight");
    return g.sub(raw, g.logSumExp(raw));
  };
  const supports = parts.map(({ support = realLine }) => support);
  const starts = parts.map((_, k) => parts.slice(0, k).reduce((sum, { noise }) => sum + noise, 1));
  return {
    type: "mixtureOf",
    features,
    ...(context > 0 ? { context } : {}),
    noise: parts.reduce((sum, { noise }) => sum + noise, 1),
    parameters: {
      ...(network ? { network: network.parameters } : { logWeight: trained([count]) }),
      ...Object.fromEntries(parts.map(({ parameters }, k) => [String(k), parameters])),
    },
    support: [Math.min(...supports.map(([low]) => low)), Math.max(...supports.map(([, high]) => high))],
    bound: parts.find(({ bound }) => bound)?.bound,
    logProb(x, p, c) {
      const each = parts.map((part, k) => g.reshape(part.logProb(x, subtreeOf(p, String(k)), c), [1]));
      return g.logSumExp(g.add(g.concatenate(each), logWeights(p, c)));
    },
    sample(noise, p, c) {
      const chooser = g.reshape(g.slice(noise, 0, 1), []);
      const each = parts.map((part, k) => {
        const start = starts[k]!;
        return part.sample(g.slice(noise, start, start + part.noise), subtreeOf(p, String(k)), c);
      });
      return pickedItem(normalShare(chooser), g.exp(logWeights(p, c)), each);
    },
    toJSON: () => ({
      type: "mixtureOf",
      parts: parts.map((part) => part.toJSON()),
      ...(conditioner ? conditionerOptions(conditioner) : {}),
    }),
  };
}

/** Reads {@link mixtureOf} back. */
export function mixtureOfFromJson(
  json: { readonly [option: string]: unknown },
  read: (json: unknown) => Distribution,
): Distribution {
  const { hidden, parts } = json as unknown as MixtureOfOptions;
  return mixtureOf({ parts: parts.map(read), hidden, ...withConditioner(json) });
}
