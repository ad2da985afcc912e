/**
 * The density and the samples of a pushforward, as expressions.
 *
 * @module
 */

import {
  aBijection,
  type Bijection,
  checkedMap,
  checkRegion,
  sumOfBranches,
} from "../bijections/bijection.ts";
import type { Expr } from "../graph/expr.ts";
import { checkExpressions } from "../graph/ops/leaves.ts";
import * as g from "../graph/ops.ts";
import type { Bound } from "../graph/parameters.ts";
import { anObject, checkArgument } from "../options.ts";
import { isWithin, misfit, realLine } from "../transformers/interval.ts";
import type { Distribution } from "./distribution.ts";

/**
 * log p(y) in nats, a scalar: log p_base(f^-1(y)) + logAbsDet of the inverse; for a map with branches, the logarithm
 * of the sum over those that reach y, which is minus infinity if none does.
 * @throws UsageError if the bijection does not take all numbers that the base gives.
 */
export function pushforwardLogProb(
  base: Distribution,
  bijection: Bijection,
  y: Expr,
  parameters: { readonly base: Bound; readonly bijection: Bound },
  context?: Expr,
): Expr {
  checkParts("pushforwardLogProb", base, bijection, parameters, y);
  return sumOfBranches(
    bijection,
    y,
    parameters.bijection,
    ({ value, logAbsDet, valid }) =>
      g.select(
        valid,
        g.add(base.logProb(value, parameters.base, context), logAbsDet),
        Number.NEGATIVE_INFINITY,
      ),
    context,
  );
}

/**
 * A sample of a pushforward from standard normal noise, of which `base.noise` numbers are taken.
 * @throws UsageError if the bijection does not take all numbers that the base gives.
 */
export function pushforwardSample(
  base: Distribution,
  bijection: Bijection,
  noise: Expr,
  parameters: { readonly base: Bound; readonly bijection: Bound },
  context?: Expr,
): Expr {
  checkParts("pushforwardSample", base, bijection, parameters, noise);
  const mapped = bijection.forward(
    base.sample(noise, parameters.base, context),
    parameters.bijection,
    context,
  );
  return checkedMap(bijection, "forward", mapped).value;
}

function checkParts(
  where: string,
  base: Distribution,
  bijection: Bijection,
  parameters: object,
  value: Expr,
): void {
  checkArgument(where, "base", base, anObject);
  checkArgument(where, "bijection", bijection, aBijection);
  checkArgument(where, "parameters", parameters, anObject, "such as { base, bijection }");
  checkExpressions(where, value);
  checkBase(where, base, bijection);
}

/**
 * Refuses a bijection that does not take what the base gives.
 * @throws UsageError that names both.
 */
export function checkBase(where: string, base: Distribution, bijection: Bijection): void {
  const { type, domain } = bijection;
  const given = base.support ?? realLine;
  domain?.forEach((taken, i) => {
    if (!isWithin(given, taken))
      throw misfit(where, `the base ${base.type}`, given, `feature ${i} of ${type}`, taken);
  });
  checkRegion(where, `the base ${base.type}`, bijection, base.region);
}
