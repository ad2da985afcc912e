/**
 * The tails of a density: refuses one that has no integral, and finds the map that takes heavy tails to those of a normal
 * distribution.
 *
 * @module
 */

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { NumericalError } from "../../../errors.ts";
import { type RandomKey, RandomStream, split } from "../../../random/philox.ts";
import type { EvaluateSlopes, Gaussian } from "../gaussianApproximation.ts";
import type { ParameterSpace } from "../parameterSpace.ts";
import { followRay, type Ray, tailOf } from "./tailRays.ts";
import type { ApproximationWarning } from "./warnings.ts";

/** Weights of heavy tails, as the bijection `heavyTails` takes them. */
export type TailWeights =
  | { readonly shared: true; readonly weight: number }
  | { readonly shared: false; readonly below: Float64Array; readonly above: Float64Array };

/** What a probe found. */
export interface Tails {
  /** Nothing where all tails are light. */
  readonly weights: TailWeights | undefined;
  readonly warnings: readonly ApproximationWarning[];
}

/** Orders of the fall c^-b of the mass over log radii: below the first there is no integral; below the second a probe cannot tell. */
const noIntegral = 0.95;
const doubtful = 2.5;
/**
 * Rays that fall by so many nats or more, up to a radius of 100, for each standard deviation, or for each unit of a number whose
 * exponential is a parameter, and each number across, are lighter than what could turn out heavy.
 */
const steep = 3;
/** With so many numbers or fewer all rays are followed. */
const few = 4;
const mostRays = 16;
/** The heaviest tail that a map is made for: an index of a fifth. */
const heaviest = 5;

/**
 * Probes the tails along the parameters, each with the others fixed and with the others as they go along, and along the
 * principal directions.
 * @throws NumericalError if the density has no integral.
 */
export async function probeTails(
  evaluate: EvaluateSlopes,
  gaussian: Gaussian,
  space: ParameterSpace,
  key: RandomKey,
): Promise<Tails> {
  const n = gaussian.mean.length;
  const { axes, others } = directionsOf(gaussian);
  const warnings: ApproximationWarning[] = [];
  const follow = async (direction: Float64Array, index: number): Promise<Ray> =>
    await followRay(evaluate, gaussian, direction, space.reach, split(key, `ray ${index}`));
  const below = new Float64Array(n);
  const above = new Float64Array(n);
  const all = [...axes, ...others];
  const suspicious = await suspiciousOf(evaluate, gaussian, all, space.reach);
  let turned = 0;
  for (const index of suspicious) {
    const direction = all[index]!;
    const ray = await follow(direction, index);
    const tail = tailOf(ray);
    if (tail.order < noIntegral) await refuse(evaluate, gaussian, ray, space);
    if (tail.order < doubtful || (ray.endsInNaN && tail.order < 2 * doubtful))
      warnings.push({
        code: "improper",
        message: `the density may have no integral: towards ${towards(ray, space)} it falls off so slowly that a probe cannot tell; give what is there a prior`,
      });
    const weight = Math.min(heaviest, 1 / tail.index);
    if (weight === 0) continue;
    if (index < 2 * n) {
      const side = index % 2 === 0 ? above : below;
      const place = Math.floor(index / 2);
      side[place] = Math.max(side[place]!, weight);
    } else turned = Math.max(turned, weight);
  }
  const heaviestAxis = Math.max(...below, ...above);
  const heavy = Array.from({ length: n }, (_, i) => i).filter((i) => below[i]! > 0 || above[i]! > 0);
  if (heaviestAxis === 0 && turned === 0) return { weights: undefined, warnings };
  if (heavy.length < 2 && heaviestAxis >= 0.7 * turned)
    return { weights: { shared: false, below, above }, warnings };
  // Several: along a diagonal, indices of independent tails add up, and those of an elliptical density are the same.
  const stream = new RandomStream(split(key, "diagonals"));
  let diagonal = turned;
  for (let i = 0; i < 2; i++) {
    const signs = heavy.map(() => (stream.uniform() < 0.5 ? -1 : 1) / Math.sqrt(heavy.length));
    const direction = Float64Array.from({ length: n }, () => 0);
    heavy.forEach((place, j) => {
      const axis = axes[2 * place]!;
      for (let k = 0; k < n; k++) direction[k]! += signs[j]! * axis[k]!;
    });
    if (heavy.length < 2) break;
    diagonal = Math.max(diagonal, 1 / tailOf(await follow(direction, all.length + i)).index);
  }
  if (diagonal > 0.75 * heaviestAxis)
    return {
      weights: { shared: true, weight: Math.min(heaviest, Math.max(diagonal, heaviestAxis)) },
      warnings,
    };
  return { weights: { shared: false, below, above }, warnings };
}

/** Rays to follow, by place in the list: those of scales and shares, along which others narrow or widen, and the least steep. */
async function suspiciousOf(
  evaluate: EvaluateSlopes,
  { mean }: Gaussian,
  directions: readonly Float64Array[],
  reach: readonly number[],
): Promise<number[]> {
  if (mean.length <= few) return directions.map((_, index) => index);
  const n = mean.length;
  const radii = [10, 100];
  const points = new Float64Array(directions.length * radii.length * n);
  directions.forEach((direction, d) => {
    radii.forEach((radius, r) => {
      for (let i = 0; i < n; i++)
        points[(d * radii.length + r) * n + i] = Math.max(
          -reach[i]!,
          Math.min(reach[i]!, mean[i]! + radius * direction[i]!),
        );
    });
  });
  const { values } = await evaluate(points);
  const slopes = directions.map((_, d) => {
    const [near, far] = [values[2 * d]!, values[2 * d + 1]!];
    if (far === Number.POSITIVE_INFINITY || near === Number.POSITIVE_INFINITY) return -1e300;
    if (Number.isNaN(far) || Number.isNaN(near)) return 0;
    if (far === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const unit = directions[d]!.reduce(
      (largest, value, i) => (Number.isFinite(reach[i]!) ? Math.max(largest, Math.abs(value)) : largest),
      1,
    );
    return (near - far) / 90 / unit;
  });
  const isForced = (index: number): boolean =>
    index < 2 * n && Number.isFinite(reach[Math.floor(index / 2)]!);
  return slopes
    .map((slope, index) => ({ slope, index }))
    .filter(({ slope, index }) => isForced(index) || slope < steep * Math.max(1, n - 1))
    .sort((a, b) => Number(isForced(b.index)) - Number(isForced(a.index)) || a.slope - b.slope)
    .slice(0, mostRays)
    .map(({ index }) => index);
}

/** Directions of one standard deviation, each and its opposite. */
function directionsOf({ mean, factor }: Gaussian): { axes: Float64Array[]; others: Float64Array[] } {
  const n = mean.length;
  const lower = Matrix.from1DArray(n, n, Array.from(factor));
  const covariance = lower.mmul(lower.transpose());
  const sd = Array.from({ length: n }, (_, i) => Math.sqrt(covariance.get(i, i)));
  const both = (axis: Float64Array): Float64Array[] => [axis, axis.map((value) => -value)];
  const axes = sd.flatMap((scale, i) =>
    both(Float64Array.from({ length: n }, (_, j) => (i === j ? scale : 0))),
  );
  if (n === 1) return { axes, others: [] };
  const correlation = Matrix.eye(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) correlation.set(i, j, covariance.get(i, j) / sd[i]! / sd[j]!);
  const others = sd.flatMap((scale, i) =>
    both(Float64Array.from({ length: n }, (_, j) => covariance.get(i, j) / scale)),
  );
  const { eigenvectorMatrix } = new EigenvalueDecomposition(correlation, { assumeSymmetric: true });
  for (let k = 0; k < n; k++)
    others.push(...both(Float64Array.from({ length: n }, (_, i) => eigenvectorMatrix.get(i, k) * sd[i]!)));
  return { axes, others };
}

/** Which parameters a ray goes along: those that change most. */
function towards({ direction }: Ray, space: ParameterSpace): string {
  const n = direction.length;
  const largest = Math.max(...direction.map(Math.abs));
  const named = Array.from({ length: n }, (_, i) => i)
    .filter((i) => Math.abs(direction[i]!) > 0.3 * largest)
    .slice(0, 3);
  return named.map((i) => `${direction[i]! > 0 ? "large" : "small"} ${space.columns[i]}`).join(", ");
}

async function refuse(
  evaluate: EvaluateSlopes,
  { mean }: Gaussian,
  ray: Ray,
  space: ParameterSpace,
): Promise<never> {
  // A pole is named as one: as far as the parameters are told from their bounds, and beyond.
  const far = Float64Array.from(mean, (coordinate, i) => coordinate + 1e4 * ray.direction[i]!);
  const { values } = await evaluate(far);
  const pole =
    values[0] === Number.POSITIVE_INFINITY
      ? `. The log-density is plus infinity at ${space.columns.map((name, i) => `${name} ${space.boundNear(i, far[i]!)}`).join(", ")}`
      : "";
  throw new NumericalError({
    problem: `The density has no integral: towards ${towards(ray, space)} it falls off too slowly, or not at all${pole}`,
    expected: "a density with an integral",
    received: "one without",
    remedy: "does a parameter lack a prior, or does the log-density not depend on it?",
  });
}
