/**
 * The radial map of variational inference, which contracts or expands around a point:
 *
 *     forward    y = x + β (x - c) / (α + r)       r = |x - c|
 *                logAbsDet = (n - 1) log(1 + β / (α + r)) + log(1 + α β / (α + r)²)
 *     inverse    r from r (1 + β / (α + r)) = |y - c|, a quadratic equation with one root that is not negative
 *
 * α = softplus(·) > 0 and β = softplus(·) - α > -α, which makes the map one to one (the paper's appendix A.2). The maps of
 * dual ascent, which have other profiles and steps that are not trained, are in `radialMap.ts`.
 *
 * D. Rezende, S. Mohamed, "Variational Inference with Normalizing Flows", ICML 2015, equation 14,
 * https://arxiv.org/abs/1505.05770
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { trained, trainedUniform } from "../../graph/parameters.ts";
import { conditionedParameters } from "../../networks/conditioned.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  listOf,
  numberOf,
  type OptionTable,
  required,
} from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link radial}. */
export interface RadialOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers of the network that maps a context to the parameters (default none: linear). */
  readonly hidden?: readonly number[] | undefined;
  /** Least α and α + β, 0 or more: the condition number of the map stays moderate (default 0.001). */
  readonly least?: number | undefined;
}

/** softplus(unit) = 1. */
const unit = Math.log(Math.expm1(1));

const radialOptionTable: OptionTable<RadialOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  least: numberOf("0 or more and below 1", (value) => value >= 0 && value < 1),
};

/**
 * A radial map of Rezende and Mohamed. It starts as the identity.
 * @throws UsageError if a size is not a positive integer.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = radial({ features: 2 });
 */
export function radial(options: RadialOptions): Bijection {
  const {
    features,
    context = 0,
    hidden = [],
    least = 1e-3,
  } = checkedOptions("radial", options, radialOptionTable);
  checkCount("radial", "features", features);
  const conditioned = conditionedParameters(
    "radial",
    { center: trainedUniform([features], Math.sqrt(3)), logAlpha: trained([]), logBeta: trained([]) },
    context,
    hidden,
  );
  const scales = (logAlpha: Expr, logBeta: Expr): { readonly alpha: Expr; readonly beta: Expr } => {
    const positive = (value: Expr): Expr => g.add(least, g.softplus(g.add(value, unit)));
    const alpha = positive(logAlpha);
    return { alpha, beta: g.sub(positive(logBeta), alpha) };
  };
  /** Its length, in units of the largest element, so that no square overflows. */
  const radius = (difference: Expr): Expr => {
    const size = g.stopGradient(g.max(g.maximum(g.abs(difference)), 1e-15));
    return g.mul(size, g.sqrt(g.add(g.sum(g.square(g.div(difference, size))), 1e-30)));
  };
  const logAbsDet = (alpha: Expr, beta: Expr, r: Expr): Expr => {
    const reach = g.add(alpha, r);
    return g.add(
      g.mul(features - 1, g.log1p(g.div(beta, reach))),
      g.log1p(g.mul(g.div(alpha, reach), g.div(beta, reach))),
    );
  };
  return {
    type: "radial",
    features,
    context,
    parameters: conditioned.tree,
    forward(x, p, c) {
      const { center, logAlpha, logBeta } = conditioned.read(p, c);
      const { alpha, beta } = scales(logAlpha, logBeta);
      const difference = g.sub(x, center);
      const r = radius(difference);
      return {
        value: g.add(x, g.mul(g.div(beta, g.add(alpha, r)), difference)),
        logAbsDet: logAbsDet(alpha, beta, r),
      };
    },
    inverse(y, p, c) {
      const { center, logAlpha, logBeta } = conditioned.read(p, c);
      const { alpha, beta } = scales(logAlpha, logBeta);
      const difference = g.sub(y, center);
      const imageRadius = radius(difference);
      // r² + q r - α |y - c| = 0, written so that nothing cancels for either sign of q.
      const q = g.sub(g.add(alpha, beta), imageRadius);
      const product = g.mul(4, g.mul(alpha, imageRadius));
      const size = g.stopGradient(g.max(g.max(g.abs(q), g.sqrt(product)), 1e-15));
      const root = g.mul(size, g.sqrt(g.add(g.square(g.div(q, size)), g.div(g.div(product, size), size))));
      const r = g.select(
        g.less(0, q),
        g.div(g.mul(0.5, product), g.add(g.max(q, 0), root)),
        g.mul(0.5, g.sub(root, q)),
      );
      return {
        value: g.sub(y, g.mul(g.div(beta, g.add(g.add(alpha, beta), r)), difference)),
        logAbsDet: g.neg(logAbsDet(alpha, beta, r)),
      };
    },
    toJSON: () => ({ type: "radial", features, context, hidden, ...(least === 1e-3 ? {} : { least }) }),
  };
}
