/**
 * Steps of Hamiltonian Monte Carlo towards a distribution between base and data: a layer of a stochastic normalizing flow.
 *
 *     a step    v standard normal, then L leaps of length e of point and momentum, from (a, v) to (b, v'')
 *     back      the same from b          log K(b, a) - log K(a, b) = (|v|^2 - |v''|^2) / 2
 *
 * A leap is v' = v + e/2 s(a), b = a + e v', v'' = v' + e/2 s(b), s = grad log pi (Neal 2011, "MCMC using Hamiltonian dynamics", section 2.3). A step is taken
 * with the probability min(1, pi(b) K(b, a) / (pi(a) K(a, b))), else b = a, and logWeight = log pi(a) - log pi(b) (Wu, Köhler & Noé 2020, "Stochastic Normalizing
 * Flows", equation 13). Without `adjusted` every step is taken, and logWeight is the sum of the logarithms of ratios (equation 17). Whether a step is taken
 * has no gradient: gradients are those of the paths as they were drawn.
 *
 * With one leap of e = sqrt(2 h) a step is one of `langevin`. More leaps go further before the next draw, where a walk would turn back.
 *
 * @see https://arxiv.org/abs/1206.1901, https://arxiv.org/abs/2002.06707
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import {
  checkedOptions,
  flag,
  type OptionTable,
  positive,
  refuse,
  required,
  wholeNumber,
} from "../../options.ts";
import { aTarget, type LangevinTarget, stepsTowards } from "./stepsTowards.ts";
import type { StochasticMap } from "./stochasticMap.ts";

/** Options of {@link hamiltonianMonteCarlo}. */
export interface HamiltonianMonteCarloOptions {
  /** Any distribution, or `{ type, features, parameters, logProb, toJSON }` of your own. It is trained, too. */
  readonly target: LangevinTarget;
  /** Steps, each with a momentum of its own (default 2); times `leaps` at most 64: each leap is a part of the program. */
  readonly steps?: number | undefined;
  /** Leaps of a step (default 4). */
  readonly leaps?: number | undefined;
  /** Length e of a leap at the start, in units of x (default 0.2). Each step has its own, which is trained. */
  readonly stepSize?: number | undefined;
  /** Whether steps are taken or refused, so that the target stays as it is (default true). */
  readonly adjusted?: boolean | undefined;
}

const where = "hamiltonianMonteCarlo";
/** Leaps of all steps, at most. */
const mostLeaps = 64;
const aCount = wholeNumber(`an integer from 1 to ${mostLeaps}`, 1, mostLeaps);
const optionTable: OptionTable<HamiltonianMonteCarloOptions> = {
  target: required(aTarget),
  steps: aCount,
  leaps: aCount,
  stepSize: positive,
  adjusted: flag,
};

/**
 * Steps of Hamiltonian Monte Carlo, for `surjectionChain`, `surjectiveFlow`, `manyToOne`, `logProbBound` and `evidenceBound`. Its context is that of the
 * target. A model with it is saved where one with the target as its base would be.
 * @throws UsageError for an option out of its domain, for a target with a support, or that knows a bound alone.
 * @cost forward and back `steps` times `leaps`, and one, densities of the target and slopes, which without `slope` cost two densities a feature
 * @example const surjection = hamiltonianMonteCarlo({ target: gaussianMixture({ features: 2, components: 3 }), steps: 2, leaps: 4 });
 */
export function hamiltonianMonteCarlo(options: HamiltonianMonteCarloOptions): StochasticMap {
  const checked = checkedOptions(where, options, optionTable);
  const { target, steps = 2, leaps = 4, stepSize = 0.2, adjusted = true } = checked;
  if (steps * leaps > mostLeaps) refuse(where, "steps times leaps", `at most ${mostLeaps}`, steps * leaps);
  const parts = { target, steps, leaps, adjusted, lengthOf: (factor: Expr) => g.mul(stepSize, factor) };
  return {
    ...stepsTowards(where, parts),
    toJSON: () => ({ type: where, target: target.toJSON(), steps, leaps, stepSize, adjusted }),
  };
}
