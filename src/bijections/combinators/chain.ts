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
import {
  aBijection,
  type Bijection,
  type Branch,
  branchesOf,
  checkedMap,
  type Mapped,
  passageOf,
  sumOfBranches,
} from "../bijection.ts";

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
  const misfit = (subject: string, expected: string, received: unknown): ShapeError =>
    new ShapeError({ where: "chain", subject, expected, received: String(received) });
  const first = parts[0];
  if (!first) throw misfit("parts", "at least one bijection", "none");
  const { features } = first;
  const context = Math.max(...parts.map((part) => part.context));
  for (const part of parts) {
    if (part.features !== features)
      throw misfit(part.type, `of ${features} features, as the first`, part.features);
    if (part.context !== 0 && part.context !== context)
      throw misfit(part.type, `with a context of ${context}, as another`, part.context);
  }
  const passage = passageOf("chain", parts);
  const last = parts.at(-1)!;
  const start = (value: Expr): Branch => ({ value, logAbsDet: g.constant(0), valid: g.constant(1) });
  const joined = (before: Branch, { value, logAbsDet, valid }: Branch): Branch => ({
    value,
    logAbsDet: g.add(before.logAbsDet, logAbsDet),
    valid: g.mul(before.valid, valid),
  });
  const run = (direction: "forward" | "inverse", from: Expr, p: Bound, c: Expr | undefined): Mapped => {
    let mapped = start(from);
    for (let k = 0; k < parts.length; k++) {
      const i = direction === "forward" ? k : parts.length - 1 - k;
      const part = parts[i]!;
      const step = checkedMap(part, direction, part[direction](mapped.value, subtreeOf(p, String(i)), c));
      mapped = joined(mapped, { ...step, valid: mapped.valid });
    }
    return { value: mapped.value, logAbsDet: mapped.logAbsDet };
  };
  const self: Chain = {
    type: "chain",
    features,
    context,
    parts,
    ...passage,
    domainRegion: first.domainRegion,
    codomainRegion: last.codomainRegion,
    parameters: Object.fromEntries(parts.map((part, i) => [i, part.parameters])),
    forward: (x, p, c) => run("forward", x, p, c),
    inverse: (y, p, c) => run("inverse", y, p, c),
    toJSON: () => ({ type: "chain", parts: parts.map((part) => part.toJSON()) }),
  };
  if (!parts.some((part) => part.branches)) return self;
  return {
    ...self,
    branches: (y, p, c) =>
      parts.reduceRight<readonly Branch[]>(
        (all, part, i) =>
          all.flatMap((branch) =>
            branchesOf(part, branch.value, subtreeOf(p, String(i)), c).map((step) => joined(branch, step)),
          ),
        [start(y)],
      ),
    sumOfBranches: (y, p, term, c) =>
      parts.reduce(
        (then, part, i) => (branch) =>
          sumOfBranches(part, branch.value, subtreeOf(p, String(i)), (step) => then(joined(branch, step)), c),
        term,
      )(start(y)),
  };
}
