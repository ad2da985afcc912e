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
import { type Expr, formatShape, sizeOf } from "../../graph/expr.ts";
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

/**
 * The size of the context that all parts that have one take; 0 where none has.
 * @throws ShapeError if the parts do not fit each other, UsageError for a base that knows a bound alone.
 */
export function checkDrawnParts(where: string, { base, bijection, surjection }: DrawnParts): number {
  // Draws of draws would multiply, and a bound in a denominator is none.
  if (base.bound) refuse(where, "base", "a distribution whose log-density is known", base.type);
  if (bijection.features !== surjection.latent || base.features !== surjection.latent)
    throw new ShapeError({
      where,
      subject: "the base and the bijection",
      expected: `of ${surjection.latent} features, as ${surjection.type} takes`,
      received: `${base.features} and ${bijection.features}`,
    });
  return commonContext(where, [base, bijection, surjection]);
}

/**
 * The size of the context that all parts that have one take; 0 where none has.
 * @throws ShapeError for parts that take another one.
 */
export function commonContext(
  where: string,
  parts: readonly { readonly type: string; readonly context?: number | undefined }[],
): number {
  const conditional = parts.filter(({ context = 0 }) => context > 0);
  for (const { type, context } of conditional)
    if (context !== conditional[0]!.context)
      throw new ShapeError({
        where,
        subject: `context of ${type}`,
        expected: `${conditional[0]!.context}, as ${conditional[0]!.type}`,
        received: `${context}`,
      });
  return conditional[0]?.context ?? 0;
}

/** @throws ShapeError for a context that is not of so many numbers, or is none. */
export function checkContext(where: string, size: number, context: Expr | undefined): void {
  if (size === 0 || (context && sizeOf(context.shape) === size)) return;
  throw new ShapeError({
    where,
    subject: "context",
    expected: `of ${size} numbers, as the parts take`,
    received: context ? formatShape(context.shape) : "none",
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
      .lifts(y, noise, parameters.surjection, context)
      .map(({ value, logWeight }) =>
        g.add(pushforwardLogProb(base, bijection, value, parameters, context), logWeight),
      );
  }).flat();
  const total = terms.reduce((sum, term) => g.logAddExp(sum, term));
  return draws === 1 ? total : g.sub(total, Math.log(draws));
}
