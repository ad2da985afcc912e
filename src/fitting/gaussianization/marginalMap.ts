/**
 * The map that makes one column normal, as knots of a monotone rational-quadratic spline with linear tails.
 *
 *     y(x) = (1 - a) (x - m) / s + a c Phi^-1(F(x))        0 < a <= 1
 *
 * F is an estimate of the column's distribution function, m and s its mean and standard deviation. With a below 1 the
 * map stays closer to the straight line: a smaller step, less prone to follow single rows, and with a slope that is
 * bounded below in gaps of the data. For the kernel estimate, which is wider than the data, c = sqrt(1 + h^2 / s^2)
 * (Dai & Seljak 2021, section 3.2), so that normal columns get the straight line; else c = 1.
 *
 * Whatever the estimate, what a model keeps are positions, values and exact slopes at the knots; between them the
 * spline is its own exact inverse. Beyond the last knot the slope is that of a regression of the scores on the outer
 * rows: the kernel's own tail is as thin as one kernel, which no row beyond the data would survive.
 *
 * @module
 */

import { normalCdf, normalDensity, roughNormalCdf, roughNormalQuantile } from "../../numerics/special.ts";
import type { BinnedColumn } from "./binnedColumn.ts";
import { quantileOf } from "./binnedColumn.ts";
import { fitColumnMixture } from "./columnMixture.ts";

/** How the distribution of a column is estimated. */
export type MarginalKind = "kernel" | "mixture" | "histogram" | "spline";

/** How a column is made normal. */
export interface MarginalOptions {
  readonly kind: MarginalKind;
  /** Knots of the spline. */
  readonly knots: number;
  /** a of the header. */
  readonly step: number;
  /** Factor of the kernel's bandwidth. */
  readonly bandwidth: number;
}

/** Knots of one column: `data[k]` maps to `base[k]` with the slope e^`logSlope[k]`. */
export interface MarginalKnots {
  readonly data: Float64Array;
  readonly base: Float64Array;
  readonly logSlope: Float64Array;
}

/** A normal score and its derivative. */
type Score = (x: number) => readonly [score: number, slope: number];

/** Fits the map of a column. O(bins * knots), for a mixture O(bins * components * iterations). */
export function marginalMap(column: BinnedColumn, options: MarginalOptions): MarginalKnots {
  const { kind, knots, step } = options;
  const { mean, deviation } = column;
  if (step === 0 || column.at.length < 3) return straight(column, knots);
  const data = knotPositions(column, knots);
  const score =
    kind === "kernel"
      ? kernelScore(column, options.bandwidth)
      : kind === "mixture"
        ? mixtureScore(column)
        : kind === "histogram"
          ? histogramScore(column)
          : quantileScore(column, knots);
  const base = new Float64Array(knots);
  const slope = new Float64Array(knots);
  data.forEach((x, k) => {
    [base[k], slope[k]] = score(x) as [number, number];
  });
  // The density of a histogram jumps: slopes that are means of the secants do not.
  if (kind === "histogram" || kind === "spline") slope.set(secantSlopes(data, base));
  if (kind !== "mixture") {
    slope[0] = tailSlope(column, -1) ?? slope[0]!;
    slope[knots - 1] = tailSlope(column, 1) ?? slope[knots - 1]!;
  }
  // Rounding in the tails of a sum must not make knots meet.
  for (let k = 1; k < knots; k++)
    base[k] = Math.max(base[k]!, base[k - 1]! + 1e-6 * (data[k]! - data[k - 1]!));
  const line = (1 - step) / deviation;
  return {
    data,
    base: base.map((y, k) => line * (data[k]! - mean) + step * y),
    logSlope: slope.map((slopeAtKnot) => Math.log(line + step * Math.max(1e-3 / deviation, slopeAtKnot))),
  };
}

/** Slopes at knots from those of the lines between them (Gregory & Delbourgo 1982, eq. 3.2). */
function secantSlopes(data: Float64Array, base: Float64Array): Float64Array {
  const last = data.length - 1;
  const width = (k: number): number => data[k + 1]! - data[k]!;
  const secant = (k: number): number => Math.max(1e-9, base[k + 1]! - base[k]!) / width(k);
  return data.map((_, k) => {
    if (k === 0) return secant(0);
    if (k === last) return secant(last - 1);
    return (secant(k - 1) * width(k) + secant(k) * width(k - 1)) / (width(k - 1) + width(k));
  });
}

/** The straight line to mean 0 and variance 1. */
function straight({ mean, deviation }: BinnedColumn, knots: number): MarginalKnots {
  const base = Float64Array.from({ length: knots }, (_, k) => -3 + (6 * k) / (knots - 1));
  return {
    data: base.map((y) => mean + deviation * y),
    base,
    logSlope: new Float64Array(knots).fill(-Math.log(deviation)),
  };
}

/** Share of the rows beyond the outermost knot, on either side. */
function outerShare({ effective }: BinnedColumn): number {
  return Math.min(0.1, Math.max(1.5 / effective, 1e-6));
}

/**
 * Positions of knots: even in a blend of normal score, where rows are, and of the warped axis, which puts knots into
 * gaps and tails as well.
 */
function knotPositions(column: BinnedColumn, knots: number): Float64Array {
  const { mass, at, warped } = column;
  const outer = outerShare(column);
  const top = -roughNormalQuantile(outer);
  const ends = [quantileOf(column, outer), quantileOf(column, 1 - outer)] as const;
  const blend = new Float64Array(at.length);
  let below = 0;
  const span = Math.max(1e-9, warped[at.length - 1]! - warped[0]!);
  for (let bin = 0; bin < at.length; bin++) {
    const share = Math.min(1 - outer, Math.max(outer, below + mass[bin]! / 2));
    below += mass[bin]!;
    blend[bin] =
      (0.6 * (roughNormalQuantile(share) + top)) / (2 * top) + (0.4 * (warped[bin]! - warped[0]!)) / span;
  }
  const along = (level: number): number => {
    let bin = 1;
    while (bin < at.length - 1 && blend[bin]! < level) bin++;
    const rise = blend[bin]! - blend[bin - 1]!;
    const share = rise > 0 ? Math.min(1, Math.max(0, (level - blend[bin - 1]!) / rise)) : 0.5;
    return at[bin - 1]! + share * (at[bin]! - at[bin - 1]!);
  };
  const level = (x: number): number => {
    let bin = 1;
    while (bin < at.length - 1 && at[bin]! < x) bin++;
    const share = (x - at[bin - 1]!) / (at[bin]! - at[bin - 1]!);
    return blend[bin - 1]! + Math.min(1, Math.max(0, share)) * (blend[bin]! - blend[bin - 1]!);
  };
  const [from, to] = [level(ends[0]), level(ends[1])];
  const data = Float64Array.from({ length: knots }, (_, k) => along(from + ((to - from) * k) / (knots - 1)));
  // Ties: knots a smallest gap apart, pushed away from the middle in both directions.
  const least = (0.02 * column.spread) / Math.sqrt(knots);
  const middle = knots >> 1;
  for (let k = middle + 1; k < knots; k++) data[k] = Math.max(data[k]!, data[k - 1]! + least);
  for (let k = middle - 1; k >= 0; k--) data[k] = Math.min(data[k]!, data[k + 1]! - least);
  return data;
}

/** F is a sum of normal distribution functions around the rows. */
function kernelScore(column: BinnedColumn, factor: number): Score {
  const { mass, at, spread, deviation, effective } = column;
  const h = factor * spread * effective ** -0.2;
  const widening = Math.sqrt(1 + (h / deviation) ** 2);
  return (x) => {
    let lower = 0;
    let upper = 0;
    let density = 0;
    for (let bin = 0; bin < at.length; bin++) {
      const z = (x - at[bin]!) / h;
      const binMass = mass[bin]!;
      if (z > 9) lower += binMass;
      else if (z < -9) upper += binMass;
      else {
        const share = roughNormalCdf(z);
        lower += binMass * share;
        upper += binMass * (1 - share);
        density += binMass * Math.exp(-0.5 * z * z);
      }
    }
    return scoreOf(lower, upper, density / (h * Math.sqrt(2 * Math.PI)), widening);
  };
}

function mixtureScore(column: BinnedColumn): Score {
  const { weight, mean, deviation } = fitColumnMixture(column);
  const total = weight.reduce((sum, componentWeight) => sum + componentWeight, 0);
  return (x) => {
    let lower = 0;
    let upper = 0;
    let density = 0;
    for (let k = 0; k < weight.length; k++) {
      const z = (x - mean[k]!) / deviation[k]!;
      const share = weight[k]! / total;
      lower += share * normalCdf(z);
      upper += share * normalCdf(-z);
      density += (share / deviation[k]!) * normalDensity(z);
    }
    return scoreOf(lower, upper, density, 1);
  };
}

/** F is linear between quantiles of equal shares: a histogram whose cells hold the same mass. */
function histogramScore(column: BinnedColumn): Score {
  const cells = Math.max(4, Math.min(100, Math.round(2 * column.effective ** (1 / 3))));
  const edges = Float64Array.from({ length: cells + 1 }, (_, k) => quantileOf(column, k / cells));
  // Cells narrower than a kernel would follow single rows.
  const least = 0.1 * column.spread * column.effective ** -0.2;
  edges[0]! -= least;
  for (let k = 1; k <= cells; k++) edges[k] = Math.max(edges[k]!, edges[k - 1]! + least);
  const floor = 0.3 / column.effective;
  return (x) => {
    let cell = 0;
    while (cell < cells - 1 && x >= edges[cell + 1]!) cell++;
    const width = edges[cell + 1]! - edges[cell]!;
    const lower = (cell + Math.min(1, Math.max(0, (x - edges[cell]!) / width))) / cells;
    const inner = Math.min(1 - floor, Math.max(floor, lower));
    return scoreOf(inner, 1 - inner, 1 / (cells * width), 1);
  };
}

/**
 * No density at all: scores even in normal score at local averages of the quantiles, and the monotone cubic slopes of
 * the line through them.
 */
function quantileScore(column: BinnedColumn, knots: number): Score {
  const outer = outerShare(column);
  const top = -roughNormalQuantile(outer);
  const base = Float64Array.from({ length: knots }, (_, k) => -top + (2 * top * k) / (knots - 1));
  const reach = Math.min(0.5, column.effective ** -0.2);
  const data = base.map((score) => {
    let sum = 0;
    for (let part = -2; part <= 2; part++)
      sum += quantileOf(column, normalCdf(score + (reach * part) / 2)) / 5;
    return sum;
  });
  const least = 1e-3 * column.spread;
  for (let k = 1; k < knots; k++) data[k] = Math.max(data[k]!, data[k - 1]! + least);
  return (x) => {
    let k = 1;
    while (k < knots - 1 && x >= data[k]!) k++;
    const secant = (base[k]! - base[k - 1]!) / (data[k]! - data[k - 1]!);
    return [base[k - 1]! + secant * (x - data[k - 1]!), secant];
  };
}

/** Score and slope from both tails, so that neither loses digits to the other. */
function scoreOf(lower: number, upper: number, density: number, factor: number): readonly [number, number] {
  const share = Math.max(1e-300, Math.min(lower, upper));
  const score = lower < upper ? roughNormalQuantile(share) : -roughNormalQuantile(share);
  return [factor * score, (factor * density) / Math.max(1e-300, normalDensity(score))];
}

/**
 * Slope of the regression of normal scores on values over the outer rows of one side; that of the straight line counts
 * as much as ten rows.
 */
function tailSlope({ mass, at, effective, deviation }: BinnedColumn, side: -1 | 1): number | undefined {
  const share = Math.min(0.25, Math.max(25 / effective, 0.005));
  let beyond = 0;
  const sums = [0, 0, 0, 0, 0];
  for (let step = 0; step < at.length && beyond < share; step++) {
    const bin = side < 0 ? step : at.length - 1 - step;
    const binMass = mass[bin]!;
    const score = side * -roughNormalQuantile(Math.min(0.5, beyond + binMass / 2));
    beyond += binMass;
    const x = at[bin]!;
    [binMass, binMass * x, binMass * score, binMass * x * x, binMass * x * score].forEach((term, i) => {
      sums[i]! += term;
    });
  }
  const [n, x, y, xx, xy] = sums as [number, number, number, number, number];
  const variance = xx / n - (x / n) ** 2;
  const slope = (xy / n - (x / n) * (y / n)) / variance;
  if (!(variance > 0 && slope > 0 && Number.isFinite(slope))) return undefined;
  const rows = beyond * effective;
  return (rows * slope + 10 / deviation) / (rows + 10);
}
