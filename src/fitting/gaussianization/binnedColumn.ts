/**
 * A column of numbers as at most 1,024 bins: what marginal densities are estimated from, in time linear in the rows.
 *
 * Of so few rows each value is a bin of its own. Of more, bins are evenly spaced in t = z / (6 + |z|), where z counts
 * robust deviations from the median: in the bulk they are narrower than any bandwidth that follows, and an outlier a
 * million deviations out still has a place. A bin keeps the mean of its values, so that one of a single value is exact.
 *
 * @module
 */

/** Bins that hold something, from the lowest to the highest. */
export interface BinnedColumn {
  /** Share of the weight in each bin; they add up to 1. */
  readonly mass: Float64Array;
  /** Mean of the values in each bin, increasing. */
  readonly at: Float64Array;
  /** t of each bin, in (-1, 1). */
  readonly warped: Float64Array;
  readonly mean: number;
  /** Standard deviation, above 0. */
  readonly deviation: number;
  /** The smaller of the standard deviation and the interquartile range over 1.349, above 0; the former where the latter is 0. */
  readonly spread: number;
  /** Number of rows that equal weights would stand for: the square of the sum of weights over that of squares. */
  readonly effective: number;
}

const bins = 1024;
const bend = 6;

/** Bins per column; weights, if any, are above 0. O(rows), of up to 1,024 rows O(rows log rows). */
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
  // Rows are in random order, so that the first ones tell where the bulk lies, however far out others are.
  const few = distinctValues(values.subarray(0, bins), weights?.subarray(0, bins));
  const center = quantileOf(few, 0.5);
  const scale = rangeOver(few, 0.25) || rangeOver(few, 0.05) || deviation;
  const points = values.length <= bins ? few : spread(values, weights, total, center, scale);
  const warped = points.at.map((value) => {
    const z = (value - center) / scale;
    return z / (bend + Math.abs(z));
  });
  const robust = rangeOver(points, 0.25);
  return {
    ...points,
    warped,
    mean,
    deviation,
    spread: robust > 1e-9 * deviation ? Math.min(robust, deviation) : deviation,
    effective: (total * total) / squares,
  };
}

type Bins = Pick<BinnedColumn, "mass" | "at">;

/** The range between two quantiles, as the deviation of a normal distribution that has it. */
function rangeOver(column: Bins, share: 0.25 | 0.05): number {
  const range = quantileOf(column, 1 - share) - quantileOf(column, share);
  return range / (2 * (share === 0.25 ? 0.6744897501960817 : 1.6448536269514722));
}

/** Values in order, each a bin of its own; equal ones share theirs. */
function distinctValues(values: Float64Array, weights: Float64Array | undefined): Bins {
  // Without weights numbers are sorted natively.
  const order = weights && Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const sorted = order ? Float64Array.from(order, (row) => values[row]!) : values.slice().sort();
  const at = new Float64Array(sorted.length);
  const mass = new Float64Array(sorted.length);
  let count = 0;
  let total = 0;
  for (let i = 0; i < sorted.length; i++) {
    const weight = order ? weights![order[i]!]! : 1;
    if (count === 0 || sorted[i]! > at[count - 1]!) at[count++] = sorted[i]!;
    mass[count - 1]! += weight;
    total += weight;
  }
  return { at: at.slice(0, count), mass: mass.slice(0, count).map((share) => share / total) };
}

function spread(
  values: Float64Array,
  weights: Float64Array | undefined,
  total: number,
  center: number,
  scale: number,
): Bins {
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
  const filledBins = Array.from(mass.keys()).filter((bin) => mass[bin]! > 0);
  return {
    mass: Float64Array.from(filledBins, (bin) => mass[bin]! / total),
    at: Float64Array.from(filledBins, (bin) => center + sum[bin]! / mass[bin]!),
  };
}

/** Where a share of the mass lies below, between the middles of bins. */
export function quantileOf({ mass, at }: Bins, share: number): number {
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
