/**
 * A lower bound of the log-density of what a surjection makes of a flow: nothing that comes of it is called a log-density.
 *
 * @module
 */

import { aBijection } from "../../bijections/bijection.ts";
import { aSurjection } from "../../bijections/surjections/surjection.ts";
import {
  checkContext,
  checkDrawnParts,
  type DrawnParts,
  drawnBound,
} from "../../distributions/bounds/drawnBound.ts";
import { aDistribution } from "../../distributions/distribution.ts";
import type { Expr } from "../../graph/expr.ts";
import { checkExpressions } from "../../graph/ops/leaves.ts";
import type { Bound } from "../../graph/parameters.ts";
import { anObject, checkArgument, checkedOptions, count, type OptionTable, required } from "../../options.ts";

/** The parts of {@link logProbBound}, and how often it draws. */
export interface LogProbBoundOptions extends DrawnParts {
  /** Draws of preimages for each row (default 1): with more the bound is tighter, and the cost in proportion. */
  readonly draws?: number | undefined;
}

const logProbBoundOptionTable: OptionTable<LogProbBoundOptions> = {
  base: required(aDistribution),
  bijection: required(aBijection),
  surjection: required(aSurjection),
  draws: count,
};

/**
 * A draw whose mean is at most log p(y), of y = surjection(bijection(base)): the logarithm of a mean over draws of preimages x of p(x) p(y | x) /
 * q(x | y), all branches of one draw together (Nielsen et al. 2020, https://arxiv.org/abs/2007.02731; with several draws the bound of Burda
 * et al. 2016, https://arxiv.org/abs/1509.00519, which rises to log p(y)). It draws from `ops.randomNormal` under the names `lift 0` and on: anew in each step
 * of a training by `minimize`, whose loss its opposite can be.
 *
 * @param y - `[surjection.features]`.
 * @param parameters - Of the three parts, bound.
 * @param context - What those parts are given that have one, `[their context]`.
 * @returns A scalar, in nats. Of `rounding` it bounds the logarithm of a probability, of `largest` that of a density of the Lebesgue measure.
 * @throws ShapeError if the parts do not fit each other, UsageError for a base that knows a bound alone.
 * @example const loss = ops.neg(logProbBound(y, parameters, { base, bijection, surjection: rounding({ features: 2 }), draws: 4 }));
 */
export function logProbBound(
  y: Expr,
  parameters: { readonly base: Bound; readonly bijection: Bound; readonly surjection: Bound },
  options: LogProbBoundOptions,
  context?: Expr,
): Expr {
  const where = "logProbBound";
  checkExpressions(where, y);
  checkArgument(where, "parameters", parameters, anObject, "such as { base, bijection, surjection }");
  const { draws = 1, ...parts } = checkedOptions(where, options, logProbBoundOptionTable);
  checkContext(where, checkDrawnParts(where, parts), context);
  return drawnBound(y, parameters, parts, draws, context);
}
