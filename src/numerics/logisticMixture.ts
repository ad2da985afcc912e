/**
 * Mixtures of logistic distributions of one number, in float64. Everything is in logarithms, so that the far tails and the
 * mass of a narrow interval keep their digits:
 *
 *     F(t) = sum_m w_m s((t - m_m) / s_m)       s(u) = 1 / (1 + e^-u)
 *     F(b) - F(a) = sum_m w_m s(B) s(-A) (1 - e^-(B - A))      A, B = (a - m_m) / s_m, (b - m_m) / s_m
 *
 * The second line, with b - a given, subtracts nothing that is nearly equal.
 *
 * @module
 */

import { softplus } from "./special.ts";

/** Components of a mixture, in arrays of one length. */
export interface LogisticMixture {
  /** Logarithms of the weights, which add up to 1. */
  readonly logWeights: ArrayLike<number>;
  /** Places. */
  readonly means: ArrayLike<number>;
  /** Scales, above 0; the deviation of a component is pi / sqrt(3) of them. */
  readonly scales: ArrayLike<number>;
}

/** log(e^a + e^b); right for infinities. */
export function logAdd(a: number, b: number): number {
  const top = Math.max(a, b);
  return Number.isFinite(top) ? top + Math.log1p(Math.exp(-Math.abs(a - b))) : top;
}

/** log of the sum of w_m s(-side u_m): the mass on one side of t. Terms are divided by the largest power of e among them. */
function logSumBeyond({ logWeights, means, scales }: LogisticMixture, t: number, side: 1 | -1): number {
  const at = (m: number): number => (side * (t - means[m]!)) / scales[m]!;
  const power = (m: number): number => logWeights[m]! - Math.max(0, at(m));
  let top = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < means.length; m++) top = Math.max(top, power(m));
  if (top === Number.NEGATIVE_INFINITY) return top;
  let sum = 0;
  for (let m = 0; m < means.length; m++) sum += Math.exp(power(m) - top) / (1 + Math.exp(-Math.abs(at(m))));
  return Math.min(0, top + Math.log(sum));
}

/** log F(t). */
export function logisticMixtureLogCdf(mixture: LogisticMixture, t: number): number {
  return logSumBeyond(mixture, t, -1);
}

/** log(1 - F(t)). */
export function logisticMixtureLogSurvival(mixture: LogisticMixture, t: number): number {
  return logSumBeyond(mixture, t, 1);
}

/** A mixture that is evaluated often, with the weights themselves. */
export interface WeightedLogisticMixture extends LogisticMixture {
  readonly weights: Float64Array;
}

/** The same mixture, with its weights. */
export const withWeights = ({ logWeights, means, scales }: LogisticMixture): WeightedLogisticMixture => ({
  logWeights,
  means,
  scales,
  weights: Float64Array.from(logWeights, Math.exp),
});

/** Sums below this have lost digits. */
export const leastExactSum = 1e-280;

/**
 * F(t) and 1 - F(t) by one power of e per component. A sum below {@link leastExactSum} has lost digits, which its logarithm
 * ({@link logisticMixtureLogCdf}, {@link logisticMixtureLogSurvival}) keeps.
 */
export function logisticMixtureMasses(
  { weights, means, scales }: WeightedLogisticMixture,
  t: number,
): { readonly cdf: number; readonly survival: number } {
  let [cdf, survival] = [0, 0];
  for (let m = 0; m < weights.length; m++) {
    const u = (t - means[m]!) / scales[m]!;
    const decay = Math.exp(-Math.abs(u));
    const large = weights[m]! / (1 + decay);
    const small = large * decay;
    cdf += u > 0 ? large : small;
    survival += u > 0 ? small : large;
  }
  return { cdf, survival };
}

/** log F(t) and log(1 - F(t)). */
export function logisticMixtureLogs(
  mixture: WeightedLogisticMixture,
  t: number,
): { readonly logCdf: number; readonly logSurvival: number } {
  const { cdf, survival } = logisticMixtureMasses(mixture, t);
  return {
    logCdf: cdf > leastExactSum ? Math.min(0, Math.log(cdf)) : logisticMixtureLogCdf(mixture, t),
    logSurvival:
      survival > leastExactSum ? Math.min(0, Math.log(survival)) : logisticMixtureLogSurvival(mixture, t),
  };
}

/** Log-density at t. */
export function logisticMixtureLogDensity({ logWeights, means, scales }: LogisticMixture, t: number): number {
  let sum = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < means.length; m++) {
    const u = (t - means[m]!) / scales[m]!;
    sum = logAdd(sum, logWeights[m]! - Math.log(scales[m]!) - softplus(u) - softplus(-u));
  }
  return sum;
}

/** log(F(high) - F(low)), with `width` = high - low; ends may be infinite. */
export function logisticMixtureLogMass(
  { logWeights, means, scales }: LogisticMixture,
  low: number,
  high: number,
  width: number,
): number {
  let sum = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < means.length; m++) {
    const scale = scales[m]!;
    const below = softplus((low - means[m]!) / scale);
    const above = softplus((means[m]! - high) / scale);
    sum = logAdd(sum, logWeights[m]! - below - above + Math.log(-Math.expm1(-width / scale)));
  }
  return sum;
}

/** Rounds of {@link logisticMixtureQuantile} at most: halvings alone end within them. */
const maximumRounds = 200;

/**
 * The t with log F(t) - log(1 - F(t)) = `logit`, any number: the quantile of a probability that is given without loss in either tail.
 * By Newton's method, kept between the quantiles of the components, which enclose it.
 */
export function logisticMixtureQuantile(mixture: LogisticMixture, logit: number): number {
  const { means, scales, logWeights } = mixture;
  if (!Number.isFinite(logit)) return logit;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < means.length; m++) {
    if (logWeights[m] === Number.NEGATIVE_INFINITY) continue;
    const quantile = means[m]! + scales[m]! * logit;
    low = Math.min(low, quantile);
    high = Math.max(high, quantile);
  }
  const weights = Float64Array.from(logWeights, Math.exp);
  let t = 0.5 * (low + high);
  for (let round = 0; round < maximumRounds && low < high; round++) {
    let [cdf, survival, density] = [0, 0, 0];
    for (let m = 0; m < means.length; m++) {
      const u = (t - means[m]!) / scales[m]!;
      const decay = Math.exp(-Math.abs(u));
      const large = weights[m]! / (1 + decay);
      const small = large * decay;
      cdf += u > 0 ? large : small;
      survival += u > 0 ? small : large;
      density += small / ((1 + decay) * scales[m]!);
    }
    // Sums so small have lost digits: without a slope the line is halved.
    const isExact = Math.min(cdf, survival) > 1e-280;
    const here = isExact
      ? Math.log(cdf / survival)
      : logisticMixtureLogCdf(mixture, t) - logisticMixtureLogSurvival(mixture, t);
    if (here === logit) return t;
    if (here > logit) high = t;
    else low = t;
    let next = isExact ? t - ((here - logit) * cdf * survival) / density : t;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === t || next === low || next === high) return next;
    t = next;
  }
  return t;
}
