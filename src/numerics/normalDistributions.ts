/**
 * Normal distributions and their mixtures by the inverse W of the Cholesky factor of a covariance, S = L L', W = L^-1: W maps a
 * deviation to standard normal noise.
 *
 *     p(x) = sum_k w_k N(x; m_k, S_k),    N(x; m, S) = exp(-|W (x - m)|^2 / 2) / sqrt(det(2 pi S))
 *
 * @module
 */

import type { RandomStream } from "../random/philox.ts";

/**
 * The lower Cholesky factor of a symmetric matrix less `shift` on its diagonal, row-major; undefined if that is not positive
 * definite. O(d^3).
 */
export function choleskyFactor(matrix: Float64Array, d: number, shift = 0): Float64Array | undefined {
  const lower = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * d + j]! - (i === j ? shift : 0);
      for (let k = 0; k < j; k++) value -= lower[i * d + k]! * lower[j * d + k]!;
      if (i !== j) lower[i * d + j] = value / lower[j * d + j]!;
      else if (value > 0) lower[i * d + i] = Math.sqrt(value);
      else return undefined;
    }
  return lower;
}

/**
 * Writes the inverse of the Cholesky factor of a covariance to `whiten`, lower triangular, row-major.
 * @returns Logarithm of the determinant of the covariance; NaN if it is not positive definite. O(d^3).
 */
export function whitening(covariance: Float64Array, d: number, whiten: Float64Array): number {
  const lower = choleskyFactor(covariance, d);
  if (!lower) return Number.NaN;
  let logDeterminant = 0;
  for (let i = 0; i < d; i++) {
    const pivot = lower[i * d + i]!;
    logDeterminant += 2 * Math.log(pivot);
    for (let j = 0; j <= i; j++) {
      let value = i === j ? 1 : 0;
      for (let k = j; k < i; k++) value -= lower[i * d + k]! * whiten[k * d + j]!;
      whiten[i * d + j] = value / pivot;
    }
  }
  return logDeterminant;
}

/** Draws a deviation from the mean, by d numbers of the stream: W times it is noise, solved from the top. O(d^2). */
function drawDeviation(whiten: Float64Array, stream: RandomStream, deviation: Float64Array): void {
  const d = deviation.length;
  for (let i = 0; i < d; i++) {
    let value = stream.normal();
    for (let j = 0; j < i; j++) value -= whiten[i * d + j]! * deviation[j]!;
    deviation[i] = value / whiten[i * d + i]!;
  }
}

/**
 * Turns a deviation from the mean into its noise, in place: W times it.
 * @returns Its square, the squared Mahalanobis distance. O(d^2).
 */
function whitenDeviation(whiten: Float64Array, deviation: Float64Array): number {
  const d = deviation.length;
  // From the end: what is overwritten is not read again.
  for (let i = d - 1, line = i * d; i >= 0; i--, line -= d) {
    let white = 0;
    for (let j = 0; j <= i; j++) white += whiten[line + j]! * deviation[j]!;
    deviation[i] = white;
  }
  let squares = 0;
  for (let i = 0; i < d; i++) squares += deviation[i]! * deviation[i]!;
  return squares;
}

/** One component of a mixture of normals. */
export interface NormalComponent {
  /** Its share w. */
  readonly weight: number;
  readonly mean: Float64Array;
  /** W, lower triangular, row-major. */
  readonly whiten: Float64Array;
  /** log w - log sqrt(det(2 pi S)). */
  readonly offset: number;
}

/** What {@link mixtureLogDensity} leaves of a point, by component. */
export interface MixtureTerms {
  /** log(w_k N_k). */
  readonly logTerms: Float64Array;
  /** W_k (x - m_k). */
  readonly noises: readonly Float64Array[];
}

/** Room for the terms of so many components of so many features. */
export function mixtureTerms(components: number, features: number): MixtureTerms {
  return {
    logTerms: new Float64Array(components),
    noises: Array.from({ length: components }, () => new Float64Array(features)),
  };
}

/** log p of the point that starts at `start`. O(K d^2). */
export function mixtureLogDensity(
  components: readonly NormalComponent[],
  points: Float64Array,
  start: number,
  { logTerms, noises }: MixtureTerms,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < components.length; k++) {
    const { mean, whiten, offset } = components[k]!;
    const deviation = noises[k]!;
    for (let i = 0; i < deviation.length; i++) deviation[i] = points[start + i]! - mean[i]!;
    const term = offset - 0.5 * whitenDeviation(whiten, deviation);
    logTerms[k] = term;
    if (term > largest) largest = term;
  }
  // All terms minus infinity: so far out that even the logarithm overflows.
  if (largest === Number.NEGATIVE_INFINITY) return logTerms.some(Number.isNaN) ? Number.NaN : largest;
  let sum = 0;
  for (let k = 0; k < components.length; k++) sum += Math.exp(logTerms[k]! - largest);
  return largest + Math.log(sum);
}

/** Draws a point of a mixture, by one uniform number of the stream and d normal ones. O(d^2). */
export function drawFromMixture(
  components: readonly NormalComponent[],
  stream: RandomStream,
  point: Float64Array,
): void {
  let left = stream.uniform();
  const { mean, whiten } = components.find(({ weight }) => (left -= weight) < 0) ?? components.at(-1)!;
  drawDeviation(whiten, stream, point);
  for (let i = 0; i < point.length; i++) point[i]! += mean[i]!;
}
