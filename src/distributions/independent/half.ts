/**
 * Half of a symmetric law: independent features above 0, as sizes of what lies on both sides of it.
 *
 *     log p(x) = sum of log 2 + log f(x e^-s) - s where all x are at least 0, else minus infinity
 *     x = e^s |z|, z of f
 *
 * The half-normal, half-t (Gelman 2006) and half-logistic laws, and of Laplace's the exponential one. An absolute value has two branches of
 * equal density: the sum over them is exact.
 *
 * @see https://doi.org/10.1214/06-BA117A
 * @module
 */

import * as g from "../../graph/ops.ts";
import { leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, oneOf, required } from "../../options.ts";
import type { Distribution } from "../distribution.ts";
import {
  laplaceDensity,
  logisticDensity,
  noiseOf,
  normalDensity,
  studentDensity,
} from "./symmetricDensities.ts";

/** Options of {@link half}. */
export interface HalfOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** The law that is halved at 0 (default `normal`). */
  readonly law?: "normal" | "laplace" | "logistic" | "studentT" | undefined;
}

const densities = {
  normal: normalDensity,
  laplace: laplaceDensity,
  logistic: logisticDensity,
  studentT: studentDensity,
};

const halfOptionTable: OptionTable<HalfOptions> = {
  features: required(count),
  law: oneOf(Object.keys(densities)),
};

/**
 * Independent features above 0 with trained log scales, of Student's t with trained degrees of freedom, too. A number below 0 has the
 * log-density minus infinity. O(features).
 * @throws UsageError if `features` is not a positive integer, or for a law that there is not.
 * @cost density O(features), sample O(features)
 * @example
 * const base = half({ features: 2, law: "logistic" });
 */
export function half(options: HalfOptions): Distribution {
  const { features, law = "normal" } = checkedOptions("half", options, halfOptionTable);
  const density = densities[law];
  return {
    type: "half",
    features,
    noise: (density.noise ?? 1) * features,
    parameters: { logScale: trained([features]), ...density.parameters?.(features) },
    support: [0, Number.POSITIVE_INFINITY],
    logProb(x, p) {
      const s = leafOf(p, "logScale");
      const level = g.sub(features * Math.LN2, g.sum(s));
      const within = g.add(level, g.sum(density.logDensity(g.mul(x, g.exp(g.neg(s))), p)));
      return g.select(g.sum(g.less(x, 0)), Number.NEGATIVE_INFINITY, within);
    },
    sample: (noise, p) =>
      g.mul(g.abs(density.sample(noiseOf(density, noise, features), p)), g.exp(leafOf(p, "logScale"))),
    toJSON: () => ({ type: "half", features, law }),
  };
}
