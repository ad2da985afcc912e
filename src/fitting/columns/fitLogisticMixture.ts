/**
 * A mixture of logistic distributions fitted to points of one number, by an expectation-maximization whose second step raises a
 * quadratic bound of the likelihood (Jaakkola & Jordan 2000):
 *
 *     log logistic(x; m, s) >= c - log s - k(u) (x - m)^2 / s^2     k(u) = tanh(u / 2) / (2 u),  u = (x - m) / s at the last m and s
 *
 * so that places are weighted means, squared scales weighted mean squares, and the likelihood never falls.
 *
 * T. Jaakkola, M. Jordan, "Bayesian parameter estimation via variational methods", Statistics and Computing 10 (2000),
 * https://doi.org/10.1023/A:1008932416310
 *
 * @module
 */

import type { Pieces } from "../../platform/pieces.ts";

/** Components. */
export interface FittedLogisticMixture {
  readonly logWeights: number[];
  readonly means: number[];
  readonly scales: number[];
}

/** tanh(u / 2) / (2 u), for the size of u and e to the power of minus it. */
function curvature(size: number, decay: number): number {
  return size < 1e-4 ? 0.25 : (1 - decay) / (2 * size * (1 + decay));
}

/**
 * Raises the likelihood of a mixture from where it is, a round at a time. Costs an exponential per point, component and round.
 * @param weights - What each point counts.
 * @param leastScale - Scales do not fall below it.
 * @returns The mixture, and the log-likelihood by weight before the last round.
 */
export function* raiseLogisticMixture(
  points: Float64Array,
  weights: Float64Array,
  start: FittedLogisticMixture,
  { rounds, leastScale }: { readonly rounds: number; readonly leastScale: number },
): Pieces<{ readonly mixture: FittedLogisticMixture; readonly logLikelihood: number }> {
  const count = start.means.length;
  const shares = Float64Array.from(start.logWeights, Math.exp);
  const means = Float64Array.from(start.means);
  const scales = Float64Array.from(start.scales);
  const [sizes, decays, terms] = [0, 1, 2].map(() => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const sums = { weight: new Float64Array(count), k: new Float64Array(count), kx: new Float64Array(count) };
  const kxx = new Float64Array(count);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let logLikelihood = Number.NEGATIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    yield;
    for (const sum of [sums.weight, sums.k, sums.kx, kxx]) sum.fill(0);
    const before = logLikelihood;
    logLikelihood = 0;
    for (let i = 0; i < points.length; i++) {
      const x = points[i]!;
      let nearest = Number.POSITIVE_INFINITY;
      for (let m = 0; m < count; m++) {
        sizes[m] = Math.abs(x - means[m]!) / scales[m]!;
        if (sizes[m]! < nearest) nearest = sizes[m]!;
      }
      // Far from all components their densities are too small for a number: the nearest one's decay is taken out.
      const removed = nearest > 300 ? nearest : 0;
      let sum = 0;
      for (let m = 0; m < count; m++) {
        const decay = Math.exp(-sizes[m]!);
        const kept = removed === 0 ? decay : Math.exp(removed - sizes[m]!);
        decays[m] = decay;
        terms[m] = (shares[m]! * kept) / (scales[m]! * (1 + decay) * (1 + decay));
        sum += terms[m]!;
      }
      logLikelihood += weights[i]! * (Math.log(sum) - removed);
      const scale = weights[i]! / sum;
      for (let m = 0; m < count; m++) {
        const share = scale * terms[m]!;
        const k = share * curvature(sizes[m]!, decays[m]!);
        const offset = x - means[m]!;
        sums.weight[m]! += share;
        sums.k[m]! += k;
        sums.kx[m]! += k * offset;
        kxx[m]! += k * offset * offset;
      }
    }
    for (let m = 0; m < count; m++) {
      if (!(sums.weight[m]! > 1e-9 * total)) continue;
      const move = sums.kx[m]! / sums.k[m]!;
      const square = Math.max(0, kxx[m]! - move * sums.kx[m]!);
      means[m]! += move;
      scales[m] = Math.max(leastScale, Math.sqrt((2 * square) / sums.weight[m]!));
      shares[m] = sums.weight[m]! / total;
    }
    const normalizer = shares.reduce((sum, share) => sum + share, 0);
    for (let m = 0; m < count; m++) shares[m]! /= normalizer;
    if (logLikelihood - before < 1e-7 * total) break;
  }
  const mixture = {
    logWeights: Array.from(shares, Math.log),
    means: Array.from(means),
    scales: Array.from(scales),
  };
  return { mixture, logLikelihood };
}

/** A start of some components on sorted points: each on its share of them, one after another. */
function startOn(points: Float64Array, count: number, leastScale: number): FittedLogisticMixture {
  const means: number[] = [];
  const scales: number[] = [];
  for (let m = 0; m < count; m++) {
    const from = Math.floor((m * points.length) / count);
    const to = Math.max(from + 1, Math.floor(((m + 1) * points.length) / count));
    let sum = 0;
    for (let i = from; i < to; i++) sum += points[i]!;
    const mean = sum / (to - from);
    let squares = 0;
    for (let i = from; i < to; i++) squares += (points[i]! - mean) ** 2;
    means.push(mean);
    // The parts of a whole are narrower than it; twice their deviation overlaps.
    scales.push(Math.max(leastScale, Math.sqrt(squares / (to - from)) * (count > 1 ? 1 : 0.551)));
  }
  return { logWeights: means.map(() => -Math.log(count)), means, scales };
}

/** Sorted points, each once, with what all of its kind count together: columns of numbers repeat theirs. */
function distinctPoints(
  points: Float64Array,
  weights: Float64Array,
): { readonly points: Float64Array; readonly weights: Float64Array } {
  const values: number[] = [];
  const counts: number[] = [];
  points.forEach((point, i) => {
    if (i === 0 || point !== points[i - 1]) {
      values.push(point);
      counts.push(0);
    }
    counts[counts.length - 1]! += weights[i]!;
  });
  return { points: Float64Array.from(values), weights: Float64Array.from(counts) };
}

/**
 * The mixture with the best BIC among some numbers of components.
 * @param points - Sorted.
 * @param rows - How many rows the points stand for, for the BIC.
 */
export function* fitLogisticMixture(
  points: Float64Array,
  weights: Float64Array,
  rows: number,
  { most, leastScale }: { readonly most: number; readonly leastScale: number },
): Pieces<{ readonly mixture: FittedLogisticMixture; readonly bic: number }> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const distinct = distinctPoints(points, weights);
  let best: { mixture: FittedLogisticMixture; bic: number } | undefined;
  for (const count of [1, 2, 3, 5, 8]) {
    if (count > most || (count > 1 && rows < 15 * count)) break;
    const { mixture, logLikelihood } = yield* raiseLogisticMixture(
      distinct.points,
      distinct.weights,
      startOn(points, count, leastScale),
      {
        rounds: 60,
        leastScale,
      },
    );
    const bic = (-2 * logLikelihood * rows) / total + (3 * count - 1) * Math.log(rows);
    if (!best || bic < best.bic) best = { mixture, bic };
    else if (count > 2) break;
  }
  return best!;
}
