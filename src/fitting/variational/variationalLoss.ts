/**
 * What variational inference minimizes: the reverse Kullback-Leibler divergence, or the importance-weighted bound.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, flattenTree, type ParameterTree } from "../../graph/parameters.ts";

/** How the gradient is estimated: along the path of the samples, or the total one. */
export type VariationalGradient = "path" | "total";

/** Divergence that a flow minimizes: KL(q||p), KL(p||q), or the mean of both. */
export type VariationalDivergence = "reverse" | "forward" | "symmetric";

/** In the place of a log-evidence that is not known: weights are 0. */
export const unknownEvidence = 1e30;

/** Weights count at most as this one, so that no sample decides a step alone. */
const mostWeight = 100;

/** A sample of an architecture with the logarithm of its importance weight, log p - log q. */
interface Weighted {
  /** Its gradient is the total one. */
  readonly total: Expr;
  /** Its gradient is the one along the path of the sample. */
  readonly path: Expr;
}

/**
 * A loss for one row, whose noise is drawn in the program.
 *
 * With one sample, its mean is log q - log p, the reverse divergence up to a constant. `total` differentiates all of it; `path`
 * leaves out the score of log q, whose expectation is 0, so that the gradient has no variance where q is p (Roeder, Wu,
 * Duvenaud 2017, "Sticking the landing", https://arxiv.org/abs/1703.09194, equation 6). That takes a pass in the other direction,
 * with parameters that do not move.
 *
 * With `logEvidence` and the gradient along the path, the value stays that, and the gradient is the one of the mean of both divergences,
 * KL(q||p) and KL(p||q), which fears weights without end: of an f-divergence E_q f(w), with the weight w = p / q, the gradient along the
 * path is that of -log w times w^2 f''(w), which is 1 of the first, f = -log w, and w of the second, f = w log w. With `alpha` as well it
 * is the gradient of the divergence of that order, f = (w^alpha - 1) / (alpha (alpha - 1)) (Amari; Minka 2005, "Divergence measures and
 * message passing", section 2): w^alpha, that of KL(p||q), by importance sampling, for 1. While `logEvidence` is not known, it is that
 * of KL(q||p).
 *
 * With several, it is minus the importance-weighted bound (Burda, Grosse, Salakhutdinov 2016, https://arxiv.org/abs/1509.00519,
 * equation 8), with the doubly reparameterized gradient for `path` (Tucker et al. 2019, https://arxiv.org/abs/1810.04152,
 * equation 8).
 *
 * @param logDensity - Of a sample of the architecture.
 * @param temperature - Multiplies log p; 1 once annealing is over.
 */
export function variationalLoss(
  { base, bijection }: Architecture,
  logDensity: (w: Expr) => Expr,
  bound: { readonly base: Bound; readonly bijection: Bound },
  options: {
    readonly gradient: VariationalGradient;
    readonly samples: number;
    readonly temperature?: Expr | undefined;
    /** About the logarithm of the mean weight, {@link unknownEvidence} while it is not known; makes the divergence the symmetric one. */
    readonly logEvidence?: Expr | undefined;
    /** Order of the divergence in the place of the symmetric one. */
    readonly alpha?: number | undefined;
  },
): Expr {
  const { gradient, samples, temperature, logEvidence, alpha } = options;
  const stopped = {
    base: stopTree(base.parameters, bound.base),
    bijection: stopTree(bijection.parameters, bound.bijection),
  };
  const draws = Array.from({ length: samples }, (_, k): Weighted => {
    const start = base.sample(g.randomNormal([base.noise], `noise ${k}`), bound.base);
    const { value, logAbsDet } = bijection.forward(start, bound.bijection);
    const p = logDensity(value);
    const logP = temperature ? g.mul(temperature, p) : p;
    const logQ = g.sub(base.logProb(start, bound.base), logAbsDet);
    const total = g.sub(logP, logQ);
    if (gradient === "total") return { total, path: total };
    const back = bijection.inverse(value, stopped.bijection);
    const again = g.add(base.logProb(back.value, stopped.base), back.logAbsDet);
    return { total, path: g.sub(logP, again) };
  });
  const [{ total, path }] = draws as [Weighted];
  if (samples === 1) {
    if (!logEvidence) return g.neg(withGradientOf(total, path));
    const logWeight = g.min(g.sub(total, logEvidence), Math.log(mostWeight));
    const factor =
      alpha === undefined
        ? g.mul(0.5, g.add(1, g.exp(logWeight)))
        : g.select(g.less(logEvidence, unknownEvidence), g.exp(g.mul(alpha, logWeight)), 1);
    return g.neg(withGradientOf(total, g.mul(g.stopGradient(factor), path)));
  }
  const logWeights = g.concatenate(draws.map(({ total }) => g.reshape(total, [1])));
  const logMean = g.sub(g.logSumExp(logWeights), Math.log(samples));
  if (gradient === "total") return g.neg(logMean);
  const shares = g.stopGradient(g.exp(g.sub(logWeights, g.logSumExp(logWeights))));
  const paths = g.concatenate(draws.map(({ path }) => g.reshape(path, [1])));
  return g.neg(withGradientOf(logMean, g.sum(g.mul(g.square(shares), paths))));
}

/** The value of one expression with the gradient of another. */
function withGradientOf(value: Expr, other: Expr): Expr {
  if (value === other) return value;
  return g.add(g.stopGradient(g.sub(value, other)), other);
}

/** A bound tree whose leaves do not move. */
function stopTree(tree: ParameterTree, bound: Bound): Bound {
  if (flattenTree(tree).size === 0) return bound;
  return Object.fromEntries(
    Object.entries(bound).map(([name, member]) => [
      name,
      typeof (member as Expr).op === "string"
        ? g.stopGradient(member as Expr)
        : stopTree(tree[name] as ParameterTree, member as Bound),
    ]),
  );
}
