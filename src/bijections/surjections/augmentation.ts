/**
 * Augmentation: numbers are added to those of the data, and the flow is one of all; what is sampled of them is left out.
 *
 *     forward   y = the first n of x
 *     back      x = (y, u),  u of q(u | y)          logWeight = -log q(u | y)
 *
 * A flow of more dimensions can take points past each other that it cannot in few (Dupont et al. 2019; Huang, Dinh & Courville 2020, "Augmented
 * Normalizing Flows"). The added numbers are integrated out by draws, so that E log is a lower bound (Nielsen et al. 2020: slicing). q is the standard
 * normal, or, with `noise`, learned: u = f(v | y), v standard normal.
 *
 * @see https://arxiv.org/abs/2002.07101, https://arxiv.org/abs/2007.02731
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { subtreeOf } from "../../graph/parameters.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import { aBijection, type Bijection } from "../bijection.ts";
import type { Surjection } from "./surjection.ts";

/** Options of {@link augmentation}. */
export interface AugmentationOptions {
  /** Numbers of the data, at least 1. */
  readonly features: number;
  /** Numbers that are added, at least 1. */
  readonly extra: number;
  /** A map of `extra` features with a context of `features` numbers, from normal noise to what is added (default: the noise itself). */
  readonly noise?: Bijection | undefined;
}

const optionTable: OptionTable<AugmentationOptions> = {
  features: required(count),
  extra: required(count),
  noise: aBijection,
};

/**
 * Numbers that are added to those of the data, for `manyToOne` of `pushforward/distributions` and `logProbBound` of `pushforward/fitting`: forward
 * from `[features + extra]` to `[features]`, back with a log-weight in nats.
 * @throws UsageError for an option out of its domain, ShapeError if `noise` is not of `extra` features and a context of `features`.
 * @cost forward none, back a density of `extra` normal numbers, and with `noise` that map
 * @example const surjection = augmentation({ features: 2, extra: 2 });
 */
export function augmentation(options: AugmentationOptions): Surjection {
  const { features, extra, noise: learned } = checkedOptions("augmentation", options, optionTable);
  if (learned && (learned.features !== extra || learned.context !== features))
    throw new ShapeError({
      where: "augmentation",
      subject: "noise",
      expected: `a map of ${extra} features with a context of ${features}`,
      received: `${learned.type} of ${learned.features} with a context of ${learned.context}`,
    });
  /** Minus the log-density of standard normal numbers. */
  const cost = (noise: Expr): Expr => g.add(g.mul(0.5, g.sum(g.square(noise))), 0.5 * extra * logTwoPi);
  return {
    type: "augmentation",
    features,
    latent: features + extra,
    noise: extra,
    parameters: learned ? { noise: learned.parameters } : {},
    forward: (x) => g.slice(x, 0, features),
    lifts(y, noise, p) {
      if (!learned) return [{ value: g.concatenate([y, noise]), logWeight: cost(noise) }];
      const { value, logAbsDet } = learned.forward(noise, subtreeOf(p, "noise"), y);
      return [{ value: g.concatenate([y, value]), logWeight: g.add(cost(noise), logAbsDet) }];
    },
    toJSON: () => ({
      type: "augmentation",
      kept: features,
      extra,
      ...(learned ? { bijection: learned.toJSON() } : {}),
    }),
  };
}
