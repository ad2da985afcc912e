/**
 * Marginal maps from data: a map of the domain to the line, and a mixture on it, of those that fit the column the one with the best BIC.
 *
 * @module
 */

import { boundsOf, type DensityColumn, stepOf } from "../../models/columns/column.ts";
import { type DomainMap, domainToLine, logDomainSlope } from "../../models/columns/heads/domainMap.ts";
import type { GridShares, MarginalMap } from "../../models/columns/heads/marginalMap.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { fitLogisticMixture } from "./fitLogisticMixture.ts";

/** Points that a mixture is fitted to at most: quantiles of the column, of equal weight. */
const mostPoints = 800;
/** Values at each end that are kept as they are. */
const outermost = 20;
/** Components of a marginal mixture at most. */
const mostComponents = 5;
/** Scales are at least this share of the deviation. */
const leastShare = 5e-3;

/** Values with weights, in order of the values. */
export interface SortedValues {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** Values that are numbers, sorted, with what each counts. */
export function sortedValues(values: Float64Array, weights: Float64Array | undefined): SortedValues {
  if (!weights) {
    const sorted = values.slice().sort();
    return { values: sorted, weights: new Float64Array(sorted.length).fill(1) };
  }
  const order = Array.from(values.keys())
    .filter((i) => weights[i]! > 0)
    .sort((a, b) => values[a]! - values[b]!);
  return {
    values: Float64Array.from(order, (i) => values[i]!),
    weights: Float64Array.from(order, (i) => weights[i]!),
  };
}

/**
 * Quantiles of the values at equal steps of their weight, between the outermost values, which stand for themselves: a map is judged by
 * them, too. The values themselves where they are few.
 */
function quantiles(sorted: SortedValues): SortedValues {
  const { values, weights } = sorted;
  const count = values.length;
  if (count <= mostPoints) return sorted;
  const inner = innerQuantiles({
    values: values.subarray(outermost, count - outermost),
    weights: weights.subarray(outermost, count - outermost),
  });
  const joined = (own: Float64Array, middle: Float64Array): Float64Array =>
    Float64Array.from([...own.subarray(0, outermost), ...middle, ...own.subarray(count - outermost)]);
  return { values: joined(values, inner.values), weights: joined(weights, inner.weights) };
}

function innerQuantiles({ values, weights }: SortedValues): SortedValues {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const points = new Float64Array(mostPoints);
  let below = 0;
  let at = 0;
  for (let i = 0; i < mostPoints; i++) {
    const target = ((i + 0.5) * total) / mostPoints;
    while (at < values.length - 1 && below + weights[at]! < target) below += weights[at++]!;
    points[i] = values[at]!;
  }
  return { values: points, weights: new Float64Array(mostPoints).fill(total / mostPoints) };
}

/** Domain maps that are tried for a column, given values at its quartiles. */
function candidates(
  column: DensityColumn,
  [quarter, median, threeQuarters]: readonly [number, number, number],
): DomainMap[] {
  const [lower, upper] = boundsOf(column);
  // A grid has cells around its first and last value.
  const half = (stepOf(column) ?? 0) / 2;
  const from = lower - half;
  const to = upper + half;
  if (Number.isFinite(from) && Number.isFinite(to)) return [{ type: "logit", from, to }];
  if (Number.isFinite(from))
    return [
      { type: "log", from },
      { type: "softplusInverse", from, scale: Math.max(median - from, half) || 1 },
    ];
  if (Number.isFinite(to)) return [{ type: "logBelow", to }];
  const spread = Math.max(threeQuarters - quarter, half);
  return [
    { type: "identity" },
    ...(spread > 0 ? [{ type: "asinh", center: median, scale: spread / 2 } as const] : []),
  ];
}

/**
 * The marginal map of some values, at least one, all inside the domain.
 * @returns A map with a slope everywhere, however few or equal the values are.
 */
export function* fitMarginalMap(column: DensityColumn, sorted: SortedValues): Pieces<MarginalMap> {
  const { values, weights } = quantiles(sorted);
  const rows = sorted.values.length;
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  const step = stepOf(column);
  let best: { map: MarginalMap; bic: number } | undefined;
  for (const domain of candidates(column, [at(0.25), at(0.5), at(0.75)])) {
    const points = values.map((value) => domainToLine(domain, value));
    const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
    const deviation = Math.sqrt(points.reduce((sum, point) => sum + (point - mean) ** 2, 0) / points.length);
    // On a grid a component is not narrower than a step, taken where the values lie.
    const cell = step === undefined ? 0 : Math.exp(logDomainSlope(domain, at(0.5))) * step;
    const usual = Math.max(Math.abs(mean), 1) * 1e-6;
    const leastScale = Math.max(leastShare * deviation, 0.5 * cell) || usual;
    const { mixture, bic } = yield* fitLogisticMixture(points, weights, rows, {
      most: mostComponents,
      leastScale,
    });
    // Densities of the values, not of the points, are compared.
    let slopes = 0;
    let total = 0;
    values.forEach((value, i) => {
      slopes += weights[i]! * logDomainSlope(domain, value);
      total += weights[i]!;
    });
    const own = bic - (2 * rows * slopes) / total;
    if (!best || own < best.bic) best = { map: { domain, mixture }, bic: own };
  }
  return best!.map;
}

/** Values of a grid that are listed at most. */
const mostPlaces = 20000;
/** With less than this share of the mass the values that occurred say nothing. */
const leastOfShares = 0.01;
/** Rounds of expectation and maximization for one number. */
const rounds = 60;

/** A value that occurred on a grid. */
interface OccurredPlace {
  readonly place: number;
  /** The value as it was recorded, which may be off the grid by its last digits. */
  readonly value: number;
  /** Rows that have it. */
  rows: number;
  /** What they count. */
  weight: number;
}

function occurredPlaces(
  { values, weights }: SortedValues,
  placeOf: (value: number) => number,
): OccurredPlace[] {
  const occurred: OccurredPlace[] = [];
  values.forEach((value, i) => {
    const place = placeOf(value);
    let last = occurred[occurred.length - 1];
    if (last?.place !== place) {
      last = { place, value, rows: 0, weight: 0 };
      occurred.push(last);
    }
    last.rows++;
    last.weight += weights[i]!;
  });
  return occurred;
}

/**
 * The share of the mass that the listed values have, the smooth part having the rest, at which each row is most probable given the
 * others; and the logarithm of that.
 * @param discount - Rows that are taken from each listed value.
 * @param smooth - Mass of each place in the smooth part.
 */
function shareOfListed(
  occurred: readonly OccurredPlace[],
  discount: number,
  smooth: readonly number[],
): { readonly share: number; readonly logLikelihood: number } {
  const kept = occurred.map(({ rows, weight }) => (weight * Math.max(0, rows - 1 - discount)) / rows);
  const total = occurred.reduce((sum, { rows, weight }) => sum + (weight * (rows - discount)) / rows, 0);
  const listed = kept.map((count) => count / total);
  const all = occurred.reduce((sum, { weight }) => sum + weight, 0);
  let share = 0.5;
  for (let round = 0; round < rounds; round++) {
    let next = 0;
    occurred.forEach(({ weight }, i) => {
      const own = share * listed[i]!;
      next += (weight * own) / (own + (1 - share) * smooth[i]! || 1);
    });
    share = Math.min(next / all, 1 - 1e-9);
  }
  const logLikelihood = occurred.reduce(
    (sum, { weight }, i) =>
      sum + weight * Math.log(share * listed[i]! + (1 - share) * smooth[i]! || Number.MIN_VALUE),
    0,
  );
  return { share, logLikelihood };
}

/**
 * The values that occurred on a grid, each less a discount (Ney, Essen & Kneser 1994) or without one, beside a smooth part: whichever
 * makes each row the most probable given the others. Undefined where the smooth part alone does.
 * @param smoothMass - Mass of a place in the smooth part.
 */
export function fitGridShares(
  sorted: SortedValues,
  placeOf: (value: number) => number,
  gridValue: (place: number) => number,
  smoothMass: (place: number) => number,
): GridShares | undefined {
  const occurred = occurredPlaces(sorted, placeOf);
  if (occurred.length === 0 || occurred.length > mostPlaces) return undefined;
  const smooth = occurred.map(({ place }) => smoothMass(place));
  const once = occurred.filter(({ rows }) => rows === 1).length;
  const twice = occurred.filter(({ rows }) => rows === 2).length;
  const usual = Math.min(0.9, Math.max(0.3, once / (once + 2 * twice || 1)));
  const [best] = [0, usual]
    .map((discount) => ({ discount, ...shareOfListed(occurred, discount, smooth) }))
    .sort((a, b) => b.logLikelihood - a.logLikelihood);
  const { discount, share } = best!;
  if (share < leastOfShares) return undefined;
  const isOff = occurred.some(({ place, value }) => gridValue(place) !== value);
  return {
    places: occurred.map(({ place }) => place),
    // A weight of rows is discounted like that of a row.
    counts: occurred.map(({ rows, weight }) => (weight * (rows - discount)) / rows),
    blend: 1 - share,
    ...(isOff ? { values: occurred.map(({ value }) => value) } : {}),
  };
}
