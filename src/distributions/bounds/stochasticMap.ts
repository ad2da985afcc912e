/**
 * Maps from base to data that are drawn in both directions: y of p(y | x), x of q(x | y).
 *
 *     back      x of q(x | y)          logWeight = log p(y | x) - log q(x | y)
 *     forward   y of p(y | x)          logWeight = log q(x | y) - log p(y | x)
 *
 * Such a map is a {@link Surjection} whose `forward` takes noise of its own. Nielsen et al. (2020), "SurVAE Flows", table 1, and Wu, Köhler & Noé (2020),
 * "Stochastic Normalizing Flows", equation 11, have the same weights.
 *
 * @see https://arxiv.org/abs/2007.02731, https://arxiv.org/abs/2002.06707
 * @module
 */

import type { Lift, Surjection } from "../../bijections/surjections/surjection.ts";
import type { Expr } from "../../graph/expr.ts";
import type { Bound } from "../../graph/parameters.ts";

/** A map that is drawn in both directions. */
export interface StochasticMap extends Surjection {
  /** Standard normal numbers that {@link StochasticMap.push} takes. */
  readonly forwardNoise: number;
  /** A draw of y given x, `[features]`, and log q(x | y) - log p(y | x) in nats. */
  push(x: Expr, noise: Expr, parameters: Bound, context?: Expr): Lift;
}

/** Whether it is drawn forward, too, and knows the weight of that. */
export function isStochastic(surjection: Surjection): surjection is StochasticMap {
  return typeof (surjection as Partial<StochasticMap>).push === "function";
}
