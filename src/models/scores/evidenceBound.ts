/**
 * A lower bound of the logarithm of a density's integral, of draws of a flow with stochastic layers behind it.
 *
 *     log Z >= E log (1/K sum over K paths of p(y) q(x | y) / (q_flow(x) p(y | x)))
 *
 * Wu, Köhler & Noé (2020), "Stochastic Normalizing Flows", equations 11 and 14, of one path; Burda et al. (2016) of several. The mean of the weight of a path is Z:
 * the weights make averages over the density's distribution of those over paths.
 *
 * @see https://arxiv.org/abs/2002.06707, https://arxiv.org/abs/1509.00519
 * @module
 */

import { aBijection } from "../../bijections/bijection.ts";
import { aSurjection } from "../../bijections/surjections/surjection.ts";
import { checkContext, checkDrawnParts, type DrawnParts } from "../../distributions/bounds/drawnBound.ts";
import { isStochastic } from "../../distributions/bounds/stochasticMap.ts";
import { checkBase } from "../../distributions/density.ts";
import { aDistribution } from "../../distributions/distribution.ts";
import type { Expr } from "../../graph/expr.ts";
import { checkReturned } from "../../graph/ops/leaves.ts";
import * as g from "../../graph/ops.ts";
import type { Bound } from "../../graph/parameters.ts";
import {
  anObject,
  callback,
  checkArgument,
  checkedOptions,
  count,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";

/** The parts of {@link evidenceBound}, and how many paths it takes. */
export interface EvidenceBoundOptions extends DrawnParts {
  /** Paths for each row (default 1): with more the bound is tighter, and the cost in proportion. */
  readonly draws?: number | undefined;
}

const optionTable: OptionTable<EvidenceBoundOptions> = {
  base: required(aDistribution),
  bijection: required(aBijection),
  surjection: required(aSurjection),
  draws: count,
};

/** A path's end, and the logarithm of its weight. */
export interface WeightedPath {
  /** y, `[surjection.features]`. */
  readonly value: Expr;
  /** log p(y) q(x | y) / (q_flow(x) p(y | x)), in nats; a scalar. The mean of its exponential is the integral of e^logDensity. */
  readonly logWeight: Expr;
}

/** What {@link evidenceBound} gives. */
export interface EvidenceBound {
  /** A draw whose mean is at most the logarithm of the integral, in nats; a scalar. Its opposite is a loss. */
  readonly bound: Expr;
  /** The paths of which it is made. */
  readonly paths: readonly WeightedPath[];
}

/**
 * A draw whose mean is at most log Z, Z the integral of e^logDensity, of y = surjection(bijection(base)), the surjection stochastic: for variational inference by
 * a flow with layers such as `langevin`. It draws from `ops.randomNormal` under the names `path 0` and `push 0` and on: anew in each step of a training by
 * `minimize`, whose loss the opposite of its `bound` can be. Nothing of it is called a log-density.
 *
 * @param logDensity - Of y, given the context if there is one; it may lack its constant.
 * @param parameters - Of the three parts, bound.
 * @param context - What those parts are given that have one, `[their context]`: then Z is one of each row.
 * @throws ShapeError if the parts do not fit each other, or for a log-density that is no scalar; UsageError for a surjection that is not drawn forward, a bijection with
 *   several branches, and a base that knows a bound alone.
 * @example const { bound } = evidenceBound(logDensity, parameters, { base, bijection, surjection: langevin({ target }) });
 */
export function evidenceBound(
  logDensity: (y: Expr, context?: Expr) => Expr,
  parameters: { readonly base: Bound; readonly bijection: Bound; readonly surjection: Bound },
  options: EvidenceBoundOptions,
  context?: Expr,
): EvidenceBound {
  const where = "evidenceBound";
  checkArgument(where, "logDensity", logDensity, callback);
  checkArgument(where, "parameters", parameters, anObject, "such as { base, bijection, surjection }");
  const { draws = 1, ...parts } = checkedOptions(where, options, optionTable);
  checkContext(where, checkDrawnParts(where, parts), context);
  const { base, bijection, surjection } = parts;
  if (!isStochastic(surjection))
    refuse(where, "surjection", "one that is drawn forward, such as langevin", surjection.type);
  // The law of x is that of one path alone.
  if (bijection.branches) refuse(where, "bijection", "one to one", bijection.type);
  checkBase(where, base, bijection);
  const paths = Array.from({ length: draws }, (_, draw): WeightedPath => {
    const start = base.sample(g.randomNormal([base.noise], `path ${draw}`), parameters.base, context);
    const { value: x, logAbsDet } = bijection.forward(start, parameters.bijection, context);
    const noise = g.randomNormal([Math.max(1, surjection.forwardNoise)], `push ${draw}`);
    const { value, logWeight } = surjection.push(x, noise, parameters.surjection, context);
    const logFlow = g.sub(base.logProb(start, parameters.base, context), logAbsDet);
    const logTarget = logDensity(value, context);
    checkReturned(where, "what logDensity returns", logTarget, []);
    return { value, logWeight: g.sub(g.add(logTarget, logWeight), logFlow) };
  });
  const total = paths.map(({ logWeight }) => logWeight).reduce((sum, term) => g.logAddExp(sum, term));
  return { bound: draws === 1 ? total : g.sub(total, Math.log(draws)), paths };
}
