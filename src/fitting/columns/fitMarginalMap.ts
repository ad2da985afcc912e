/**
 * Marginal maps from data: a map of the domain to the line, and a mixture on it, of those that fit the column the one with the best BIC.
 *
 * @module
 */

import { boundsOf, type DensityColumn, stepOf } from "../../models/columns/column.ts";
import { type DomainMap, domainToLine, logDomainSlope } from "../../models/columns/domainMap.ts";
import type { GridShares, MarginalMap } from "../../models/columns/marginalMap.ts";
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
export function fitMarginalMap(column: DensityColumn, sorted: SortedValues): MarginalMap {
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
    const { mixture, bic } = fitLogisticMixture(points, weights, rows, { most: mostComponents, leastScale });
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

/** Above this share of values that occurred once, the values that occurred say nothing about where others will lie. */
const mostSingle = 0.6;
/** Values of a grid that are listed at most. */
const mostPlaces = 20000;

/**
 * The values that occurred on a grid, each less a discount (Ney, Essen & Kneser 1994), which is what others are left; undefined where too
 * many occurred once.
 * @param places - Places on the grid.
 */
export function fitGridShares({ values: places, weights }: SortedValues): GridShares | undefined {
  const distinct: number[] = [];
  const counts: number[] = [];
  const sums: number[] = [];
  places.forEach((place, i) => {
    if (distinct.length === 0 || distinct[distinct.length - 1] !== place) {
      distinct.push(place);
      counts.push(0);
      sums.push(0);
    }
    counts[counts.length - 1]!++;
    sums[sums.length - 1]! += weights[i]!;
  });
  const once = counts.filter((count) => count === 1).length;
  const twice = counts.filter((count) => count === 2).length;
  const rows = places.length;
  if (rows === 0 || once > mostSingle * rows || distinct.length > mostPlaces) return undefined;
  const discount = Math.min(0.9, Math.max(0.3, once / (once + 2 * twice || 1)));
  // A weight of rows is discounted like that of a row.
  const kept = sums.map((sum, i) => sum * (1 - discount / counts[i]!));
  const total = sums.reduce((sum, own) => sum + own, 0);
  const left = 1 - kept.reduce((sum, own) => sum + own, 0) / total;
  return { places: distinct, counts: kept, blend: Math.min(1, Math.max(left, 1e-9)) };
}
