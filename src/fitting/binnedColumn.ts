/**
 * A column of numbers as a few hundred bins: what marginal densities are estimated from, in time linear in the rows
 * and without sorting.
 *
 * Bins are evenly spaced in t = z / (6 + |z|), where z counts robust deviations from the median: in the bulk they are
 * narrower than any bandwidth that follows, and an outlier a million deviations out still has a place. A bin keeps the
 * mean of its values, so that one of a single value is exact.
 *
 * @module
 */

/** Bins that hold something, from the lowest to the highest. */
export interface BinnedColumn {
  /** Share of the weight in each bin; they add up to 1. */
  readonly mass: Float64Array;
  /** Mean of the values in each bin, increasing. */
  readonly at: Float64Array;
  /** Where each bin lies on the warped axis, in (-1, 1). */
  readonly warped: Float64Array;
  readonly mean: number;
  /** Standard deviation, above 0. */
  readonly deviation: number;
  /** The smaller of the standard deviation and the interquartile range over 1.349, above 0. */
  readonly spread: number;
  /** Number of rows that equal weights would stand for: the square of the sum of weights over that of squares. */
  readonly effective: number;
}

const bins = 1024;
const bend = 6;

/** Bins a column; weights, if any, are above 0. */
export function binColumn(values: Float64Array, weights?: Float64Array): BinnedColumn {
  let total = 0;
  let squares = 0;
  let mean = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights ? weights[i]! : 1;
    total += weight;
    squares += weight * weight;
    mean += (weight / total) * (values[i]! - mean);
  }
  let variance = 0;
  for (let i = 0; i < values.length; i++) variance += (weights ? weights[i]! : 1) * (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(variance / total) || 1;
  let center = mean;
  let scale = deviation;
  let found = spread(values, weights, total, center, scale);
  let robust = robustDeviation(found, deviation);
  // Outliers may leave the bulk in a few bins: look again with the robust moments of what was seen.
  for (let look = 0; look < 3 && robust < scale / 4 && robust > 1e-9 * deviation; look++) {
    center = quantileOf(found, 0.5);
    scale = robust;
    found = spread(values, weights, total, center, scale);
    robust = robustDeviation(found, deviation);
  }
  return {
    ...found,
    mean,
    deviation,
    spread: robust > 1e-3 * deviation ? robust : deviation,
    effective: (total * total) / squares,
  };
}

function robustDeviation(column: Pick<BinnedColumn, "mass" | "at">, deviation: number): number {
  return Math.min(deviation, (quantileOf(column, 0.75) - quantileOf(column, 0.25)) / 1.349);
}

function spread(
  values: Float64Array,
  weights: Float64Array | undefined,
  total: number,
  center: number,
  scale: number,
): Pick<BinnedColumn, "mass" | "at" | "warped"> {
  const mass = new Float64Array(bins);
  const sum = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) {
    const z = (values[i]! - center) / scale;
    const t = z / (bend + Math.abs(z));
    const bin = Math.min(bins - 1, Math.floor((t + 1) * (bins / 2)));
    const weight = weights ? weights[i]! : 1;
    mass[bin]! += weight;
    sum[bin]! += weight * (values[i]! - center);
  }
  const held = Array.from(mass.keys()).filter((bin) => mass[bin]! > 0);
  return {
    mass: Float64Array.from(held, (bin) => mass[bin]! / total),
    at: Float64Array.from(held, (bin) => center + sum[bin]! / mass[bin]!),
    warped: Float64Array.from(held, (bin) => (2 * bin + 1) / bins - 1),
  };
}

/** Where a share of the mass lies below, between the middles of bins. */
export function quantileOf({ mass, at }: Pick<BinnedColumn, "mass" | "at">, share: number): number {
  let below = 0;
  for (let bin = 0; bin < mass.length; bin++) {
    const middle = below + mass[bin]! / 2;
    if (middle >= share) {
      if (bin === 0) return at[0]!;
      const before = below - mass[bin - 1]! / 2;
      return at[bin - 1]! + ((share - before) / (middle - before)) * (at[bin]! - at[bin - 1]!);
    }
    below += mass[bin]!;
  }
  return at[at.length - 1]!;
}
