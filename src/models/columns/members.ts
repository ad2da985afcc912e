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
  const top = logits.reduce((a, b) => Math.max(a, b));
  const masses = logits.map((logit) => Math.exp(logit - top));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

/** The mean of the probabilities for the logits of each member. */
export function meanProbabilities(
  members: readonly Float64Array[],
  weights: readonly number[],
): Float64Array {
  const parts = members.map(probabilities);
  return parts[0]!.map((_, k) => parts.reduce((sum, part, m) => sum + weights[m]! * part[k]!, 0));
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
