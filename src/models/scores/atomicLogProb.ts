/**
 * The objective of posterior estimation from simulations whose parameters were not drawn from the prior.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { checkExpressions } from "../../graph/ops/leaves.ts";
import * as g from "../../graph/ops.ts";
import { anObject, callback, checkArgument, listOf } from "../../options.ts";

/**
 * Log-probability that theta is the one of some parameters, the atoms, that a simulation was made with, where any of them might have been:
 *
 *     log q(theta | x) / p(theta) - log of the sum over theta and the atoms of q(theta' | x) / p(theta')
 *
 * Its mean over simulations is greatest where q(theta | x) is in proportion to the posterior, whatever theta was drawn from, as long as the
 * atoms of each simulation were drawn from the same: so simulations can be made where a posterior so far is (Greenberg et al. 2019,
 * https://arxiv.org/abs/1905.07488: atomic proposals, known as SNPE-C). It determines q where those draws lie, and there but for a factor: more atoms and rounds
 * that overlap the prior hold q elsewhere. The opposite is a loss of `minimize`; with one atom it is that of a classifier.
 *
 * @param theta - `[features]`, what the simulation was made with.
 * @param atoms - At least one, each of the shape of theta: parameters of other simulations, drawn anew for each row and best for each epoch.
 * @param logRatio - log q(theta | x) - log p(theta) of what it is given; p the prior, of which a constant may be left out.
 * @returns A scalar, at most 0. Not a log-density of theta.
 * @throws UsageError without atoms.
 * @example const loss = ops.neg(atomicLogProb(theta, atoms, (each) => ops.sub(logPosterior(each), logPrior(each))));
 */
export function atomicLogProb(theta: Expr, atoms: readonly Expr[], logRatio: (theta: Expr) => Expr): Expr {
  const where = "atomicLogProb";
  checkExpressions(where, theta);
  checkArgument(where, "atoms", atoms, listOf(anObject, "an array of expressions"));
  checkArgument(where, "logRatio", logRatio, callback);
  if (atoms.length === 0)
    throw new UsageError({ where, subject: "atoms", expected: "at least one", received: "none" });
  const own = logRatio(theta);
  const all = atoms.map(logRatio).reduce((sum, term) => g.logAddExp(sum, term), own);
  return g.sub(own, all);
}
