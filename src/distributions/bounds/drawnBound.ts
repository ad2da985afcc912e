/**
 * A lower bound of the log-density of what a surjection makes of a flow.
 *
 *     log p(y) >= E log (1/K sum over K draws and their branches of p_flow(x) p(y | x) / q(x | y))
 *
 * Nielsen et al. (2020), "SurVAE Flows", one draw; Burda et al. (2016), "Importance Weighted Autoencoders", several, which are tighter.
 *
 * @see https://arxiv.org/abs/2007.02731, https://arxiv.org/abs/1509.00519
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import type { Surjection } from "../../bijections/surjections/surjection.ts";
import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { Bound } from "../../graph/parameters.ts";
import { refuse } from "../../options.ts";
import { pushforwardLogProb } from "../density.ts";
import type { Distribution } from "../distribution.ts";

/** A flow, and what is made of its numbers. */
export interface DrawnParts {
  /** What is pushed forward. */
  readonly base: Distribution;
  /** From the base to what the surjection takes, of as many features as that. */
  readonly bijection: Bijection;
  /** From there to the data. */
  readonly surjection: Surjection;
}

/** @throws ShapeError if the parts do not fit each other, UsageError for a base that knows a bound alone. */
export function checkDrawnParts(where: string, { base, bijection, surjection }: DrawnParts): void {
  // Draws of draws would multiply, and a bound in a denominator is none.
  if (base.bound) refuse(where, "base", "a distribution whose log-density is known", base.type);
  if (bijection.features === surjection.latent && base.features === surjection.latent) return;
  throw new ShapeError({
    where,
    subject: "the base and the bijection",
    expected: `of ${surjection.latent} features, as ${surjection.type} takes`,
    received: `${base.features} and ${bijection.features}`,
  });
}

/** The bound at y, of parts that fit each other, by noise of the streams `lift 0` and on; see the head. */
export function drawnBound(
  y: Expr,
  parameters: { readonly base: Bound; readonly bijection: Bound; readonly surjection: Bound },
  { base, bijection, surjection }: DrawnParts,
  draws: number,
  context?: Expr,
): Expr {
  const terms = Array.from({ length: draws }, (_, draw) => {
    const noise = g.randomNormal([surjection.noise], `lift ${draw}`);
    return surjection
      .lifts(y, noise, parameters.surjection)
      .map(({ value, logWeight }) =>
        g.add(pushforwardLogProb(base, bijection, value, parameters, context), logWeight),
      );
  }).flat();
  const total = terms.reduce((sum, term) => g.logAddExp(sum, term));
  return draws === 1 ? total : g.sub(total, Math.log(draws));
}
