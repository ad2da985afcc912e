/**
 * The resolution at which a column was recorded: the step between its values, where it has ties or lies on a
 * grid.
 *
 * @module
 */

import { filtered } from "../filtered.ts";

/** What sorting a column's finite values tells. */
export interface Resolution {
  /** Values that are neither missing nor infinite. */
  readonly count: number;
  /** Different values, those closer than rounding errors taken as one. */
  readonly distinct: number;
  /** Rows that hold the most frequent value, and that value. */
  readonly mostFrequent: { readonly value: number; readonly count: number };
  /** Rows that each of its up to ten neighbors on either side holds, on average; NaN without neighbors. */
  readonly neighbors: number;
  /** Largest value less the smallest. */
  readonly range: number;
  /** Whether every value is a whole number. */
  readonly integers: boolean;
  /** Whether all values lie a whole number of steps apart. */
  readonly lattice: boolean;
  /**
   * The step, in the column's units: for whole numbers the greatest step that they all share, otherwise the
   * smallest gap between distinct values. Undefined where there are fewer than two distinct values.
   */
  readonly step: number | undefined;
}

/**
 * Two values that differ by less than this many units in the last place of the column's largest are one value.
 * 0.1 + 0.2 and 0.3, or 0.3 - 0.2 - 0.1 and 0, differ by a few; a time stamp of 2^31 seconds keeps its milliseconds. Whole numbers
 * of 64 bits are taken for counts, moments or numbers of things, of which none is another.
 */
const roundingShare = 64 * Number.EPSILON;

/** Steps that a value is off its grid at most; fits of columns on a grid have the same bound. */
const offGrid = 1e-3;

/** A grid of more steps than this across the range is not told from a continuum. */
const mostSteps = 1e6;

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** The shortest decimal within `tolerance`: a gap of 0.09999999999999998 is a step of 0.1. */
function shortest(value: number, tolerance: number): number {
  for (let digits = 1; digits < 16; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.abs(rounded - value) <= tolerance) return rounded;
  }
  return value;
}

/** Different values on either side of the most frequent one that it is compared with. */
const mostNeighbors = 10;

/** Sorts a copy of the column's finite values and measures their gaps. O(n log n). */
export const measureResolution = (column: Float64Array): Resolution =>
  resolutionOf(filtered(column, Number.isFinite).sort());

/** Measures the gaps of finite values in ascending order. O(n). */
export function resolutionOf(sorted: Float64Array): Resolution {
  const count = sorted.length;
  const largest = count === 0 ? 0 : Math.max(Math.abs(sorted[0]!), Math.abs(sorted[count - 1]!));
  const integers = count > 0 && sorted.every(Number.isInteger);
  const tolerance = integers && largest < 2 ** 64 ? 0 : roundingShare * largest;
  const allGaps = new Float64Array(Math.max(0, count - 1));
  let distinct = count === 0 ? 0 : 1;
  let mostFrequent = { value: sorted[0] ?? Number.NaN, count: 0 };
  /** Where the different values begin, and which of them is the most frequent. */
  const allStarts = new Uint32Array(count);
  let place = 0;
  let values = 0;
  let start = 0;
  for (let i = 1; i <= count; i++) {
    const gap = i < count ? sorted[i]! - sorted[i - 1]! : Number.POSITIVE_INFINITY;
    if (gap <= tolerance) continue;
    if (i - start > mostFrequent.count) {
      mostFrequent = { value: sorted[start]!, count: i - start };
      place = values;
    }
    allStarts[values] = start;
    start = i;
    if (i < count) {
      allGaps[values] = gap;
      distinct++;
    }
    values++;
  }
  const starts = allStarts.subarray(0, values);
  const gaps = allGaps.subarray(0, Math.max(0, values - 1));
  const range = count === 0 ? 0 : sorted[count - 1]! - sorted[0]!;
  const first = Math.max(0, place - mostNeighbors);
  const last = Math.min(starts.length, place + mostNeighbors + 1);
  const around = (starts[last] ?? count) - starts[first]! - mostFrequent.count;
  const neighbors = around / (last - first - 1);
  if (gaps.length === 0) {
    return { count, distinct, mostFrequent, neighbors, range, integers, lattice: false, step: undefined };
  }
  if (integers) {
    const step = gaps.reduce(greatestCommonDivisor);
    return { count, distinct, mostFrequent, neighbors, range, integers, lattice: true, step };
  }
  const smallest = shortest(
    gaps.reduce((least, gap) => Math.min(least, gap)),
    tolerance,
  );
  // A gap that is far from a whole number of steps, beyond rounding, betrays a continuum.
  const isWhole = (steps: number): boolean => Math.abs(steps - Math.round(steps)) < offGrid;
  const isLattice = range / smallest <= mostSteps && gaps.every((gap) => isWhole(gap / smallest));
  // Values are counted from the least one, and a smallest gap that was rounded is off by more the farther a value is: then the mean
  // gap of one step is taken.
  const isStep = (step: number): boolean =>
    starts.every((each) => isWhole((sorted[each]! - sorted[0]!) / step));
  const mean = range / gaps.reduce((steps, gap) => steps + Math.round(gap / smallest), 0);
  const step = isLattice && !isStep(smallest) && isStep(mean) ? mean : smallest;
  const lattice = isLattice && isStep(step);
  return { count, distinct, mostFrequent, neighbors, range, integers, lattice, step };
}
