/**
 * Densities f of one number that are symmetric around 0, and their samples: what places and widths are added to.
 *
 *     normal     e^(-z^2 / 2) / sqrt(2 pi)                      z = n
 *     laplace    e^-|z| / 2                                     sign(n) * -log(2 Phi(-|n|))
 *     logistic   e^-z / (1 + e^-z)^2                            log Phi(n) - log Phi(-n)
 *     studentT   Gamma((d + 1)/2) / [Gamma(d / 2) sqrt(pi d)] (1 + z^2 / d)^-(d + 1)/2
 *                sqrt(d (u^(-2/d) - 1)) cos(2 pi v), of two uniform numbers (Bailey 1994)
 *
 * Shares are taken by their logarithms, so that far tails keep their digits.
 *
 * @see https://doi.org/10.1090/S0025-5718-1994-1203731-4
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { logGamma } from "../../graph/library/logGamma.ts";
import { normalLogTails } from "../../graph/library/normalLogCdf.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained } from "../../graph/parameters.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { softClip } from "../../transformers/softClip.ts";
import { normalShare } from "../normalShare.ts";

/** A density of one number, symmetric around 0. */
export interface SymmetricDensity {
  /** Standard normal numbers that a feature takes (default 1). */
  readonly noise?: number;
  /** What is trained besides a place and a width. */
  readonly parameters?: (features: number) => ParameterTree;
  /** log f(z), element by element. */
  logDensity(z: Expr, p: Bound): Expr;
  /** A sample of f, of `noise` vectors. */
  sample(noise: readonly Expr[], p: Bound): Expr;
}

/** The normal density. */
export const normalDensity: SymmetricDensity = {
  logDensity: (z) => g.sub(g.mul(-0.5, g.square(z)), 0.5 * logTwoPi),
  sample: ([noise]) => noise!,
};

/** The density of Laplace. */
export const laplaceDensity: SymmetricDensity = {
  logDensity: (z) => g.sub(g.neg(g.abs(z)), Math.LN2),
  sample([noise]) {
    const { lower, upper } = normalLogTails(noise!);
    const isLower = g.less(noise!, 0);
    const size = g.add(Math.LN2, g.select(isLower, lower, upper));
    return g.select(isLower, size, g.neg(size));
  },
};

/** The logistic density. */
export const logisticDensity: SymmetricDensity = {
  logDensity: (z) => g.neg(g.add(g.softplus(z), g.softplus(g.neg(z)))),
  sample([noise]) {
    const { lower, upper } = normalLogTails(noise!);
    return g.sub(lower, upper);
  },
};

/** Degrees of freedom at the start, and by how much they may be divided and multiplied. */
const usualDegrees = 5;
const range = 20;

const logDegrees = (p: Bound): Expr =>
  g.add(Math.log(usualDegrees), softClip(leafOf(p, "logDegrees"), Math.log(range)));

/** The density of Student's t, with trained degrees of freedom. */
export const studentDensity: SymmetricDensity = {
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
};

/** The vectors of noise of a density, from all numbers that a sample takes. */
export function noiseOf({ noise = 1 }: SymmetricDensity, numbers: Expr, features: number): Expr[] {
  return Array.from({ length: noise }, (_, k) => g.slice(numbers, k * features, (k + 1) * features));
}
