/**
 * One step of dual ascent by a radial map; see `bijections/radialMap.ts` for the map.
 *
 * Of y = z + s F(rho) d, d = z - c, with K = F + rho F' and r = |d|, at s = 0:
 *
 *     dL  = G = E[(n - 1) F + K - F z.d]
 *     d2L = H = -E[(n - 1) F^2 + K^2 + F^2 r^2] < 0
 *
 * The step is that of Newton, s = -G / H, clipped and halved until L does not fall. Then the mean is subtracted and
 * everything divided by one number, which raises L and is part of the map.
 *
 * @module
 */

import { radialStrength } from "../../bijections/residual/radialMap.ts";
import type { RadialProfile } from "../../bijections/residual/radialProfiles.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { erf } from "../../numerics/special.ts";
import type { RandomStream } from "../../random/philox.ts";
import {
  type AscentChoices,
  type AscentPoints,
  addLogs,
  meanLog,
  type ScoredPoints,
  samplePart,
} from "./ascentPoints.ts";

/** Values of the parameters of one `radialMap`. */
export interface RadialStep {
  readonly centre: Float64Array;
  readonly logRadius: Float64Array;
  readonly strength: Float64Array;
  readonly shift: Float64Array;
  readonly logScale: Float64Array;
}

/** Bounds of s before the rate: half of what is one to one below, and twice the slope at the center above. */
const weakest = -0.5;
const strongest = 1;
const halvings = 12;
const halfRootPi = Math.sqrt(Math.PI) / 2;

/** Arrays with one number per point, kept from step to step: |z - c|, F, K, and slopes. */
export interface RadialScratch {
  readonly radii: Float64Array;
  readonly pushes: Float64Array;
  readonly slopes: Float64Array;
  readonly factors: Float64Array;
}

/** Arrays for so many points. */
export function radialScratch(rows: number): RadialScratch {
  const list = (): Float64Array => new Float64Array(rows);
  return { radii: list(), pushes: list(), slopes: list(), factors: list() };
}

/** From the first to before the last of some points. */
type Part = readonly [start: number, end: number];

/** Writes F(rho) and K(rho) of the radii. @internal */
export function radialTerms(
  profile: RadialProfile,
  alpha: number,
  { radii, pushes, slopes }: RadialScratch,
  [start, end]: Part,
): void {
  for (let row = start; row < end; row++) {
    const rho = radii[row]! / alpha;
    if (profile === "erf") {
      pushes[row] = rho < 1e-3 ? 1 - (rho * rho) / 3 : (halfRootPi * erf(rho)) / rho;
      slopes[row] = Math.exp(-rho * rho);
    } else if (profile === "algebraic") {
      const push = 1 / (1 + rho);
      pushes[row] = push;
      slopes[row] = push * push;
    } else {
      const left = 1 - Math.min(rho, 1);
      pushes[row] = left * left;
      slopes[row] = left * (3 * left - 2);
    }
  }
}

/** log of the volume of the unit ball in n dimensions. */
function logBallVolume(n: number): number {
  // log Gamma(n/2 + 1) by its recurrence.
  let logGamma = n % 2 === 0 ? 0 : 0.5 * Math.log(Math.PI);
  for (let k = n / 2; k > 0.25; k--) logGamma += Math.log(k);
  return 0.5 * n * Math.log(Math.PI) - logGamma;
}

/** Radius of the ball around a center that holds this share of standard normal points, to first order. */
export function ballRadius(centre: Float64Array, share: number): number {
  const n = centre.length;
  const square = centre.reduce((sum, x) => sum + x * x, 0);
  return Math.exp(0.5 * logTwoPi + (Math.log(share) - logBallVolume(n) + 0.5 * square) / n);
}

/** Distances from the center to the points. @internal */
export function distances(
  { rows, features, data }: AscentPoints,
  centre: Float64Array,
  out: Float64Array,
  [start, end]: Part,
): void {
  out.fill(0, start, end);
  for (let i = 0; i < features; i++) {
    const coordinate = centre[i]!;
    for (let row = start; row < end; row++) {
      const d = data[i * rows + row]! - coordinate;
      out[row]! += d * d;
    }
  }
  for (let row = start; row < end; row++) out[row] = Math.sqrt(out[row]!);
}

/** G and H of the points from `start` to `end`, of whose terms the scratch holds those of all. @internal */
export function radialModel(
  points: AscentPoints,
  { radii, pushes, slopes }: Pick<RadialScratch, "radii" | "pushes" | "slopes">,
  centre: Float64Array,
  [start, end]: Part,
): { readonly gradient: number; readonly hessian: number } {
  const { rows, features: n, data, weights } = points;
  let [gradient, hessian, total] = [0, 0, 0];
  for (let row = start; row < end; row++) {
    const r = radii[row]!;
    const push = pushes[row]!;
    const slope = slopes[row]!;
    let inner = 0;
    for (let i = 0; i < n; i++) {
      const z = data[i * rows + row]!;
      inner += z * (z - centre[i]!);
    }
    const w = weights ? weights[row]! : 1;
    total += w;
    gradient += w * ((n - 1) * push + slope - push * inner);
    hessian -= w * ((n - 1) * push * push + slope * slope + push * push * r * r);
  }
  return { gradient: gradient / total, hessian: hessian / total };
}

/** A row as center, the likelier the more it weighs, or a normal one. */
function drawCenter({ rows, features, data, weights }: AscentPoints, stream: RandomStream): Float64Array {
  const fromRow = stream.uniform() < 0.5;
  let left = stream.uniform();
  if (!fromRow) return Float64Array.from({ length: features }, () => stream.normal());
  let row = weights ? 0 : Math.floor(left * rows);
  if (weights) while (row < rows - 1 && (left -= weights[row]!) > 0) row++;
  return Float64Array.from({ length: features }, (_, i) => data[i * rows + row]!);
}

/** What a push of s does: mean logarithm of its determinant, the new mean, and the new mean square around it. */
function measure(
  { rows, features: n, data, weights }: AscentPoints,
  { pushes, slopes, factors }: RadialScratch,
  centre: Float64Array,
  s: number,
): { readonly meanLogSlope: number; readonly mean: Float64Array; readonly square: number } {
  let meanLogSlope = 0;
  for (let row = 0; row < rows; row++) factors[row] = 1 + s * slopes[row]!;
  meanLogSlope += meanLog(factors, weights);
  for (let row = 0; row < rows; row++) factors[row] = 1 + s * pushes[row]!;
  if (n > 1) meanLogSlope += (n - 1) * meanLog(factors, weights);
  const mean = new Float64Array(n);
  let square = 0;
  for (let i = 0; i < n; i++) {
    let [first, second] = [0, 0];
    for (let row = 0; row < rows; row++) {
      const y = factors[row]! * (data[i * rows + row]! - centre[i]!);
      const share = weights ? weights[row]! * y : y;
      first += share;
      second += share * y;
    }
    if (!weights) {
      first /= rows;
      second /= rows;
    }
    mean[i] = first + centre[i]!;
    square += second - first * first;
  }
  return { meanLogSlope, mean, square };
}

/** A push before it is preconditioned. */
interface Push {
  readonly centre: Float64Array;
  readonly alpha: number;
  readonly s: number;
}

/** The largest of the gains that Newton's model promises for random centers and radii, and its step. */
function bestPush(
  points: AscentPoints,
  scratch: RadialScratch,
  profile: RadialProfile,
  { share, candidates, sample, rate }: AscentChoices,
  stream: RandomStream,
): Push {
  const part = samplePart(points.rows, sample, stream);
  let best: Push = { centre: new Float64Array(points.features), alpha: 1, s: 0 };
  let highest = 0;
  for (let candidate = 0; candidate < candidates; candidate++) {
    const centre = drawCenter(points, stream);
    const alpha = ballRadius(centre, share ** stream.uniform());
    distances(points, centre, scratch.radii, part);
    radialTerms(profile, alpha, scratch, part);
    const { gradient, hessian } = radialModel(points, scratch, centre, part);
    // H is 0 where a compact ball is empty.
    const s = hessian < 0 ? Math.min(strongest, Math.max(weakest, -gradient / hessian)) : 0;
    const gain = gradient * s + 0.5 * hessian * s * s;
    if (gain > highest) {
      highest = gain;
      best = { centre, alpha, s: rate * s };
    }
  }
  return best;
}

/**
 * One step of the ascent, moving the points.
 * @returns The step; L never falls by more than rounding.
 */
export function ascendRadially(
  points: AscentPoints,
  scratch: RadialScratch,
  profile: RadialProfile,
  choices: AscentChoices,
  stream: RandomStream,
): RadialStep {
  const { rows, features: n } = points;
  let { centre, alpha, s } = bestPush(points, scratch, profile, choices, stream);
  distances(points, centre, scratch.radii, [0, rows]);
  radialTerms(profile, alpha, scratch, [0, rows]);
  const height = ({ meanLogSlope, square }: ReturnType<typeof measure>): number =>
    meanLogSlope - 0.5 * n * Math.log(square / n);
  const before = height(measure(points, scratch, centre, 0));
  let measured = measure(points, scratch, centre, s);
  for (let tries = 1; height(measured) < before && s !== 0; tries++) {
    s = tries > halvings ? 0 : s / 2;
    measured = measure(points, scratch, centre, s);
  }
  const scale = Math.sqrt(measured.square / n);
  const step: RadialStep = {
    centre,
    logRadius: Float64Array.of(Math.log(alpha)),
    strength: Float64Array.of(radialStrength(s)),
    shift: measured.mean,
    logScale: Float64Array.of(Math.log(scale)),
  };
  points.logAbsDet += measured.meanLogSlope - n * Math.log(scale);
  move(points, scratch.pushes, step, s);
  return step;
}

/** z <- (z + s F d - shift) / scale */
function move(
  { rows, features, data }: AscentPoints,
  pushes: Float64Array,
  { centre, shift, logScale }: RadialStep,
  s: number,
): void {
  const scale = Math.exp(logScale[0]!);
  for (let i = 0; i < features; i++) {
    const [from, moved] = [centre[i]!, centre[i]! - shift[i]!];
    for (let row = 0; row < rows; row++)
      data[i * rows + row] = (moved + (1 + s * pushes[row]!) * (data[i * rows + row]! - from)) / scale;
  }
}

/** Moves other points by a step whose push was s. */
export function moveRadially(
  points: ScoredPoints,
  scratch: RadialScratch,
  profile: RadialProfile,
  step: RadialStep,
): void {
  const { rows, features: n } = points;
  const odds = Math.exp(step.strength[0]!);
  // The inverse of radialStrength.
  const s = (odds - 1) / (odds / 2 + 4 / 3);
  const alpha = Math.exp(step.logRadius[0]!);
  const { radii, pushes, slopes, factors } = scratch;
  distances(points, step.centre, radii, [0, rows]);
  radialTerms(profile, alpha, scratch, [0, rows]);
  for (let row = 0; row < rows; row++) factors[row] = 1 + s * slopes[row]!;
  addLogs(points, factors, 1, -n * step.logScale[0]!);
  for (let row = 0; row < rows; row++) factors[row] = 1 + s * pushes[row]!;
  if (n > 1) addLogs(points, factors, n - 1, 0);
  move(points, scratch.pushes, step, s);
}
