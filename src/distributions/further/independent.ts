/**
 * Independent features of one law with a trained place and width each: Laplace, logistic and Student's t.
 *
 *     z_i = (x_i - mean_i) e^-logScale_i,    log p(x) = sum_i [log f(z_i) - logScale_i]
 *
 *     Laplace     f(z) = e^-|z| / 2                        quantiles of the noise's normal share u: log 2u, and -log 2(1 - u) above 1/2
 *     logistic    f(z) = e^-z / (1 + e^-z)^2               log u - log(1 - u)
 *     Student t   f(z) = Gamma((d + 1)/2) / [Gamma(d/2) sqrt(pi d)] (1 + z^2 / d)^-(d + 1)/2
 *                 sqrt(d (u^(-2/d) - 1)) cos(2 pi v), of two uniform numbers (Bailey 1994)
 *
 * Shares of the normal law are taken by their logarithms, so that far tails keep their digits.
 *
 * @see https://doi.org/10.1090/S0025-5718-1994-1203731-4
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { logGamma } from "../../graph/library/logGamma.ts";
import { normalLogTails } from "../../graph/library/normalLogCdf.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";
import { normalShare } from "./uniform.ts";

/** Options of {@link laplace}, {@link logistic} and {@link studentT}. */
export interface IndependentOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
}

const independentOptionTable: OptionTable<IndependentOptions> = { features: required(count) };

/** What one law adds to a place and a width. */
interface Law {
  /** Standard normal numbers that a feature takes (default 1). */
  readonly noise?: number;
  /** What is trained besides. */
  readonly parameters?: (features: number) => ParameterTree;
  /** log f(z), element by element. */
  logDensity(z: Expr, p: Bound): Expr;
  /** A sample of f, of `noise` vectors. */
  sample(noise: readonly Expr[], p: Bound): Expr;
}

function independent(type: string, options: IndependentOptions, law: Law): Distribution {
  const { features } = checkedOptions(type, options, independentOptionTable);
  const { noise = 1 } = law;
  return {
    type,
    features,
    noise: noise * features,
    parameters: {
      mean: trained([features]),
      logScale: trained([features]),
      ...law.parameters?.(features),
    },
    logProb(x, p) {
      const s = leafOf(p, "logScale");
      const z = g.mul(g.sub(x, leafOf(p, "mean")), g.exp(g.neg(s)));
      return g.sub(g.sum(law.logDensity(z, p)), g.sum(s));
    },
    sample(numbers, p) {
      const each = Array.from({ length: noise }, (_, k) =>
        g.slice(numbers, k * features, (k + 1) * features),
      );
      return g.add(leafOf(p, "mean"), g.mul(law.sample(each, p), g.exp(leafOf(p, "logScale"))));
    },
    toJSON: () => ({ type, features }),
  };
}

/**
 * Independent Laplace features with trained means and log scales.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = laplace({ features: 2 });
 */
export function laplace(options: IndependentOptions): Distribution {
  return independent("laplace", options, {
    logDensity: (z) => g.sub(g.neg(g.abs(z)), Math.LN2),
    sample([noise]) {
      const { lower, upper } = normalLogTails(noise!);
      const isLower = g.less(noise!, 0);
      const size = g.add(Math.LN2, g.select(isLower, lower, upper));
      return g.select(isLower, size, g.neg(size));
    },
  });
}

/**
 * Independent logistic features with trained means and log scales: the base of NICE.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = logistic({ features: 2 });
 */
export function logistic(options: IndependentOptions): Distribution {
  return independent("logistic", options, {
    logDensity: (z) => g.neg(g.add(g.softplus(z), g.softplus(g.neg(z)))),
    sample([noise]) {
      const { lower, upper } = normalLogTails(noise!);
      return g.sub(lower, upper);
    },
  });
}

/** Degrees of freedom at the start, and by how much they may be divided and multiplied. */
const usualDegrees = 5;
const range = 20;

/**
 * Independent features of Student's t with trained means, log scales and degrees of freedom: 5 at the start, between 1/4 and 100. A sample
 * takes two numbers of noise per feature.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = studentT({ features: 2 });
 */
export function studentT(options: IndependentOptions): Distribution {
  const logDegrees = (p: Bound): Expr =>
    g.add(Math.log(usualDegrees), softClip(leafOf(p, "logDegrees"), Math.log(range)));
  return independent("studentT", options, {
    noise: 2,
    parameters: (features) => ({ logDegrees: trained([features]) }),
    logDensity(z, p) {
      const log = logDegrees(p);
      const half = g.mul(0.5, g.exp(log));
      // log(1 + z^2 / d), whose square would overflow far out.
      const bend = g.softplus(g.sub(g.mul(2, g.log(g.max(g.abs(z), 1e-30))), log));
      const level = g.sub(g.sub(logGamma(g.add(half, 0.5)), logGamma(half)), g.mul(0.5, log));
      return g.sub(g.sub(level, 0.5 * Math.log(Math.PI)), g.mul(g.add(half, 0.5), bend));
    },
    sample([radius, angle], p) {
      const degrees = g.exp(logDegrees(p));
      const { lower } = normalLogTails(radius!);
      const squared = g.mul(degrees, g.expm1(g.div(g.mul(-2, lower), degrees)));
      return g.mul(g.sqrt(g.max(squared, 1e-30)), g.cos(g.mul(2 * Math.PI, normalShare(angle!))));
    },
  });
}
