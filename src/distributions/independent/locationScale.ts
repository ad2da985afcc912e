/**
 * Independent features with heavier tails than normal ones, each with a place and a width: x = m + e^s z, z of a density of `symmetricDensities.ts`.
 *
 *     log p(x) = sum of log f((x - m) e^-s) - s
 *
 * Laplace's law: N. L. Johnson, S. Kotz & N. Balakrishnan, "Continuous Univariate Distributions", volume 2, Wiley 1995,
 * chapter 24; the logistic one as a base: Dinh et al. (2015), "NICE", section 3.4; Student's t as a base: Alexanderson & Henter (2020).
 * Degrees of freedom are trained as well here.
 *
 * @see https://arxiv.org/abs/1410.8516, https://arxiv.org/abs/2006.06599
 * @module
 */

import * as g from "../../graph/ops.ts";
import { leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Distribution } from "../distribution.ts";
import {
  laplaceDensity,
  logisticDensity,
  noiseOf,
  type SymmetricDensity,
  studentDensity,
} from "./symmetricDensities.ts";

/** Options of {@link laplace}, {@link logistic} and {@link studentT}. */
export interface IndependentOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
}

const independentOptionTable: OptionTable<IndependentOptions> = { features: required(count) };

function locationScale(type: string, options: IndependentOptions, density: SymmetricDensity): Distribution {
  const { features } = checkedOptions(type, options, independentOptionTable);
  return {
    type,
    features,
    noise: (density.noise ?? 1) * features,
    parameters: {
      mean: trained([features]),
      logScale: trained([features]),
      ...density.parameters?.(features),
    },
    logProb(x, p) {
      const s = leafOf(p, "logScale");
      const z = g.mul(g.sub(x, leafOf(p, "mean")), g.exp(g.neg(s)));
      return g.sub(g.sum(density.logDensity(z, p)), g.sum(s));
    },
    sample: (noise, p) =>
      g.add(
        leafOf(p, "mean"),
        g.mul(density.sample(noiseOf(density, noise, features), p), g.exp(leafOf(p, "logScale"))),
      ),
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
  return locationScale("laplace", options, laplaceDensity);
}

/**
 * Independent logistic features with trained means and log scales: the base of NICE.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = logistic({ features: 2 });
 */
export function logistic(options: IndependentOptions): Distribution {
  return locationScale("logistic", options, logisticDensity);
}

/**
 * Independent features of Student's t with trained means, log scales and degrees of freedom: 5 at the start, between 1/4 and 100. A sample
 * takes two numbers of noise per feature.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features)
 * @example
 * const base = studentT({ features: 2 });
 */
export function studentT(options: IndependentOptions): Distribution {
  return locationScale("studentT", options, studentDensity);
}
