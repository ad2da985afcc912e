/**
 * Members of a model: networks of their own whose distributions of each cell are averaged (Lakshminarayanan et al. 2017), with weights
 * for each column. The mean of conditional distributions is one again, so that all that is exact with one network stays so.
 *
 *     p(cell | cells before) = sum_k w_k p_k(cell | cells before)
 *
 * @see https://arxiv.org/abs/1612.01474
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { Contributions } from "./columnsDensity.ts";

/** Probabilities for logits. */
export function probabilities(logits: Float64Array): Float64Array {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) top = Math.max(top, logits[k]!);
  const masses = new Float64Array(logits.length);
  let total = 0;
  for (let k = 0; k < logits.length; k++) {
    const mass = Math.exp(logits[k]! - top);
    masses[k] = mass;
    total += mass;
  }
  for (let k = 0; k < logits.length; k++) masses[k]! /= total;
  return masses;
}

/** The mean of the probabilities for the logits of each member. */
export function meanProbabilities(
  members: readonly Float64Array[],
  weights: readonly number[],
): Float64Array {
  const mean = new Float64Array(members[0]!.length);
  members.forEach((logits, member) => {
    const masses = probabilities(logits);
    for (let k = 0; k < mean.length; k++) mean[k]! += weights[member]! * masses[k]!;
  });
  return mean;
}

/** Logarithms of the sums over members, each a vector. */
function logSums(terms: readonly Expr[]): Expr {
  return terms.slice(1).reduce((sum, term) => g.logAddExp(sum, term), terms[0]!);
}

/**
 * The contributions of the mean of members.
 * @param members - Contributions of each.
 * @param weights - For each column the weights of the members.
 * @param isObserved - By column 1 where an outcome adds to the density, else 0.
 * @param hasValue - By column 1 where a value does.
 */
export function meanContributions(
  members: readonly Contributions[],
  weights: readonly (readonly number[])[],
  isObserved: Expr,
  hasValue: Expr,
): Contributions {
  const weighted = members.map((contributions, k) => ({
    ...contributions,
    outcomes: g.add(
      contributions.outcomes,
      g.constant(
        weights.map((each) => Math.log(each[k]!)),
        [weights.length],
      ),
    ),
  }));
  const outcomes = logSums(weighted.map((member) => member.outcomes));
  const cells = logSums(weighted.map((member) => g.add(member.outcomes, member.values)));
  return { outcomes: g.mul(outcomes, isObserved), values: g.mul(g.sub(cells, outcomes), hasValue) };
}
