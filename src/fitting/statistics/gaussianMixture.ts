/**
 * A mixture of Gaussians with full covariances, by expectation-maximization in float64: the yardstick that a
 * flow has to beat. One component is the single full-covariance Gaussian.
 *
 *     p(x) = sum_k w_k N(x; m_k, S_k)
 *     E:  r_ik = w_k N(x_i; m_k, S_k) / p(x_i)
 *     M:  N_k = sum_i r_ik,   w_k = N_k / n,   m_k = sum_i r_ik x_i / N_k,
 *         S_k = clip(sum_i r_ik (x_i - m_k)(x_i - m_k)' / N_k)
 *
 * `clip` raises eigenvalues below a floor to the floor. That is the maximum-likelihood covariance among those
 * whose eigenvalues are at least the floor (the optimum shares the eigenvectors of the sample covariance), so
 * a step cannot lower the likelihood, which adding a multiple of the identity can.
 *
 * The number of components is that of the smallest BIC = -2 log L + parameters * log n.
 *
 * A. Dempster, N. Laird, D. Rubin, "Maximum likelihood from incomplete data via the EM algorithm", JRSS B 39
 * (1977); D. Arthur, S. Vassilvitskii, "k-means++", SODA 2007; G. Schwarz, "Estimating the dimension of a
 * model", Annals of Statistics 6 (1978), https://doi.org/10.1214/aos/1176344136
 *
 * @module
 */

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Table } from "../../data/table.ts";
import { AbortedError, UsageError } from "../../errors.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../../random/philox.ts";
import {
  type Component,
  GaussianMixture,
  LOG_2_PI,
  logDensity,
  measure,
  standardize,
  type Weights,
} from "./mixtureDensity.ts";

/** How a mixture is fitted. */
export interface GaussianMixtureOptions {
  /** Default 0. */
  readonly seed?: number;
  /** k-means++ starts of which the likeliest result is kept. Default 1. */
  readonly starts?: number;
  /** Steps of EM at most. Default 300. */
  readonly iterations?: number;
  /** EM stops when a step raises the mean log-likelihood by less than this many nats a row. Default 1e-5. */
  readonly tolerance?: number;
  /** Floor of a covariance's eigenvalues, in units of each column's variance. Default 1e-6. */
  readonly regularization?: number;
  /** What each row counts, above 0, in any unit: a row of weight 2 counts as two. Default: all the same. */
  readonly weights?: Float64Array | undefined;
  /** Stops the fit with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** How a mixture is fitted and its number of components chosen. */
export interface ChooseGaussianMixtureOptions extends GaussianMixtureOptions {
  /** Numbers of components to try. Default 1 .. 24 in steps that grow. */
  readonly components?: readonly number[];
  /** Numbers in a row without a better BIC after which no more are tried. Default: all are tried. */
  readonly patience?: number;
  /** Called after each number of components, with the mixture of that number. */
  readonly onProgress?: (progress: {
    readonly components: number;
    readonly bic: number;
    readonly mixture: GaussianMixture;
  }) => void;
}

/** Numbers of components that are tried unless others are given. */
export const DEFAULT_COMPONENTS: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

/** Sums over rows of responsibilities times 1, deviations from `about`, and products of deviations. */
class Moments {
  readonly about: Float64Array;
  mass = 0;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(about: Float64Array) {
    this.about = about;
    this.#first = new Float64Array(about.length);
    this.#second = new Float64Array(about.length ** 2);
  }

  add(rows: Float64Array, start: number, share: number): void {
    const width = this.about.length;
    this.mass += share;
    for (let i = 0; i < width; i++) {
      const weighted = share * (rows[start + i]! - this.about[i]!);
      this.#first[i]! += weighted;
      for (let j = 0; j <= i; j++) {
        this.#second[i * width + j]! += weighted * (rows[start + j]! - this.about[j]!);
      }
    }
  }

  /** The component of these moments; undefined if it has no mass left. */
  component(rows: number, floor: number): Component | undefined {
    // Less than a thousandth of a row: nothing determines its covariance.
    if (!(this.mass > 1e-3)) return undefined;
    const width = this.about.length;
    const shift = this.#first.map((value) => value / this.mass);
    const covariance = new Matrix(width, width);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) {
        const value = this.#second[i * width + j]! / this.mass - shift[i]! * shift[j]!;
        covariance.set(i, j, value);
        covariance.set(j, i, value);
      }
    }
    const { whiten, logDeterminant } = whitening(clip(covariance, floor));
    const weight = this.mass / rows;
    return {
      weight,
      mean: shift.map((value, i) => value + this.about[i]!),
      whiten,
      offset: Math.log(weight) - 0.5 * (width * LOG_2_PI + logDeterminant),
    };
  }
}

/** The symmetric matrix with eigenvalues below `floor` raised to it. */
function clip(covariance: Matrix, floor: number): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  if (realEigenvalues.every((value) => value >= floor)) return covariance;
  const raised = Matrix.diag(realEigenvalues.map((value) => Math.max(value, floor)));
  const clipped = eigenvectorMatrix.mmul(raised).mmul(eigenvectorMatrix.transpose());
  // The products round differently above and below the diagonal.
  return clipped.add(clipped.transpose()).mul(0.5);
}

/** The inverse of the Cholesky factor L of a positive definite matrix, and log det. */
function whitening(covariance: Matrix): { whiten: Float64Array; logDeterminant: number } {
  const lower = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  const width = lower.rows;
  const whiten = new Float64Array(width * width);
  let logDeterminant = 0;
  for (let i = 0; i < width; i++) {
    const pivot = lower.get(i, i);
    logDeterminant += 2 * Math.log(pivot);
    for (let j = 0; j <= i; j++) {
      let value = i === j ? 1 : 0;
      for (let k = j; k < i; k++) value -= lower.get(i, k) * whiten[k * width + j]!;
      whiten[i * width + j] = value / pivot;
    }
  }
  return { whiten, logDeterminant };
}

function squaredDistance(rows: Float64Array, row: number, center: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = row * center.length; i < center.length; i++, at++)
    sum += (rows[at]! - center[i]!) ** 2;
  return sum;
}

/**
 * Centres by k-means++: each next one is a row drawn in proportion to its weight times its squared distance to those
 * before.
 */
function spreadCenters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
) {
  const total = rows.length / width;
  const rowAt = (row: number): Float64Array => rows.slice(row * width, (row + 1) * width);
  const centers = [rowAt(weights ? drawnRow(weights, total, stream) : stream.integerBelow(total))];
  const nearest = new Float64Array(total).fill(Number.POSITIVE_INFINITY);
  while (centers.length < count) {
    const last = centers[centers.length - 1]!;
    let sum = 0;
    for (let row = 0; row < total; row++) {
      nearest[row] = Math.min(nearest[row]!, (weights?.[row] ?? 1) * squaredDistance(rows, row, last));
      sum += nearest[row]!;
    }
    centers.push(rowAt(drawnRow(nearest, sum, stream)));
  }
  return centers;
}

/** A row drawn in proportion to its share of a sum. */
function drawnRow(shares: Float64Array, sum: number, stream: RandomStream): number {
  let left = stream.uniform() * sum;
  let chosen = 0;
  while (chosen < shares.length - 1 && (left -= shares[chosen]!) > 0) chosen++;
  return chosen;
}

/** Steps of Lloyd's algorithm before EM; EM does the rest. */
const LLOYD_STEPS = 10;

/** Moments of the clusters that k-means finds. */
function clusters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Moments[] {
  const total = rows.length / width;
  let centers = spreadCenters(rows, width, count, stream, weights);
  for (let step = 0; ; step++) {
    const moments = centers.map((center) => new Moments(center));
    const sums = centers.map(() => new Float64Array(width));
    const last = step === LLOYD_STEPS;
    for (let row = 0; row < total; row++) {
      let best = 0;
      let bestDistance = Number.POSITIVE_INFINITY;
      for (let k = 0; k < centers.length; k++) {
        const distance = squaredDistance(rows, row, centers[k]!);
        if (distance < bestDistance) {
          best = k;
          bestDistance = distance;
        }
      }
      const weight = weights?.[row] ?? 1;
      if (last) moments[best]!.add(rows, row * width, weight);
      else {
        moments[best]!.mass += weight;
        for (let i = 0; i < width; i++) sums[best]![i]! += weight * rows[row * width + i]!;
      }
    }
    if (last) return moments;
    centers = sums.map((sum, k) =>
      moments[k]!.mass > 0 ? sum.map((value) => value / moments[k]!.mass) : centers[k]!,
    );
  }
}

/** A responsibility below this adds nothing that float64 sums would keep. */
const NEGLIGIBLE = 1e-14;

/** Steps of EM between two turns of the event loop, so that an abort is heard. */
const STEPS_A_TURN = 8;

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  if (signal?.aborted) throw new AbortedError("the fit of a Gaussian mixture was stopped");
}

function collect(moments: readonly Moments[], rows: number, floor: number): Component[] {
  const found = moments.map((each) => each.component(rows, floor)).filter((each) => each !== undefined);
  // A component that died leaves its weight to the others.
  const sum = found.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 1) < 1e-12) return found;
  return found.map((each) => ({ ...each, weight: each.weight / sum, offset: each.offset - Math.log(sum) }));
}

/** EM from one start: the components of the last step and the mean log-likelihood after each. */
async function climb(rows: Float64Array, width: number, count: number, key: RandomKey, o: Settings) {
  const total = rows.length / width;
  const { weights } = o;
  const start = clusters(rows, width, count, new RandomStream(key), weights);
  let components = collect(start, total, o.regularization);
  const history: number[] = [];
  const deviation = new Float64Array(width);
  for (let step = 0; ; step++) {
    if (step % STEPS_A_TURN === 0) await turn(o.signal);
    const terms = new Float64Array(components.length);
    const moments = components.map((component) => new Moments(component.mean));
    let sum = 0;
    for (let row = 0; row < total; row++) {
      const logProb = logDensity(rows, row, components, terms, deviation);
      const weight = weights?.[row] ?? 1;
      sum += weight * logProb;
      for (let k = 0; k < components.length; k++) {
        const share = Math.exp(terms[k]! - logProb);
        if (share > NEGLIGIBLE) moments[k]!.add(rows, row * width, weight * share);
      }
    }
    const mean = sum / total;
    const gain = mean - (history[history.length - 1] ?? Number.NEGATIVE_INFINITY);
    history.push(mean);
    if (step >= o.iterations || gain < o.tolerance) return { components, history };
    components = collect(moments, total, o.regularization);
  }
}

/** The options with their defaults. */
interface Settings {
  readonly seed: number;
  readonly starts: number;
  readonly iterations: number;
  readonly tolerance: number;
  readonly regularization: number;
  readonly weights: Weights;
  readonly signal: AbortSignal | undefined;
}

function settings(options: GaussianMixtureOptions, rows: number): Settings {
  const { seed = 0, starts = 1, iterations = 300, tolerance = 1e-5, regularization = 1e-6, signal } = options;
  const given = options.weights;
  if (given && (given.length !== rows || !given.every((weight) => weight > 0 && weight < Infinity)))
    throw new UsageError(`weights must be ${rows} finite numbers above 0, one a row.`);
  const total = given?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const weights = given?.map((weight) => (weight * rows) / total);
  return { seed, starts, iterations, tolerance, regularization, weights, signal };
}

/**
 * Fits a mixture with a given number of components. One component is the full-covariance Gaussian by maximum
 * likelihood. A step of EM costs O(n K d^2).
 *
 * @param table columns of finite numbers, none constant.
 * @throws UsageError if `components` is no whole number from 1 to the number of rows.
 * @throws DataError if a column is constant or has missing or infinite values.
 * @throws AbortedError if `signal` aborts.
 * @example const { trainLogProb } = await fitGaussianMixture(table, 3, { seed: 1 });
 */
export async function fitGaussianMixture(
  table: Table,
  components: number,
  options: GaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  if (!Number.isInteger(components) || components < 1 || components > table.rows) {
    throw new UsageError(
      `components must be a whole number from 1 to the number of rows (${table.rows}), got ${components}`,
    );
  }
  const chosen = settings(options, table.rows);
  const scaling = measure(table, chosen.weights);
  const rows = standardize(table, scaling);
  const key = split(randomKey(chosen.seed), "gaussian mixture");
  let best: GaussianMixture | undefined;
  for (let start = 0; start < (components === 1 ? 1 : chosen.starts); start++) {
    const found = await climb(
      rows,
      table.columns.length,
      components,
      split(split(key, components), start),
      chosen,
    );
    const mixture = new GaussianMixture(table, scaling, found.components, found.history);
    if (!best || mixture.trainLogProb > best.trainLogProb) best = mixture;
  }
  return best!;
}

/**
 * Fits mixtures with several numbers of components and keeps the one of the smallest BIC. Numbers above a
 * tenth of the rows are not tried.
 *
 * @throws as {@link fitGaussianMixture}.
 * @example const mixture = await chooseGaussianMixture(table, { seed: 1 });
 */
export async function chooseGaussianMixture(
  table: Table,
  options: ChooseGaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  const tried = options.components ?? DEFAULT_COMPONENTS;
  const { patience = Infinity } = options;
  let best: GaussianMixture | undefined;
  let worse = 0;
  for (const components of tried) {
    if (best && components > table.rows / 10) continue;
    if (worse >= patience) break;
    const mixture = await fitGaussianMixture(table, components, options);
    options.onProgress?.({ components, bic: mixture.bic, mixture });
    if (!best || mixture.bic < best.bic) {
      best = mixture;
      worse = 0;
    } else worse++;
  }
  if (!best) throw new UsageError("components must name at least one number to try, got none");
  return best;
}
