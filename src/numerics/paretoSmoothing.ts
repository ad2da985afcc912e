/**
 * Pareto smoothing of importance weights, and the shape k-hat of their tail, which says whether they can be relied on.
 *
 * A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, "Pareto smoothed importance sampling", JMLR 25 (2024),
 * https://arxiv.org/abs/1507.02646; the fit of the generalized Pareto distribution is that of J. Zhang, M. Stephens, "A new
 * and efficient estimation method for the generalized Pareto distribution", Technometrics 51 (2009).
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { checkArgument, float64s, refuse } from "../options.ts";

/** Smoothed weights. */
export interface ParetoSmoothed {
  /** Logarithms of the weights, which add up to 1. */
  readonly logWeights: Float64Array;
  /**
   * Shape of the tail: below 0.7 estimates by the weights are reliable; above 1 they have no mean. At most 0 where
   * weights are all but equal, minus infinity for equal weights, infinity where a few weights are all that counts,
   * NaN for fewer than 25 weights.
   */
  readonly k: number;
}

/**
 * Where weights are all but equal the shape of their tail says nothing: excesses so small, or so few, are rounding and noise, of
 * which the largest may by chance look like a power law, and no estimate feels them. That is so where the largest is within 5 %
 * of the mean one, or within twice of it while less than a ten-thousandth of the samples is lost to weighing.
 */
function areAllButEqual(logWeights: Float64Array): boolean {
  const largest = -meanOf(logWeights);
  if (largest < 0.05) return true;
  const squares =
    logWeights.reduce((sum, logWeight) => sum + Math.exp(2 * (logWeight + largest)), 0) / logWeights.length;
  return largest < Math.LN2 && squares - 1 < 1e-4;
}

/** Shape and scale of a generalized Pareto distribution fitted to excesses, sorted, above 0. */
export function fitGeneralizedPareto(excesses: Float64Array): { readonly k: number; readonly sigma: number } {
  const n = excesses.length;
  const largest = excesses[n - 1]!;
  const quartile = excesses[Math.floor(n / 4 + 0.5) - 1]!;
  const prior = 3;
  const points = 30 + Math.floor(Math.sqrt(n));
  const thetas = Float64Array.from({ length: points }, (_, j) => {
    const place = 1 - Math.sqrt(points / (j + 0.5));
    return 1 / largest + place / (prior * quartile);
  });
  const shapeAt = (theta: number): number =>
    excesses.reduce((sum, excess) => sum + Math.log1p(-theta * excess), 0) / n;
  const logLikelihoods = thetas.map((theta) => {
    const k = shapeAt(theta);
    return n * (Math.log(-theta / k) - k - 1);
  });
  let theta = 0;
  for (let j = 0; j < points; j++) {
    let sum = 0;
    for (const other of logLikelihoods) sum += Math.exp(other - logLikelihoods[j]!);
    theta += thetas[j]! / sum;
  }
  const k = shapeAt(theta);
  // A weak prior centered at 0.5 steadies the shape of few excesses.
  return { k: (k * n + 5) / (n + 10), sigma: -k / theta };
}

/** Logarithm of the mean weight. */
function meanOf(logWeights: Float64Array): number {
  return Math.log(logWeights.reduce((sum, logWeight) => sum + Math.exp(logWeight), 0) / logWeights.length);
}

/**
 * Smooths weights: the largest of them, at most a fifth, are replaced by quantiles of the Pareto distribution that fits them.
 * @param logRatios - Logarithms of the weights up to a constant; minus infinity for a weight of 0.
 * @throws UsageError if no weight is above 0, or one is not a number.
 */
export function paretoSmoothed(logRatios: Float64Array): ParetoSmoothed {
  checkArgument("paretoSmoothed", "logRatios", logRatios, float64s);
  const n = logRatios.length;
  let top = Number.NEGATIVE_INFINITY;
  for (const logRatio of logRatios) {
    if (Number.isNaN(logRatio) || logRatio === Number.POSITIVE_INFINITY)
      refuse("paretoSmoothed", "the logarithm of a weight", "a number or minus infinity", logRatio);
    top = Math.max(top, logRatio);
  }
  if (top === Number.NEGATIVE_INFINITY)
    throw new UsageError({
      where: "paretoSmoothed",
      problem: "all weights are 0",
      expected: "at least one weight above 0",
      received: "none",
    });
  const logWeights = logRatios.map((logRatio) => logRatio - top);
  const tail = Math.min(Math.floor(n / 5), Math.ceil(3 * Math.sqrt(n)));
  let k = Number.NaN;
  if (tail >= 5) {
    const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
      (a, b) => logWeights[a]! - logWeights[b]!,
    );
    const isEqual = areAllButEqual(logWeights);
    const logCutoff = logWeights[order[n - tail - 1]!]!;
    const cutoff = Math.exp(logCutoff);
    const excesses = Float64Array.from({ length: tail }, (_, i) => {
      const logWeight = logWeights[order[n - tail + i]!]!;
      // Close to the cutoff without cancellation.
      return logWeight - logCutoff < 1
        ? cutoff * Math.expm1(logWeight - logCutoff)
        : Math.exp(logWeight) - cutoff;
    });
    if (-logCutoff < 1e-12) {
      // Weights that are all equal have no tail.
      k = Number.NEGATIVE_INFINITY;
    } else if (excesses[Math.floor(tail / 4 + 0.5) - 1]! > 1e-100 * excesses[tail - 1]!) {
      const pareto = fitGeneralizedPareto(excesses);
      k = pareto.k;
      if (isEqual) k = Math.min(k, 0);
      for (let i = 0; i < tail; i++) {
        const level = (i + 0.5) / tail;
        const quantile = (pareto.sigma / pareto.k) * Math.expm1(-pareto.k * Math.log1p(-level));
        // No weight becomes larger than the largest was.
        logWeights[order[n - tail + i]!] = Math.min(0, Math.log(cutoff + quantile));
      }
    } else {
      // A few weights are so large that beside them the rest of the tail is nothing.
      k = isEqual ? 0 : Number.POSITIVE_INFINITY;
    }
  }
  let sum = 0;
  for (const logWeight of logWeights) sum += Math.exp(logWeight);
  const logSum = Math.log(sum);
  return { logWeights: logWeights.map((logWeight) => logWeight - logSum), k };
}
