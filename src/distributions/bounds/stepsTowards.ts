/**
 * Steps towards a distribution that are drawn: what Langevin dynamics and Hamiltonian Monte Carlo have in common.
 *
 * A step draws a momentum v of the standard normal, and moves point and momentum by leaps of a length e:
 *
 *     v' = v + e/2 s(a),  b = a + e v',  v'' = v' + e/2 s(b),  s = grad log pi
 *
 * The leaps keep volume, and backwards they are the same with momenta turned round: log K(b, a) - log K(a, b) = (|v|^2 - |v''|^2) / 2 of the first
 * and the last momentum. One leap with e = sqrt(2 h) is a step of Langevin dynamics.
 *
 * Both hold for any s that is a function of the point alone (Neal 2011, "MCMC using Hamiltonian dynamics", sections 2.3 and 5.1): weights, and what is taken
 * or refused, are exact whatever s is, which only says how good the steps are. So a target that does not know its slope has one by central
 * differences, and no derivative has to be loaded with a model.
 *
 * @module
 */

import type { Lift } from "../../bijections/surjections/surjection.ts";
import { type Expr, sizeOf } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import { asExpr, checkReturned } from "../../graph/ops/leaves.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, subtreeOf, trained } from "../../graph/parameters.ts";
import { type OptionKind, refuse } from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";
import type { StochasticMap } from "./stochasticMap.ts";

/**
 * What steps go towards: any distribution, or a log-density of your own, which may lack its constant. Where it has no `slope`, as `gaussianMixture` has,
 * steps go along differences, of two densities for each feature; `vjp` of `pushforward/graph` gives your own one in one pass.
 */
export type LangevinTarget = Pick<
  Distribution,
  "type" | "features" | "context" | "parameters" | "logProb" | "slope" | "toJSON"
>;

/** What a target is, for checks of arguments. */
export const aTarget: OptionKind = {
  expected: "a distribution, or { type, features, parameters, logProb, toJSON }",
  accepts: (value) => {
    const { features, parameters, logProb, slope, toJSON } = (value ?? {}) as Partial<LangevinTarget>;
    return (
      typeof features === "number" &&
      typeof parameters === "object" &&
      (slope === undefined || typeof slope === "function") &&
      [logProb, toJSON].every((each) => typeof each === "function")
    );
  },
};

/** Step sizes stay within a factor of e to this of where they start. */
const largestLogFactor = 5;

/** Half of the squared length. */
const energy = (v: Expr): Expr => g.mul(0.5, g.sum(g.square(v)));

/** Of a point of the order of 1, how far from it differences are taken. */
const reachOfDifferences = 2 ** -8;

/** Central differences of a function of a point; 0 where it is not finite. */
function differences(f: (x: Expr) => Expr, x: Expr): Expr {
  const features = sizeOf(x.shape);
  const reach = g.mul(reachOfDifferences, g.max(1, g.abs(g.stopGradient(x))));
  const rises = Array.from({ length: features }, (_, i) => {
    const own = g.constant(Float64Array.from({ length: features }, (_, j) => Number(i === j)));
    const by = g.mul(own, reach);
    return g.reshape(g.sub(f(g.add(x, by)), f(g.sub(x, by))), [1]);
  });
  const rise = g.concatenate(rises);
  return g.div(g.select(g.less(g.abs(rise), 1e30), rise, 0), g.mul(2, reach));
}

/** What steps are made of. */
interface Steps {
  readonly target: LangevinTarget;
  readonly steps: number;
  /** Leaps of a step. */
  readonly leaps: number;
  readonly adjusted: boolean;
  /** The length of a leap of each step, of what its size is multiplied by. */
  readonly lengthOf: (factor: Expr) => Expr;
}

/** A point, and what is known of the target there. */
interface Place {
  readonly x: Expr;
  readonly logPi: Expr;
  readonly slope: Expr;
}

/**
 * Steps as a map that is drawn in both directions, but for its description.
 * @throws UsageError for a target that has a support, or knows a bound alone.
 */
export function stepsTowards(
  where: string,
  { target, steps, leaps, adjusted, lengthOf }: Steps,
): Omit<StochasticMap, "toJSON"> {
  const { support, region, bound } = target as Distribution;
  if (bound || region || support?.some(Number.isFinite))
    refuse(where, "target", "a distribution of all real numbers, and no bound", target.type);
  const { features, context = 0 } = target;
  const parameters: ParameterTree = { target: target.parameters, logFactor: trained([steps]) };
  /** Numbers of noise of a step: the momentum, and what decides. */
  const width = features + Number(adjusted);
  const walk = (from: Expr, noise: Expr, p: Bound, c: Expr | undefined, order: readonly number[]): Lift => {
    const lengths = lengthOf(g.exp(softClip(leafOf(p, "logFactor"), largestLogFactor)));
    const own = subtreeOf(p, "target");
    const logPi = (x: Expr): Expr => {
      const value = target.logProb(x, own, c);
      checkReturned(where, "what logProb of the target returns", value, []);
      return asExpr(value);
    };
    const slopeOf = (x: Expr): Expr => {
      const slope = target.slope?.(x, own, c) ?? differences(logPi, x);
      checkReturned(where, "what slope of the target returns", slope, [features]);
      return slope;
    };
    const at = (x: Expr): Place => ({ x, logPi: logPi(x), slope: slopeOf(x) });
    let [now, logWeight]: [Place, Expr] = [at(from), g.constant(0)];
    order.forEach((step, i) => {
      const length = g.slice(lengths, step, step + 1);
      const push = (v: Expr, { slope }: Place): Expr => g.add(v, g.mul(g.mul(0.5, length), slope));
      const first = g.slice(noise, i * width, i * width + features);
      let [next, v] = [now, first];
      for (let leap = 0; leap < leaps; leap++) {
        v = push(v, next);
        next = at(g.add(next.x, g.mul(length, v)));
        v = push(v, next);
      }
      const logRatio = g.sub(energy(first), energy(v));
      if (!adjusted) {
        [now, logWeight] = [next, g.add(logWeight, logRatio)];
        return;
      }
      const logUniform = normalLogCdf(g.slice(noise, (i + 1) * width - 1, (i + 1) * width));
      const logAccept = g.add(g.sub(next.logPi, now.logPi), logRatio);
      const isTaken = g.less(logUniform, g.stopGradient(logAccept));
      // Of steps that are refused nothing is added, not even where the density is 0.
      logWeight = g.add(logWeight, g.select(g.reshape(isTaken, []), g.sub(now.logPi, next.logPi), 0));
      now = {
        x: g.select(isTaken, next.x, now.x),
        logPi: g.select(g.reshape(isTaken, []), next.logPi, now.logPi),
        slope: g.select(isTaken, next.slope, now.slope),
      };
    });
    return { value: now.x, logWeight };
  };
  const forwards = Array.from({ length: steps }, (_, step) => step);
  const push = (x: Expr, noise: Expr, p: Bound, c?: Expr): Lift => walk(x, noise, p, c, forwards);
  return {
    type: where,
    features,
    latent: features,
    context,
    noise: steps * width,
    forwardNoise: steps * width,
    parameters,
    forward: (x, noise, p, c) => push(x, noise!, p!, c).value,
    lifts: (y, noise, p, c) => [walk(y, noise, p, c, forwards.toReversed())],
    push,
  };
}
