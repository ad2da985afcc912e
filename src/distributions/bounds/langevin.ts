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

import type { Lift } from "../../bijections/surjections/surjection.ts";
import type { Expr } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, subtreeOf, trained } from "../../graph/parameters.ts";
import {
  checkedOptions,
  flag,
  type OptionKind,
  type OptionTable,
  positive,
  refuse,
  required,
  wholeNumber,
} from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";
import type { StochasticMap } from "./stochasticMap.ts";

/**
 * What a step goes towards: a distribution that knows its slope, such as `gaussianMixture`, or a log-density of your own, which may lack its constant, with its
 * gradient, which `vjp` of `pushforward/graph` gives.
 */
export type LangevinTarget = Pick<
  Distribution,
  "type" | "features" | "parameters" | "logProb" | "slope" | "toJSON"
>;

/** Options of {@link langevin}. */
export interface LangevinOptions {
  /** `gaussianMixture`, or `{ type, features, parameters, logProb, slope, toJSON }` of your own. It is trained, too. */
  readonly target: LangevinTarget;
  /** Steps, from 1 to 32 (default 4): each is a part of the program. */
  readonly steps?: number | undefined;
  /** h of all steps at the start, in squared units of x (default 0.05). Each has its own, which is trained. */
  readonly stepSize?: number | undefined;
  /** Whether steps are taken or refused, so that the target stays as it is (default false). */
  readonly adjusted?: boolean | undefined;
}

const where = "langevin";
const aTarget: OptionKind = {
  expected: "gaussianMixture, or { type, features, parameters, logProb, slope, toJSON }",
  accepts: (value) => {
    const { features, parameters, logProb, slope, toJSON } = (value ?? {}) as Partial<LangevinTarget>;
    return (
      typeof features === "number" &&
      typeof parameters === "object" &&
      [logProb, slope, toJSON].every((each) => typeof each === "function")
    );
  },
};
const optionTable: OptionTable<LangevinOptions> = {
  target: required(aTarget),
  steps: wholeNumber("an integer from 1 to 32", 1, 32),
  stepSize: positive,
  adjusted: flag,
};

/** Step sizes stay within a factor of e to this of where they start. */
const largestLogFactor = 5;

/** Half of the squared length. */
const energy = (e: Expr): Expr => g.mul(0.5, g.sum(g.square(e)));

/**
 * Steps of Langevin dynamics, for `surjectionChain`, `surjectiveFlow`, `manyToOne`, `logProbBound` and `evidenceBound`.
 * @throws UsageError for an option out of its domain, for a target that does not know its slope, or with a context or a support, or that knows a bound alone.
 * @cost forward and back `steps` + 1 times a density of the target and its slope
 * @example const surjection = langevin({ target: gaussianMixture({ features: 2, components: 3 }), steps: 4 });
 */
export function langevin(options: LangevinOptions): StochasticMap {
  const checked = checkedOptions(where, options, optionTable);
  const { target, steps = 4, stepSize = 0.05, adjusted = false } = checked;
  const { context, support, region, bound } = target as Distribution;
  if (context || bound || region || support?.some(Number.isFinite))
    refuse(
      where,
      "target",
      "a distribution of all real numbers without a context, and no bound",
      target.type,
    );
  const { features } = target;
  const parameters: ParameterTree = { target: target.parameters, logFactor: trained([steps]) };
  /** Numbers of noise of a step: e, and what decides. */
  const width = features + Number(adjusted);
  const walk = (from: Expr, noise: Expr, p: Bound, order: readonly number[]): Lift => {
    const sizes = g.mul(stepSize, g.exp(softClip(leafOf(p, "logFactor"), largestLogFactor)));
    const own = subtreeOf(p, "target");
    const at = (x: Expr): { readonly x: Expr; readonly logPi: Expr; readonly slope: Expr } => ({
      x,
      logPi: target.logProb(x, own),
      slope: target.slope!(x, own),
    });
    const start = at(from);
    let [now, logWeight]: [typeof start, Expr] = [start, g.constant(0)];
    order.forEach((step, i) => {
      const h = g.slice(sizes, step, step + 1);
      const spread = g.sqrt(g.mul(2, h));
      const e = g.slice(noise, i * width, i * width + features);
      const next = at(g.add(g.add(now.x, g.mul(h, now.slope)), g.mul(spread, e)));
      const back = g.div(g.sub(now.x, g.add(next.x, g.mul(h, next.slope))), spread);
      const logRatio = g.sub(energy(e), energy(back));
      if (!adjusted) {
        [now, logWeight] = [next, g.add(logWeight, logRatio)];
        return;
      }
      const logUniform = normalLogCdf(g.slice(noise, (i + 1) * width - 1, (i + 1) * width));
      const logAccept = g.add(g.sub(next.logPi, now.logPi), logRatio);
      const isTaken = g.less(logUniform, g.stopGradient(logAccept));
      now = {
        x: g.select(isTaken, next.x, now.x),
        logPi: g.select(g.reshape(isTaken, []), next.logPi, now.logPi),
        slope: g.select(isTaken, next.slope, now.slope),
      };
    });
    return { value: now.x, logWeight: adjusted ? g.sub(start.logPi, now.logPi) : logWeight };
  };
  const forwards = Array.from({ length: steps }, (_, step) => step);
  const push = (x: Expr, noise: Expr, p: Bound): Lift => walk(x, noise, p, forwards);
  return {
    type: where,
    features,
    latent: features,
    noise: steps * width,
    forwardNoise: steps * width,
    parameters,
    forward: (x, noise, p) => push(x, noise!, p!).value,
    lifts: (y, noise, p) => [walk(y, noise, p, forwards.toReversed())],
    push,
    toJSON: () => ({ type: where, target: target.toJSON(), steps, stepSize, adjusted }),
  };
}
