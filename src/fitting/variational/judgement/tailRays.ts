/**
 * How a density falls off along rays, far beyond where samples go: whether it has an integral, and how heavy its tails are.
 *
 * Along a ray from the middle m of the nearest Gaussian, whose covariance is L L', points are
 *
 *     u = m + e^v d + B y,   d a direction of unit length in L, B a basis of the directions across it
 *
 * and the mass of the shell around radius R = e^c is M(c) = integral of p(u) e^v N(v; c, 1/16) dv dy; over all c it adds up to the
 * integral along the ray. In one dimension M is read off the density. In more, the nearest Gaussian of (v, y) gives a lower bound
 * of log M: it finds how the width across the ray changes with the radius, which decides of a funnel or a ridge.
 *
 * M(c) that falls like c^-b has an integral where b > 1, which is the border 1 / (x log x). A tail x^-(1 + a) has M like e^-(a c).
 *
 * @module
 */

import { Matrix, QrDecomposition } from "ml-matrix";
import { type RandomKey, split } from "../../../random/philox.ts";
import { type EvaluateSlopes, type Gaussian, GaussianSearch, type Place } from "../gaussianApproximation.ts";

/** A shell around one radius, in steps of the ray: logarithms of the radius and of the mass, the latter up to a constant. */
interface Shell {
  readonly logRadius: number;
  readonly logMass: number;
}

/** What a ray says. */
export interface Ray {
  /** Change of the numbers without bounds along it, one standard deviation long. */
  readonly direction: Float64Array;
  /** In order of radius. */
  readonly shells: readonly Shell[];
  /** Whether it ended because the density was not a number. */
  readonly endsInNaN: boolean;
}

/** What the shells of a ray amount to. */
export interface Tail {
  /** b of M(c) ~ c^-b at the far end; infinity where it falls faster than any. */
  readonly order: number;
  /** a of a tail x^-(1 + a): infinity where it is lighter than any power, 0 where it is heavier. */
  readonly index: number;
}

/** Logarithms of the radii: up to e^345 = 1e150, beyond which squares overflow. */
const logRadii: readonly number[] = [
  1.5, 2.1, 2.7, 3.4, 4.2, 5, 6, 7.2, 8.5, 10.2, 12, 14.4, 17, 24, 34, 48, 68, 96, 136, 192, 272, 345,
];
/** Width of a shell in the logarithm of the radius: so narrow that what is nearer, such as another mode, is not in it. */
const width = 0.25;
/** Steps that there is room for at least. */
const leastRoom = 450;
/** Fall of the logarithm of the mass, by unit of the logarithm of the radius, beyond which a tail is light. */
const steepest = 40;
/** Nats below the largest shell from which the last one does not matter. */
const negligible = 100;
const roundsOfShell = 25;
/** Square of the length of the roundings of a point, in widths of its shell, from which the density there is one of roundings. */
const mostRounding = 0.1;
/** Indices above this are those of light tails. */
const lightest = 25;

/**
 * Follows a ray.
 * @param reach - How far from 0 each number may go.
 */
export async function followRay(
  evaluate: EvaluateSlopes,
  { mean, factor }: Gaussian,
  direction: Float64Array,
  reach: readonly number[],
  key: RandomKey,
): Promise<Ray> {
  const n = mean.length;
  let farthest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const room = reach[i]! - Math.sign(direction[i]!) * mean[i]!;
    if (direction[i] !== 0) farthest = Math.min(farthest, Math.max(0, room) / Math.abs(direction[i]!));
  }
  // Where the Gaussian is as wide as there is room, the ray is measured in smaller steps.
  const unit = Math.min(1, farthest / leastRoom);
  const step = direction.map((coordinate) => coordinate * unit);
  const radii = logRadii.filter((logRadius) => Math.exp(logRadius) * unit < farthest);
  const shells: { logRadius: number; logMass: number }[] = [];
  let endsInNaN = false;
  if (n === 1) {
    const points = Float64Array.from(radii, (logRadius) => mean[0]! + Math.exp(logRadius) * step[0]!);
    const values = radii.length > 0 ? (await evaluate(points)).values : [];
    for (const [i, logRadius] of radii.entries()) {
      endsInNaN = Number.isNaN(values[i]);
      if (!Number.isFinite(values[i])) break;
      shells.push({ logRadius, logMass: values[i]! + logRadius });
    }
    return { direction, shells, endsInNaN };
  }
  const { basis: across, inverse } = basisAcross(direction, factor, n);
  let center = 0;
  const windowed: EvaluateSlopes = async (points) => {
    const rows = points.length / n;
    const places = new Float64Array(points.length);
    for (let row = 0; row < rows; row++) {
      const radius = Math.exp(center + width * points[row * n]!);
      for (let i = 0; i < n; i++) {
        let coordinate = mean[i]! + radius * step[i]!;
        for (let j = 1; j < n; j++) coordinate += across[i * n + j]! * points[row * n + j]!;
        places[row * n + i] = coordinate;
      }
    }
    const { values, gradients } = await evaluate(places);
    const out = { values: new Float64Array(rows), gradients: new Float64Array(points.length) };
    for (let row = 0; row < rows; row++) {
      const t = points[row * n]!;
      const radius = Math.exp(center + width * t);
      out.values[row] = values[row]! + center + width * t - 0.5 * t * t;
      let along = 0;
      for (let i = 0; i < n; i++) along += gradients[row * n + i]! * step[i]! * radius;
      out.gradients[row * n] = width * (along + 1) - t;
      for (let j = 1; j < n; j++) {
        let own = 0;
        for (let i = 0; i < n; i++) own += gradients[row * n + i]! * across[i * n + j]!;
        out.gradients[row * n + j] = own;
      }
    }
    return out;
  };
  const search = new GaussianSearch(windowed, n, split(key, "ray"));
  const rounding = ({ factor: own }: Place, logRadius: number): number => {
    const radius = Math.exp(logRadius);
    const units = Array.from(mean, (middle, i) => Number.EPSILON * Math.abs(middle + radius * step[i]!));
    const roundings = inverse
      .clone()
      .mulRowVector(units)
      .mulRow(0, 1 / unit / radius / width);
    return solvedLower(own, roundings).norm() ** 2;
  };
  let before: { place: Place; logRadius: number }[] = [];
  for (const logRadius of radii) {
    center = logRadius;
    const starts = startsOfShell(before, logRadius, n);
    let best: Place | undefined;
    for (const start of starts) {
      const visited = await search.visit(start.mean, start.factor);
      if (!visited?.gradients) continue;
      if (!best || visited.bound > best.bound) best = { ...visited, gradients: visited.gradients };
    }
    if (!best) {
      endsInNaN = Number.isNaN((await windowed(Float64Array.from({ length: n }, () => 0))).values[0]);
      break;
    }
    const place = await search.climb(best, roundsOfShell);
    // Across a ridge that stays narrow, differences of large numbers have no digits far out: what is nearer tells.
    if (rounding(place, logRadius) > mostRounding) break;
    const fall = before.length > 0 ? before.at(-1)!.place.bound - place.bound : 0;
    const isSteep = fall > steepest * (logRadius - (before.at(-1)?.logRadius ?? 0));
    before = [...before.slice(-1), { place, logRadius }];
    // Where the width across changes fast, the Gaussian is narrow along the ray: what counts is the mass by unit of it.
    const logMass = place.bound - Math.min(0, Math.log(place.factor.get(0, 0)));
    shells.push({ logRadius, logMass });
    if (isSteep) break;
  }
  return { direction, shells, endsInNaN };
}

/** Where to look for the Gaussian of a shell: as in the one before, and as the two before lead to. */
function startsOfShell(
  before: readonly { readonly place: Place; readonly logRadius: number }[],
  logRadius: number,
  n: number,
): { mean: Float64Array; factor: Matrix }[] {
  const unit = { mean: new Float64Array(n), factor: Matrix.eye(n) };
  const last = before.at(-1);
  if (!last) return [unit, { mean: unit.mean, factor: Matrix.eye(n).mul(0.1) }];
  const { mean, factor } = last.place;
  const starts = [{ mean, factor }, unit];
  const scaled = (growth: number): { mean: Float64Array; factor: Matrix } => {
    const wide = factor.clone();
    // Across the ray alone; what goes with the radius turns as much.
    for (let i = 1; i < n; i++) for (let j = 0; j <= i; j++) wide.set(i, j, factor.get(i, j) * growth);
    return { mean: mean.map((coordinate, i) => (i === 0 ? coordinate : coordinate * growth)), factor: wide };
  };
  starts.push(scaled(Math.exp(logRadius - last.logRadius)));
  const previous = before.length > 1 ? before[0] : undefined;
  if (previous) {
    const across = (place: Place): number => {
      let sum = 0;
      for (let i = 1; i < n; i++) sum += Math.log(place.factor.get(i, i)) / (n - 1);
      return sum;
    };
    const change = across(last.place) - across(previous.place);
    const radii = [previous.logRadius, last.logRadius, logRadius].map(Math.exp) as [number, number, number];
    for (const share of [
      (logRadius - last.logRadius) / (last.logRadius - previous.logRadius),
      (radii[2] - radii[1]) / (radii[1] - radii[0]),
    ]) {
      const growth = Math.exp(Math.max(-300, Math.min(300, change * share)));
      if (growth > 0) starts.push(scaled(growth));
    }
  }
  return starts;
}

/** X of L X = Y, L lower triangular: no pivots, so that scales far apart do not make it singular. */
function solvedLower(lower: Matrix, right: Matrix): Matrix {
  const solved = right.clone();
  for (let i = 0; i < lower.rows; i++)
    for (let k = 0; k < right.columns; k++) {
      let entry = solved.get(i, k);
      for (let j = 0; j < i; j++) entry -= lower.get(i, j) * solved.get(j, k);
      solved.set(i, k, entry / lower.get(i, i));
    }
  return solved;
}

/**
 * A basis whose first column is along the direction, and whose others are across it, each a standard deviation long, row-major; and
 * its inverse, with the direction itself as the first.
 */
function basisAcross(
  direction: Float64Array,
  factor: Float64Array,
  n: number,
): { readonly basis: Float64Array; readonly inverse: Matrix } {
  const lower = Matrix.from1DArray(n, n, Array.from(factor));
  // In coordinates in which the Gaussian is round.
  const first = solvedLower(lower, Matrix.columnVector(Array.from(direction))).to1DArray();
  const columns = Matrix.eye(n);
  const largest = first.reduce((best, value, i) => (Math.abs(value) > Math.abs(first[best]!) ? i : best), 0);
  // The axis that is nearest to the direction makes room for it.
  for (let i = 0; i < n; i++) columns.set(i, largest, i === largest ? 1 : 0);
  if (largest !== 0) {
    const swapped = columns.getColumn(0);
    columns.setColumn(0, columns.getColumn(largest));
    columns.setColumn(largest, swapped);
  }
  columns.setColumn(0, first);
  const { orthogonalMatrix } = new QrDecomposition(columns);
  const inverse = solvedLower(lower, Matrix.eye(n));
  const turned = orthogonalMatrix.transpose().mmul(inverse);
  // The first of the orthogonal columns is the direction made one long, or its opposite.
  const along = orthogonalMatrix.getColumn(0).reduce((sum, value, i) => sum + value * first[i]!, 0);
  return {
    basis: Float64Array.from(lower.mmul(orthogonalMatrix).to1DArray()),
    inverse: turned.mulRow(0, 1 / along),
  };
}

/** The far end of a ray, from its last shells. */
export function tailOf({ shells, direction }: Ray): Tail {
  const last = shells.at(-1);
  if (!last || shells.length < 4) return { order: Number.POSITIVE_INFINITY, index: Number.POSITIVE_INFINITY };
  const orderFrom = (from: Shell): number =>
    (from.logMass - last.logMass) / Math.log(last.logRadius / from.logRadius);
  // From a shell about half as far, in logarithms, to the end; of one dimension, where masses are exact, also the last step alone.
  const half = shells.findLast(({ logRadius }) => logRadius <= 0.6 * last.logRadius) ?? shells[0]!;
  const largest = shells.reduce(
    (maximum, { logMass }) => Math.max(maximum, logMass),
    Number.NEGATIVE_INFINITY,
  );
  if (last.logMass < largest - negligible) return { order: Number.POSITIVE_INFINITY, index: indexOf(shells) };
  const order =
    direction.length === 1 ? Math.max(orderFrom(half), orderFrom(shells.at(-2)!)) : orderFrom(half);
  return { order, index: indexOf(shells) };
}

/** The index of a tail; infinite where it grows with the radius, as it does of log-normal and lighter tails. */
function indexOf(shells: readonly Shell[]): number {
  const inner = shells.filter(({ logRadius }) => logRadius >= 2.7 && logRadius < 15);
  const [first, middle, last] = [inner[0], inner[Math.floor(inner.length / 2)], inner.at(-1)];
  if (!first || !last || inner.length < 3) return Number.POSITIVE_INFINITY;
  const between = (a: Shell, b: Shell): number => (a.logMass - b.logMass) / (b.logRadius - a.logRadius);
  const [near, far] = [between(first, middle!), between(middle!, last)];
  return far > lightest || far > 1.3 * near + 0.3 ? Number.POSITIVE_INFINITY : Math.max(0, far);
}
