/**
 * One step of dual ascent along random orthogonal directions; see `bijections/directionalMap.ts` for the map.
 *
 * For one coordinate x, with q = sqrt(eps^2 + (x - x0)^2) and h = (x - x0) / q, the map
 * w = (1 - sigma) x + phi0 + gamma sqrt(eps^2 + ((1 - sigma) x - x0)^2) has at (sigma, gamma, phi0) = 0
 *
 *     dL  = G = E[-1 + x^2, h - x q, -x]
 *     d2L = H = -E[a a'] - diag(1, E[h^2], 0), a = (-x, q, 1),  and E[x^2 h - x eps^2 / q^3] added between sigma and gamma
 *
 * The step is that of Newton, with eigenvalues of H made negative; then w is brought to mean 0 and variance 1, which
 * raises L and is part of the map: shift and scale are absorbed by its parameters.
 *
 * @module
 */

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { RandomStream } from "../../random/philox.ts";
import {
  type AscentChoices,
  type AscentPoints,
  addLogs,
  meanLog,
  momentsOf,
  type ScoredPoints,
  samplePart,
  turned,
} from "./ascentPoints.ts";

/** Values of the parameters of one `directionalMap`. */
export interface DirectionalStep {
  readonly directions: Float64Array;
  readonly logSlope: Float64Array;
  readonly bend: Float64Array;
  readonly shift: Float64Array;
  readonly centre: Float64Array;
  readonly logWidth: Float64Array;
}

/** An elementary map before it is scaled: w = a x + phi0 + gamma sqrt(eps^2 + (a x - x0)^2). */
interface Bend {
  readonly sigma: number;
  readonly gamma: number;
  readonly phi0: number;
  readonly x0: number;
  readonly eps: number;
}

/** Largest of |sigma| and |gamma|, and of the length of (sigma, gamma, phi0), in one step. */
const largestBend = 0.5;
const longestStep = 1;
/** Halvings before a coordinate is left as it is. */
const halvings = 12;
/** Deviation of a whitened coordinate that is none. */
const leastSpread = 0.01;

/** G and H at the identity, of a column. @internal */
export function directionalModel(
  column: Float64Array,
  weights: Float64Array | undefined,
  x0: number,
  eps: number,
): { readonly gradient: readonly number[]; readonly hessian: readonly (readonly number[])[] } {
  const e2 = eps * eps;
  let [x1, x2, xq, q1, q2, h1, h2, mixed, total] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let row = 0; row < column.length; row++) {
    const x = column[row]!;
    const w = weights ? weights[row]! : 1;
    const t = x - x0;
    const square = e2 + t * t;
    const q = Math.sqrt(square);
    const h = t / q;
    const wx = w * x;
    total += w;
    x1 += wx;
    x2 += wx * x;
    xq += wx * q;
    q1 += w * q;
    q2 += w * square;
    h1 += w * h;
    h2 += w * h * h;
    mixed += wx * (x * h - e2 / (q * square));
  }
  const e = (sum: number): number => sum / total;
  const between = e(xq) + e(mixed);
  return {
    gradient: [e(x2) - 1, e(h1) - e(xq), -e(x1)],
    hessian: [
      [-e(x2) - 1, between, e(x1)],
      [between, -e(q2) - e(h2), -e(q1)],
      [e(x1), -e(q1), -1],
    ],
  };
}

/** The step of Newton's method on the model with a negative definite H, clipped. */
function newtonStep({ gradient, hessian }: ReturnType<typeof directionalModel>): [number, number, number] {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(hessian.map((row) => [...row])),
    { assumeSymmetric: true },
  );
  const beta: [number, number, number] = [0, 0, 0];
  realEigenvalues.forEach((value, k) => {
    let along = 0;
    for (let i = 0; i < 3; i++) along += eigenvectorMatrix.get(i, k) * gradient[i]!;
    const size = along / Math.max(Math.abs(value), 1e-3);
    for (let i = 0; i < 3; i++) beta[i]! += size * eigenvectorMatrix.get(i, k);
  });
  const limit = Math.min(
    1,
    largestBend / Math.max(Math.abs(beta[0]), 1e-12),
    largestBend / Math.max(Math.abs(beta[1]), 1e-12),
    longestStep / Math.max(Math.hypot(...beta), 1e-12),
  );
  return [beta[0] * limit, beta[1] * limit, beta[2] * limit];
}

/** Writes w and the slopes of the bend relative to a. */
function bendColumn(
  column: Float64Array,
  { sigma, gamma, phi0, x0, eps }: Bend,
  out: Float64Array,
  slopes: Float64Array,
): void {
  const a = 1 - sigma;
  for (let row = 0; row < column.length; row++) {
    const t = a * column[row]! - x0;
    const q = Math.sqrt(eps * eps + t * t);
    out[row] = t + x0 + phi0 + gamma * q;
    slopes[row] = 1 + (gamma * t) / q;
  }
}

/** Arrays of the size of the points, kept from step to step. */
export interface DirectionalScratch {
  readonly turned: Float64Array;
  readonly column: Float64Array;
  readonly slopes: Float64Array;
}

/** Arrays for points of this size. */
export function directionalScratch({ rows, features }: AscentPoints): DirectionalScratch {
  return {
    turned: new Float64Array(rows * features),
    column: new Float64Array(rows),
    slopes: new Float64Array(rows),
  };
}

/** The largest of the gains that Newton's model promises for bends with random centers and widths, and its step. */
function bestBend(
  column: Float64Array,
  weights: Float64Array | undefined,
  { share, candidates, rate }: AscentChoices,
  stream: RandomStream,
): Bend {
  let best: Bend = { sigma: 0, gamma: 0, phi0: 0, x0: 0, eps: 1 };
  let highest = Number.NEGATIVE_INFINITY;
  for (let candidate = 0; candidate < candidates; candidate++) {
    const x0 = stream.normal();
    const eps = Math.sqrt(2 * Math.PI) * share ** stream.uniform() * Math.exp(0.5 * x0 * x0);
    const model = directionalModel(column, weights, x0, eps);
    const beta = newtonStep(model);
    let gain = 0;
    for (let i = 0; i < 3; i++) {
      gain += model.gradient[i]! * beta[i]!;
      for (let j = 0; j < 3; j++) gain += 0.5 * beta[i]! * beta[j]! * model.hessian[i]![j]!;
    }
    if (gain > highest) {
      highest = gain;
      best = { sigma: rate * beta[0], gamma: rate * beta[1], phi0: rate * beta[2], x0, eps };
    }
  }
  return best;
}

/** Half of a bend, or none of it. */
const scaledBend = (bend: Bend, by: number): Bend => ({
  ...bend,
  sigma: by * bend.sigma,
  gamma: by * bend.gamma,
  phi0: by * bend.phi0,
});

/**
 * One step of the ascent, moving the points.
 * @param directions - Orthogonal, row-major; its columns are the directions.
 * @returns The step; L never falls by more than rounding.
 */
export function ascendDirections(
  points: AscentPoints,
  scratch: DirectionalScratch,
  directions: Float64Array,
  choices: AscentChoices,
  stream: RandomStream,
): DirectionalStep {
  const { rows, features: n, weights } = points;
  turned(points.data, rows, directions, true, scratch.turned);
  const list = (): Float64Array => new Float64Array(n);
  const [logSlope, bend, shift, centre, logWidth] = [list(), list(), list(), list(), list()];
  const [start, end] = samplePart(rows, choices.sample, stream);
  for (let j = 0; j < n; j++) {
    const column = scratch.turned.subarray(j * rows, (j + 1) * rows);
    const before = height(0, momentsOf(column, weights));
    let bestOfPart = bestBend(column.subarray(start, end), weights?.subarray(start, end), choices, stream);
    let gained = 0;
    let moments = { mean: 0, square: 0 };
    for (let tries = 0; ; tries++) {
      bendColumn(column, bestOfPart, scratch.column, scratch.slopes);
      gained = Math.log(1 - bestOfPart.sigma) + meanLog(scratch.slopes, weights);
      moments = momentsOf(scratch.column, weights);
      // At the last try the map is the identity.
      if (tries > halvings || height(gained, moments) >= before) break;
      bestOfPart = scaledBend(bestOfPart, tries === halvings ? 0 : 0.5);
    }
    const { mean } = moments;
    const scale = spreadOf(moments);
    for (let row = 0; row < rows; row++) column[row] = (scratch.column[row]! - mean) / scale;
    points.logAbsDet += gained - Math.log(scale);
    logSlope[j] = Math.log((1 - bestOfPart.sigma) / scale);
    bend[j] = Math.atanh(bestOfPart.gamma);
    shift[j] = (bestOfPart.phi0 - mean) / scale;
    centre[j] = bestOfPart.x0 / scale;
    logWidth[j] = Math.log(bestOfPart.eps / scale);
  }
  turned(scratch.turned, rows, directions, false, points.data);
  return { directions, logSlope, bend, shift, centre, logWidth };
}

/**
 * Standard deviation by which a coordinate is divided. One that has next to none after whitening, in columns that
 * determine each other, stays as it is: scaled up step by step, its rounding would become its shape.
 */
function spreadOf({ mean, square }: { readonly mean: number; readonly square: number }): number {
  const deviation = Math.sqrt(Math.max(0, square - mean * mean));
  return deviation > leastSpread ? deviation : 1;
}

/** L of one coordinate after it has been brought to mean 0 and its spread to 1, but for a constant. */
function height(meanLogSlope: number, moments: { readonly mean: number; readonly square: number }): number {
  const scale = spreadOf(moments);
  const left = (moments.square - moments.mean * moments.mean) / (scale * scale);
  return meanLogSlope - Math.log(scale) - 0.5 * left;
}

/** Moves other points by a step. */
export function moveAlongDirections(
  points: ScoredPoints,
  scratch: DirectionalScratch,
  step: DirectionalStep,
): void {
  const { rows, features: n } = points;
  turned(points.data, rows, step.directions, true, scratch.turned);
  for (let j = 0; j < n; j++) {
    const column = scratch.turned.subarray(j * rows, (j + 1) * rows);
    const own = {
      sigma: 1 - Math.exp(step.logSlope[j]!),
      gamma: Math.tanh(step.bend[j]!),
      phi0: step.shift[j]!,
      x0: step.centre[j]!,
      eps: Math.exp(step.logWidth[j]!),
    };
    bendColumn(column, own, scratch.column, scratch.slopes);
    addLogs(points, scratch.slopes, 1, step.logSlope[j]!);
    column.set(scratch.column);
  }
  turned(scratch.turned, rows, step.directions, false, points.data);
}
