/**
 * The gradient flow of the log-likelihood as a list of steps, base first: from the normal density to a mixture of Gaussians, whose way
 * is known exactly.
 *
 *     dz/dt      = -z - grad log rho_t(z)                                            from the data at t = 0 to the base
 *     rho_t(z)   = sum_k w_k N(z; m_k e^-t, S_k e^-2t + (1 - e^-2t) I)
 *     logAbsDet  = log rho_s(z_s) - log rho_t(z_t)                                   of the map from time s to time t
 *
 * S_k is kept as variances along two axes, which the flow does not turn. R. Jordan, D. Kinderlehrer, F. Otto, "The variational
 * formulation of the Fokker-Planck equation", SIAM Journal on Mathematical Analysis 29 (1998),
 * https://doi.org/10.1137/S0036141096303359
 *
 * @module
 */

import type { Bijection } from "pushforward/bijections";
import type { NormalMixture } from "pushforward/fitting";
import { type Expr, ops, type ParameterValues } from "pushforward/graph";
import type { KnownLaw } from "./evaluator.ts";
import type { Step } from "./steps.ts";

/** Steps that the flow is shown as, and those of the solver (classical Runge-Kutta) within each. */
const shownSteps = 12;
const solverSteps = 4;
/** Time of the base: what is left of a mixture of covariance I then is of the order of exp(-2 t) = 6e-6. */
const until = 6;

/** Times of the stops, the base's first. Between them v + 2t grows by the same factor, where v is the least variance of a component. */
function timesOf(least: number): number[] {
  const all = Math.log((least + 2 * until) / least);
  return Array.from({ length: shownSteps + 1 }, (_, i) =>
    i === shownSteps ? 0 : (least / 2) * Math.expm1((all * (shownSteps - i)) / shownSteps),
  );
}

/** The components, an array for each number that one has: a symmetric matrix by its axes. */
function componentsOf({ weights, means, covariances }: NormalMixture) {
  const axes = covariances.map(([a, b, , d]) => {
    const turn = Math.atan2(2 * b!, a! - d!) / 2;
    const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
    const across = 2 * b! * cosine * sine;
    return {
      cosine,
      sine,
      first: a! * cosine ** 2 + across + d! * sine ** 2,
      second: a! * sine ** 2 - across + d! * cosine ** 2,
    };
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    logWeight: weights.map((weight) => Math.log(weight / total)),
    x: means.map((mean) => mean[0]!),
    y: means.map((mean) => mean[1]!),
    cosine: axes.map(({ cosine }) => cosine),
    sine: axes.map(({ sine }) => sine),
    first: axes.map(({ first }) => first),
    second: axes.map(({ second }) => second),
  };
}

type Components = Record<keyof ReturnType<typeof componentsOf>, Expr>;

/** The law at a time and a point: its logarithm, and the gradient of that. */
function lawAt(parts: Components, time: Expr, z: Expr): { readonly log: Expr; readonly score: Expr } {
  const decay = ops.exp(ops.neg(time));
  const grown = ops.sub(1, ops.square(decay));
  const along = (axis: 0 | 1): Expr =>
    ops.sub(ops.slice(z, axis, axis + 1), ops.mul(decay, axis === 0 ? parts.x : parts.y));
  const [x, y] = [along(0), along(1)];
  const { cosine, sine } = parts;
  const variance = (at0: Expr): Expr => ops.add(ops.mul(at0, ops.square(decay)), grown);
  const [first, second] = [variance(parts.first), variance(parts.second)];
  const u = ops.add(ops.mul(cosine, x), ops.mul(sine, y));
  const v = ops.sub(ops.mul(cosine, y), ops.mul(sine, x));
  const [pullU, pullV] = [ops.div(u, first), ops.div(v, second)];
  const logs = ops.sub(
    parts.logWeight,
    ops.mul(0.5, ops.add(ops.log(ops.mul(first, second)), ops.add(ops.mul(u, pullU), ops.mul(v, pullV)))),
  );
  const log = ops.logSumExp(logs);
  const share = ops.exp(ops.sub(logs, log));
  const mean = (pull: Expr): Expr => ops.reshape(ops.neg(ops.sum(ops.mul(share, pull))), [1]);
  return {
    log: ops.sub(log, Math.log(2 * Math.PI)),
    score: ops.concatenate([
      mean(ops.sub(ops.mul(cosine, pullU), ops.mul(sine, pullV))),
      mean(ops.add(ops.mul(sine, pullU), ops.mul(cosine, pullV))),
    ]),
  };
}

/** The mixture that a base `gaussianMixture` of two features is, by its values: the diagonals of its factors are logarithms. */
export function mixtureOf({ logWeight, mean, factor }: ParameterValues): NormalMixture {
  const each = Array.from(logWeight!, (_, k) => k);
  return {
    weights: Array.from(logWeight!, Math.exp),
    means: each.map((k) => [mean![2 * k]!, mean![2 * k + 1]!]),
    covariances: each.map((k) => {
      const [a, b, c] = [Math.exp(factor![3 * k]!), factor![3 * k + 1]!, Math.exp(factor![3 * k + 2]!)];
      return [a * a, a * b, a * b, b * b + c * c];
    }),
  };
}

/**
 * The steps from the normal density to a mixture, in coordinates in which all of it has about mean 0 and covariance I; behind the last
 * of them the law is known.
 */
export function gradientFlowSteps(mixture: NormalMixture): {
  readonly steps: readonly Step[];
  readonly known: KnownLaw;
} {
  const numbers = componentsOf(mixture);
  const parts = Object.fromEntries(
    Object.entries(numbers).map(([name, list]) => [name, ops.constant(list)]),
  ) as Components;
  const least = Math.min(...numbers.first, ...numbers.second);
  const clock = (time: number): number => Math.log(least + 2 * time);
  /** Solved in log(v + 2t), in which no part of the way is stiff. */
  const solve = (z: Expr, from: number, to: number): { readonly value: Expr; readonly logAbsDet: Expr } => {
    const { state } = ops.solveOde(
      z,
      (ticks, at) => {
        const pace = ops.mul(0.5, ops.exp(ticks));
        const time = ops.sub(pace, least / 2);
        return ops.mul(ops.neg(pace), ops.add(at, lawAt(parts, time, at).score));
      },
      { from: clock(from), to: clock(to), method: { kind: "fixed", order: "rk4", steps: solverSteps } },
    );
    const [before, after] = [lawAt(parts, ops.constant(from), z), lawAt(parts, ops.constant(to), state)];
    return { value: state, logAbsDet: ops.sub(before.log, after.log) };
  };
  const times = timesOf(least);
  const steps = times.slice(1).map((to, i): Step => {
    const from = times[i]!;
    const bijection: Bijection = {
      type: "gradientFlow",
      features: 2,
      context: 0,
      parameters: {},
      forward: (z) => solve(z, from, to),
      inverse: (z) => solve(z, to, from),
      toJSON: () => ({ type: "gradientFlow", from, to }),
    };
    return { name: `time ${to === 0 ? "0" : to.toPrecision(2)}`, bijection, values: {} };
  });
  return { steps, known: { stop: steps.length, logProb: (z) => lawAt(parts, ops.constant(0), z).log } };
}
