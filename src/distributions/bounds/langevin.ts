/**
 * Steps of Langevin dynamics towards a distribution between base and data: a layer of a stochastic normalizing flow.
 *
 *     a step    b = a + h s(a) + sqrt(2 h) e,  s = grad log pi,  e standard normal
 *     and back  a = b + h s(b) + sqrt(2 h) e'          log K(b, a) - log K(a, b) = (|e|^2 - |e'|^2) / 2
 *
 * The way back is taken by the same steps from their last to their first: logWeight is the sum of these logarithms of ratios, of the steps as they are
 * drawn (Wu, Köhler & Noé 2020, "Stochastic Normalizing Flows", equation 16). All of it has gradients.
 *
 * With `adjusted`, a step is taken with the probability min(1, pi(b) K(b, a) / (pi(a) K(a, b))), else b = a (Roberts & Tweedie 1996, "MALA"). Then pi(a) p(b | a) =
 * pi(b) p(a | b), so that logWeight = log pi(a) - log pi(b) (equation 13), however often steps were refused. Whether one is taken has no gradient: as in the
 * paper, gradients are those of the paths as they were drawn, which are not quite those of the mean.
 *
 * Where pi is the law of x, that of y is pi, too, as far as h is small or steps are adjusted: such layers repair what the maps between them leave over.
 *
 * @see https://arxiv.org/abs/2002.06707
 * @see https://doi.org/10.2307/3318418
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, flag, type OptionTable, positive, required, wholeNumber } from "../../options.ts";
import { aTarget, type LangevinTarget, stepsTowards } from "./stepsTowards.ts";
import type { StochasticMap } from "./stochasticMap.ts";

/** Options of {@link langevin}. */
export interface LangevinOptions {
  /** Any distribution, or `{ type, features, parameters, logProb, toJSON }` of your own. It is trained, too. */
  readonly target: LangevinTarget;
  /** Steps, from 1 to 32 (default 4): each is a part of the program. */
  readonly steps?: number | undefined;
  /** h of all steps at the start, in squared units of x (default 0.05). Each has its own, which is trained. */
  readonly stepSize?: number | undefined;
  /** Whether steps are taken or refused, so that the target stays as it is (default false). */
  readonly adjusted?: boolean | undefined;
}

const where = "langevin";
const optionTable: OptionTable<LangevinOptions> = {
  target: required(aTarget),
  steps: wholeNumber("an integer from 1 to 32", 1, 32),
  stepSize: positive,
  adjusted: flag,
};

/**
 * Steps of Langevin dynamics, for `surjectionChain`, `surjectiveFlow`, `manyToOne`, `logProbBound` and `evidenceBound`. Its context is that of the
 * target. A model with it is saved where one with the target as its base would be.
 * @throws UsageError for an option out of its domain, for a target with a support, or that knows a bound alone.
 * @cost forward and back `steps` + 1 times a density of the target and its slope, which without `slope` costs two densities a feature
 * @example const surjection = langevin({ target: gaussianMixture({ features: 2, components: 3 }), steps: 4 });
 */
export function langevin(options: LangevinOptions): StochasticMap {
  const checked = checkedOptions(where, options, optionTable);
  const { target, steps = 4, stepSize = 0.05, adjusted = false } = checked;
  const parts = {
    target,
    steps,
    leaps: 1,
    adjusted,
    lengthOf: (factor: Expr) => g.sqrt(g.mul(2 * stepSize, factor)),
  };
  return {
    ...stepsTowards(where, parts),
    toJSON: () => ({ type: where, target: target.toJSON(), steps, stepSize, adjusted }),
  };
}
