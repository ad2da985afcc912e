/**
 * Mixture of any distributions, with trained weights.
 *
 *     p(x) = sum_k w_k p_k(x),    w the softmax of logWeight
 *
 * A sample draws the component by one number of noise, and takes that of the component among samples of all.
 *
 * @module
 */

import { ShapeError, UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, listOf, type OptionTable, required } from "../../options.ts";
import { realLine } from "../../transformers/interval.ts";
import { chosenItem } from "../choice.ts";
import { aDistribution, type Distribution } from "../distribution.ts";

/** Options of {@link mixtureOf}. */
export interface MixtureOfOptions {
  /** The components, at least one, all of as many features. Equal ones stay equal in a training: give them different places. */
  readonly parts: readonly Distribution[];
}

const mixtureOfOptionTable: OptionTable<MixtureOfOptions> = {
  parts: required(listOf(aDistribution, "an array of distributions")),
};

/**
 * A mixture of distributions; of equal weights at the start. A density and a sample cost those of all components.
 * @throws UsageError without a component, ShapeError for components of different sizes.
 * @cost density that of all parts, sample that of all parts
 * @example
 * const base = mixtureOf({ parts: [studentT({ features: 2 }), diagonalNormal({ features: 2 })] });
 */
export function mixtureOf(options: MixtureOfOptions): Distribution {
  const { parts } = checkedOptions("mixtureOf", options, mixtureOfOptionTable);
  const [first] = parts;
  if (!first)
    throw new UsageError({
      where: "mixtureOf",
      subject: "parts",
      expected: "at least one distribution",
      received: "none",
    });
  const { features } = first;
  const odd = parts.find((part) => part.features !== features);
  if (odd)
    throw new ShapeError({
      where: "mixtureOf",
      subject: "parts",
      expected: `of ${features} features, as the first`,
      received: `${odd.type} of ${odd.features}`,
    });
  const count = parts.length;
  const logWeights = (p: Bound): Expr => {
    const raw = leafOf(p, "logWeight");
    return g.sub(raw, g.logSumExp(raw));
  };
  const supports = parts.map(({ support = realLine }) => support);
  const starts = parts.map((_, k) => parts.slice(0, k).reduce((sum, { noise }) => sum + noise, 1));
  return {
    type: "mixtureOf",
    features,
    noise: parts.reduce((sum, { noise }) => sum + noise, 1),
    parameters: {
      logWeight: trained([count]),
      ...Object.fromEntries(parts.map(({ parameters }, k) => [String(k), parameters])),
    },
    support: [Math.min(...supports.map(([low]) => low)), Math.max(...supports.map(([, high]) => high))],
    logProb(x, p) {
      const each = parts.map((part, k) => g.reshape(part.logProb(x, subtreeOf(p, String(k))), [1]));
      return g.logSumExp(g.add(g.concatenate(each), logWeights(p)));
    },
    sample(noise, p) {
      const chosen = chosenItem(g.reshape(g.slice(noise, 0, 1), []), logWeights(p));
      const each = parts.map((part, k) => {
        const start = starts[k]!;
        return part.sample(g.slice(noise, start, start + part.noise), subtreeOf(p, String(k)));
      });
      const all = g.reshape(g.concatenate(each), [count, features]);
      return g.sum(g.mul(all, g.reshape(chosen, [count, 1])), 0);
    },
    toJSON: () => ({ type: "mixtureOf", parts: parts.map((part) => part.toJSON()) }),
  };
}
