/**
 * The points that dual ascent moves, and the log-likelihood that it raises.
 *
 *     L = sum_r w_r (logAbsDet_r - |z_r|^2 / 2) - n/2 log 2 pi,   sum_r w_r = 1
 *
 * logAbsDet is that of the map so far, from the rows to the points. Coordinates are stored one after the other.
 *
 * @module
 */

import { logTwoPi } from "../../numerics/constants.ts";
import type { RandomStream } from "../../random/philox.ts";

/** Points on their way to normality. */
export interface AscentPoints {
  /** Number of points. */
  readonly rows: number;
  /** Numbers of a point. */
  readonly features: number;
  /** `features` times `rows` numbers, one coordinate after the other; moved in place. */
  readonly data: Float64Array;
  /** One a point, of sum 1; undefined where all count the same. */
  readonly weights: Float64Array | undefined;
  /** Mean of the logarithms of the determinants so far. */
  logAbsDet: number;
}

/** What a step of the ascent chooses from, and how far it goes. */
export interface AscentChoices {
  /**
   * Smallest share of the points that a ball or a window around a center would hold if they were normal; each time the
   * share is drawn between this and 1, evenly in its logarithm, so that steps of all sizes come up.
   */
  readonly share: number;
  /** Centers and widths among which the one with the largest promised gain is taken. */
  readonly candidates: number;
  /** Points from which gradients and curvatures are estimated, at most; L is always that of all. */
  readonly sample: number;
  /** Part of Newton's step that is taken. */
  readonly rate: number;
}

/** A random run of points, `most` of them at most; rows of a fit are in random order. */
export function samplePart(
  rows: number,
  maximum: number,
  stream: RandomStream,
): [start: number, end: number] {
  if (rows <= maximum) return [0, rows];
  const start = stream.integerBelow(rows - maximum + 1);
  return [start, start + maximum];
}

/** Points from row-major rows, weights of any scale. */
export function ascentPoints(
  data: Float64Array,
  features: number,
  weights: Float64Array | undefined,
): AscentPoints {
  const rows = data.length / features;
  const partData = new Float64Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < features; i++) partData[i * rows + row] = data[row * features + i]!;
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? 1;
  return { rows, features, data: partData, weights: weights?.map((weight) => weight / total), logAbsDet: 0 };
}

/** L of the points. */
export function logLikelihood(points: AscentPoints): number {
  const { rows, features, data, weights } = points;
  let sum = 0;
  for (let i = 0; i < features; i++)
    for (let row = 0; row < rows; row++) {
      const z = data[i * rows + row]!;
      sum += weights ? weights[row]! * z * z : z * z;
    }
  return points.logAbsDet - 0.5 * (weights ? sum : sum / rows) - 0.5 * features * logTwoPi;
}

/** Points that follow an ascent and are scored one by one. */
export interface ScoredPoints extends AscentPoints {
  /** Logarithm of the determinant so far, one per point. */
  readonly logAbsDets: Float64Array;
}

/** Points that are scored one by one. */
export function scoredPoints(points: AscentPoints): ScoredPoints {
  return { ...points, logAbsDets: new Float64Array(points.rows).fill(points.logAbsDet) };
}

/** Log-density of each point, in nats. */
export function logDensities({ rows, features, data, logAbsDets }: ScoredPoints): Float64Array {
  const out = logAbsDets.map((logAbsDet) => logAbsDet - 0.5 * features * logTwoPi);
  for (let i = 0; i < features; i++)
    for (let row = 0; row < rows; row++) out[row]! -= 0.5 * data[i * rows + row]! ** 2;
  return out;
}

/** Adds to the log-determinants of points `times` the logarithms of factors between 1/4 and 4, and a constant. */
export function addLogs(points: ScoredPoints, factors: Float64Array, times: number, constant: number): void {
  const { logAbsDets } = points;
  for (let row = 0; row < factors.length; row++)
    logAbsDets[row]! += constant + times * Math.log(factors[row]!);
}

/** Factors whose product stays a double, if each is between 1/4 and 4. */
const factorsAtOnce = 128;

/** Mean logarithm of factors between 1/4 and 4, one per row. Without weights, one logarithm of many. */
export function meanLog(factors: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0;
  if (weights) {
    for (let row = 0; row < factors.length; row++) sum += weights[row]! * Math.log(factors[row]!);
    return sum;
  }
  for (let start = 0; start < factors.length; start += factorsAtOnce) {
    const end = Math.min(start + factorsAtOnce, factors.length);
    let product = 1;
    for (let row = start; row < end; row++) product *= factors[row]!;
    sum += Math.log(product);
  }
  return sum / factors.length;
}

/** Weighted mean and mean square of one coordinate. */
export function momentsOf(
  values: Float64Array,
  weights: Float64Array | undefined,
): { readonly mean: number; readonly square: number } {
  let [mean, square] = [0, 0];
  for (let row = 0; row < values.length; row++) {
    const x = values[row]!;
    const share = weights ? weights[row]! * x : x;
    mean += share;
    square += share * x;
  }
  if (weights) return { mean, square };
  return { mean: mean / values.length, square: square / values.length };
}

/** The numbers `out = U' z` (or `U z`) of all points; U row-major, `features` squared. Cost O(rows features^2). */
export function turned(
  data: Float64Array,
  rows: number,
  directions: Float64Array,
  transposed: boolean,
  out: Float64Array,
): void {
  const features = Math.sqrt(directions.length);
  out.fill(0);
  // A block of rows at a time stays in the cache.
  for (let start = 0; start < rows; start += 512) {
    const end = Math.min(rows, start + 512);
    for (let j = 0; j < features; j++)
      for (let i = 0; i < features; i++) {
        const factor = directions[transposed ? i * features + j : j * features + i]!;
        // Most of them where the directions are the columns.
        if (factor === 0) continue;
        const [from, to] = [i * rows, j * rows];
        for (let row = start; row < end; row++) out[to + row]! += factor * data[from + row]!;
      }
  }
}
