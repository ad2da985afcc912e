/**
 * Composition: forward applies the parts from first to last, inverse from last to first; logAbsDets add up.
 *
 *     forward   y = f_n( ... f_2(f_1(x)))      logAbsDet: the sum of all
 *     inverse   x = f_1^-1( ... f_n^-1(y))
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { checkArgument, listOf } from "../../options.ts";
import { aBijection, type Bijection, type Branch, checkedMap, type Mapped, passageOf } from "../bijection.ts";

/** A chain, which shows its parts. */
export interface Chain extends Bijection {
  /** The bijections in forward order, the one next to the base first. */
  readonly parts: readonly Bijection[];
}

/**
 * Chain of bijections, base first.
 * @throws ShapeError if it is empty, or the parts differ in features or, where conditional, in context; UsageError where a part
 *   does not take what the one before it gives.
 * @cost forward the sum of those of the parts, inverse the same
 * @example
 * const bijection = chain([affine({ features: 2 }), permutation([1, 0]), planar({ features: 2 })]);
 */
export function chain(parts: readonly Bijection[]): Chain {
  checkArgument("chain", "parts", parts, listOf(aBijection, "an array of bijections"));
  const first = parts[0];
  if (!first)
    throw new ShapeError({
      where: "chain",
      subject: "parts",
      expected: "at least one bijection",
      received: "none",
    });
  const { features } = first;
  const context = Math.max(...parts.map((part) => part.context));
  for (const part of parts) {
    if (part.features !== features)
      throw new ShapeError({
        where: "chain",
        subject: `${part.type}`,
        expected: `of ${features} features, as the first`,
        received: `${part.features}`,
      });
    if (part.context !== 0 && part.context !== context)
      throw new ShapeError({
        where: "chain",
        subject: `${part.type}`,
        expected: `with a context of ${context}, as another`,
        received: `${part.context}`,
      });
  }
  const passage = passageOf("chain", parts);
  const namedParts = parts.map((part, i) => ({ part, name: String(i) }));
  const last = parts[parts.length - 1]!;
  const run = (
    direction: "forward" | "inverse",
    inTurn: typeof namedParts,
    start: Expr,
    p: Bound,
    c: Expr | undefined,
  ): Mapped => {
    let value = start;
    let logAbsDet: Expr = g.constant(0);
    for (const { part, name } of inTurn) {
      const step = checkedMap(part, direction, part[direction](value, subtreeOf(p, name), c));
      value = step.value;
      logAbsDet = g.add(logAbsDet, step.logAbsDet);
    }
    return { value, logAbsDet };
  };
  const self: Chain = {
    type: "chain",
    features,
    context,
    parts,
    ...passage,
    domainRegion: first.domainRegion,
    codomainRegion: last.codomainRegion,
    parameters: Object.fromEntries(namedParts.map(({ part, name }) => [name, part.parameters])),
    forward: (x, p, c) => run("forward", namedParts, x, p, c),
    inverse: (y, p, c) => run("inverse", namedParts.slice().reverse(), y, p, c),
    toJSON: () => ({ type: "chain", parts: parts.map((part) => part.toJSON()) }),
  };
  if (!parts.some((part) => part.branches)) return self;
  return {
    ...self,
    branches(y, p, c) {
      let branches: readonly Branch[] = [{ value: y, logAbsDet: g.constant(0), valid: g.constant(1) }];
      for (const { part, name } of namedParts.slice().reverse())
        branches = branches.flatMap((branch) => {
          const parameters = subtreeOf(p, name);
          const steps = part.branches?.(branch.value, parameters, c) ?? [
            { ...part.inverse(branch.value, parameters, c), valid: g.constant(1) },
          ];
          return steps.map((step) => ({
            value: step.value,
            logAbsDet: g.add(branch.logAbsDet, step.logAbsDet),
            valid: g.mul(branch.valid, step.valid),
          }));
        });
      return branches;
    },
  };
}
