/**
 * Separate modes of a density, from several starts: a flow on one Gaussian would never find the others.
 *
 * Where starts lead to Gaussians that hardly overlap, all of them become components of the base. Their weights are those of a
 * step of population Monte Carlo (O. Cappé et al., "Adaptive importance sampling in general mixture classes", Statistics and
 * Computing 18 (2008), equation 14): of points drawn from the mixture, the mean responsibility by importance weight.
 *
 * @module
 */

import { CholeskyDecomposition, Matrix, solve } from "ml-matrix";
import { type RandomKey, RandomStream, split } from "../../../random/philox.ts";
import { settledAscents } from "../ascents.ts";
import type { EvaluateSlopes, Gaussian, GaussianSearch, Place } from "../gaussianApproximation.ts";
import { type Component, LatentBase } from "../latentBase.ts";
import { evidenceOf } from "./evidence.ts";

const starts = 14;
const rounds = 60;
/** Bhattacharyya distance from which Gaussians hardly overlap, and the least square of the distance of their means. */
const separate = 2;
const leastSquare = 1;
/** Squared distance in a Gaussian's covariance within which a maximum is its own. */
const within = 10;
/** Nats below the best beyond which a mode does not matter. */
const negligible = 12;
/** Width of the start at a maximum, in that of the Gaussian around which it was looked for. */
const narrowest = 1e-3;
const mostModes = 8;
const pointsAMode = 1000;

/** What several starts have led to. */
export interface Modes {
  /** The Gaussian around all of them. */
  readonly gaussian: Gaussian;
  /** Components in the coordinates in which it is standard normal. */
  readonly base: LatentBase;
  /** Whether there were more modes than are kept. */
  readonly isCut: boolean;
}

/**
 * Looks for modes beside the nearest Gaussian.
 * @returns undefined if all starts agree.
 */
export async function findModes(
  search: GaussianSearch,
  evaluate: EvaluateSlopes,
  nearest: Gaussian,
  key: RandomKey,
): Promise<Modes | undefined> {
  const n = nearest.mean.length;
  const gaussians: Gaussian[] = [nearest];
  const stream = new RandomStream(split(key, "modes"));
  for (let start = 0; start < starts; start++) {
    const mean = startOf(start, nearest, stream);
    const place = await firstPlace(search, mean, nearest, start);
    if (place) await addReached(gaussians, search, place);
  }
  // Narrow modes, each from within it: a Gaussian as wide as the nearest would be led away. Around each mode, as they
  // may be of other scales.
  let climbs = 0;
  for (const around of new Set([nearest, ...weightyOf(gaussians).slice(0, mostModes)]))
    for (const mean of await settledAscents(evaluate, around, split(key, `ascents ${climbs}`))) {
      if (weightyOf(gaussians).some((other) => isWithin(mean, other))) continue;
      if (climbs++ >= starts) break;
      const narrow = Matrix.from1DArray(n, n, Array.from(around.factor)).mul(narrowest);
      const place = await search.visit(mean, narrow);
      if (place?.gradients) await addReached(gaussians, search, { ...place, gradients: place.gradients });
    }
  const weightyGaussians = weightyOf(gaussians);
  if (weightyGaussians.length < 2) return undefined;
  const modes = weightyGaussians.slice(0, mostModes);
  const best = modes[0]!.bound;
  const logWeights = await weightsOf(modes, evaluate, best, split(key, "weights"));
  const weighty = modes
    .map((mode, i) => ({ own: mode, logWeight: logWeights[i]! }))
    .filter(({ logWeight }) => logWeight > -negligible);
  if (weighty.length < 2) return undefined;
  return { ...mixed(weighty, n), isCut: weightyGaussians.length > mostModes };
}

/** Goes up to a Gaussian, and adds it if there is one. */
async function addReached(gaussians: Gaussian[], search: GaussianSearch, start: Place): Promise<void> {
  const reached = await search.climb(start, rounds);
  if (!reached.isDone) return;
  const { mean, factor, bound } = reached;
  gaussians.push({ mean, factor: Float64Array.from(factor.to1DArray()), bound });
}

/** Those that matter, the best first, without those that overlap a better one. */
function weightyOf(gaussians: readonly Gaussian[]): Gaussian[] {
  const weighty: Gaussian[] = [];
  for (const candidate of [...gaussians].sort((a, b) => b.bound - a.bound)) {
    if (weighty.length > 0 && candidate.bound < weighty[0]!.bound - negligible) break;
    if (weighty.every((other) => areApart(candidate, other))) weighty.push(candidate);
  }
  return weighty;
}

/** Whether a maximum is one that a Gaussian is around. */
function isWithin(point: Float64Array, { mean, factor }: Gaussian): boolean {
  const n = mean.length;
  const gap = Matrix.columnVector(Array.from(point, (coordinate, i) => coordinate - mean[i]!));
  return solve(Matrix.from1DArray(n, n, Array.from(factor)), gap).norm() ** 2 < within;
}

/** Starts near, far, and on a grid of scales around 0. */
function startOf(start: number, { mean, factor }: Gaussian, stream: RandomStream): Float64Array {
  const n = mean.length;
  const noise = Float64Array.from({ length: n }, () => stream.normal());
  if (start % 2 === 1) {
    const scale = [1, 3, 10, 30][Math.floor(start / 2) % 4]!;
    return noise.map((value) => scale * value);
  }
  const spread = [2, 5, 12, 30][Math.floor(start / 2) % 4]!;
  return Float64Array.from(mean, (coordinate, i) => {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += factor[i * n + j]! * noise[j]!;
    return coordinate + spread * sum;
  });
}

async function firstPlace(
  search: GaussianSearch,
  mean: Float64Array,
  { factor }: Gaussian,
  start: number,
): Promise<Place | undefined> {
  const n = mean.length;
  const lower = Matrix.from1DArray(n, n, Array.from(factor));
  for (const wide of [start % 2 === 1 ? Matrix.eye(n) : lower, lower.mul(0.1), Matrix.eye(n).mul(0.01)]) {
    const place = await search.visit(mean, wide);
    if (place?.gradients) return { ...place, gradients: place.gradients };
  }
  return undefined;
}

/** The square of a vector in a covariance. */
const squareIn = (covariance: Matrix, gap: Matrix): number =>
  gap.transpose().mmul(solve(covariance, gap)).get(0, 0);

/**
 * Whether two Gaussians hardly overlap: their Bhattacharyya distance along the line between their means,
 * q / 4 + log((a^2 + b^2) / (2 a b)) / 2, where q is the square of that line in the sum of the covariances, and a and b are the
 * widths along it. A wide one that a narrow one lies in is apart from it, as samples of the latter hardly ever are far out in the former.
 */
function areApart(a: Gaussian, b: Gaussian): boolean {
  const n = a.mean.length;
  const [ofA, ofB] = [a, b].map(({ factor }) => {
    const lower = Matrix.from1DArray(n, n, Array.from(factor));
    return lower.mmul(lower.transpose());
  }) as [Matrix, Matrix];
  const gap = Matrix.columnVector(Array.from(a.mean, (coordinate, i) => coordinate - b.mean[i]!));
  const square = squareIn(Matrix.add(ofA, ofB), gap);
  if (square < leastSquare) return false;
  const ratio = Math.sqrt(squareIn(ofA, gap) / squareIn(ofB, gap));
  return square / 4 + 0.5 * Math.log((ratio + 1 / ratio) / 2) > separate;
}

/** Shares of the mass, one step of population Monte Carlo from those of the bounds. */
async function weightsOf(
  modes: readonly Gaussian[],
  evaluate: EvaluateSlopes,
  best: number,
  key: RandomKey,
): Promise<number[]> {
  const n = modes[0]!.mean.length;
  const total = Math.log(modes.reduce((sum, { bound }) => sum + Math.exp(bound - best), 0)) + best;
  const base = new LatentBase(
    n,
    modes.map(({ mean, factor, bound }): Component => ({ mean, factor, logWeight: bound - total })),
  );
  const stream = new RandomStream(key);
  const masses: number[] = [];
  for (const mode of modes) {
    const alone = new LatentBase(n, [{ ...mode, logWeight: 0 }]);
    const [noise, wideNoise] = [alone.noise, alone.wideNoise].map((width) => {
      const drawn = new Float64Array(pointsAMode * width);
      stream.fillNormal(drawn);
      return drawn;
    }) as [Float64Array, Float64Array];
    const points = Float64Array.of(...alone.sample(noise), ...alone.wideSample(wideNoise));
    const { values } = await evaluate(points);
    const { own, wide } = alone.logProbs(points);
    const all = base.logProbs(points).own;
    // The part of the mixture that is this mode's.
    const target = own.map((log, i) => values[i]! + log + mode.bound - total - all[i]!);
    masses.push(evidenceOf({ target, flow: own, wide, ofFlow: pointsAMode }).logEvidence);
  }
  const largest = Math.max(...masses);
  const whole = largest + Math.log(masses.reduce((sum, mass) => sum + Math.exp(mass - largest), 0));
  return masses.map((mass) => mass - whole);
}

/** The Gaussian of the moments of a mixture, and the mixture in its coordinates. */
function mixed(
  modes: readonly { readonly own: Gaussian; readonly logWeight: number }[],
  n: number,
): { gaussian: Gaussian; base: LatentBase } {
  const total = Math.log(modes.reduce((sum, { logWeight }) => sum + Math.exp(logWeight), 0));
  const mean = Float64Array.from({ length: n }, (_, i) =>
    modes.reduce((sum, { own, logWeight }) => sum + Math.exp(logWeight - total) * own.mean[i]!, 0),
  );
  const covariance = Matrix.zeros(n, n);
  for (const { own, logWeight } of modes) {
    const lower = Matrix.from1DArray(n, n, Array.from(own.factor));
    const gap = Matrix.columnVector(Array.from(own.mean, (value, i) => value - mean[i]!));
    const moment = lower.mmul(lower.transpose()).add(gap.mmul(gap.transpose()));
    covariance.add(moment.mul(Math.exp(logWeight - total)));
  }
  const factor = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  const components = modes.map(({ own, logWeight }): Component => {
    const gap = Matrix.columnVector(Array.from(own.mean, (value, i) => value - mean[i]!));
    const lower = Matrix.from1DArray(n, n, Array.from(own.factor));
    return {
      logWeight: logWeight - total,
      mean: Float64Array.from(solve(factor, gap).to1DArray()),
      factor: Float64Array.from(solve(factor, lower).to1DArray()),
    };
  });
  return {
    gaussian: {
      mean,
      factor: Float64Array.from(factor.to1DArray()),
      bound: Math.max(...modes.map(({ own }) => own.bound)),
    },
    base: new LatentBase(n, components),
  };
}
