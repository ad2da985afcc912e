/**
 * One normal distribution with independent features for each class; the class is what is given.
 *
 *     log p(x | k) = sum of log N(x_i; a_i + m_ki, e^2(b_i + s_ki))      x = a + m_k + e^(b + s_k) z
 *
 * a and b are what all classes have in common: with them rows of one class teach the others, and any affine map of one-hot numbers, as a fit makes of
 * given columns, changes nothing that can be learned.
 *
 * Izmailov et al. (2020), "Semi-Supervised Learning with Normalizing Flows", section 3; the base is that of normflows' ClassCondDiagGaussian.
 *
 * @see https://arxiv.org/abs/1912.13025
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, oneOf, required } from "../../options.ts";
import type { Distribution } from "../distribution.ts";
import { contextOf, normalLogDensity } from "./conditionalNormal.ts";

/** Options of {@link classNormal}. */
export interface ClassNormalOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Number of classes, at least 1. */
  readonly classes: number;
  /**
   * How the context says the class: `one-hot`, a number for each class, 1 for that of the row and else 0 (default), or `index`, one number from 0 to classes
   * - 1. `fit` standardizes given columns, which one-hot ones bear and an index does not.
   */
  readonly encoding?: "one-hot" | "index" | undefined;
}

const where = "classNormal";
const optionTable: OptionTable<ClassNormalOptions> = {
  features: required(count),
  classes: required(count),
  encoding: oneOf(["one-hot", "index"]),
};

/**
 * A normal distribution for each class, standard at the start. An index that is no class has the log-density minus infinity.
 * @throws UsageError if a size is not a positive integer.
 * @cost density O(classes features), sample the same
 * @example
 * const base = classNormal({ features: 2, classes: 3 });
 */
export function classNormal(options: ClassNormalOptions): Distribution {
  const { features, classes, encoding = "one-hot" } = checkedOptions(where, options, optionTable);
  const isIndex = encoding === "index";
  const context = isIndex ? 1 : classes;
  const indices = g.constant(Float64Array.from({ length: classes }, (_, k) => k));
  /** A number for each class. */
  const chosen = (c: Expr | undefined): Expr => {
    const given = contextOf(where, context, c);
    return isIndex ? g.less(g.abs(g.sub(indices, given)), 0.5) : given;
  };
  const parts = (p: Bound, own: Expr): { mean: Expr; logScale: Expr } => {
    const of = (each: string, common: string): Expr =>
      g.linear(own, leafOf(p, each), leafOf(p, common), { transposed: true });
    return { mean: of("mean", "commonMean"), logScale: of("logScale", "commonLogScale") };
  };
  return {
    type: where,
    features,
    context,
    noise: features,
    parameters: {
      mean: trained([classes, features]),
      logScale: trained([classes, features]),
      commonMean: trained([features]),
      commonLogScale: trained([features]),
    },
    logProb(x, p, c) {
      const own = chosen(c);
      const { mean, logScale } = parts(p, own);
      const logProb = normalLogDensity(x, mean, logScale);
      return isIndex ? g.select(g.sum(own), logProb, Number.NEGATIVE_INFINITY) : logProb;
    },
    sample(noise, p, c) {
      const { mean, logScale } = parts(p, chosen(c));
      return g.add(mean, g.mul(noise, g.exp(logScale)));
    },
    toJSON: () => ({ type: where, features, classes, ...(isIndex ? { encoding } : {}) }),
  };
}
