/**
 * How far the samples of each column are from its held-out cells, one column at a time.
 *
 * Numbers: the Wasserstein distance, the integral of |F - G|, in standard deviations of the held-out cells; of angles the same around the
 * circle, the least over the point where the turn is cut (J. Delon, J. Salomon, A. Sobolevski, "Fast transport optimization for Monge
 * costs on the circle", 2010). Levels: the total variation, half of the sum of |p - q|.
 *
 * @module
 */

import { type RandomKey, RandomStream } from "../../random/philox.ts";
import { type ComparedColumn, missingShare, pickCells, present, turnOf } from "./comparedColumns.ts";

/** How far samples of a column are from its held-out cells. */
export interface MarginalDistance {
  /** Name of the column. */
  readonly column: string;
  /** What {@link distance} is: in standard deviations of the held-out cells, or a probability. */
  readonly measure: "wasserstein" | "total variation";
  /** Distance of the cells that are not missing; undefined where there are none on one side. */
  readonly distance: number | undefined;
  /** What {@link distance} is on average where both are dealt at random from the same cells: a distance like it is none. */
  readonly byChance: number | undefined;
  /** Share of the held-out cells that are missing, and of the samples'. */
  readonly missing: {
    /** Of the held-out cells. */
    readonly test: number;
    /** Of the samples. */
    readonly samples: number;
  };
}

/** Times that the cells are dealt anew. */
const deals = 20;

/** Sorted numbers of two lists of such. */
function merged(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  for (let i = 0, j = 0; i + j < all.length; )
    all[i + j] = j === b.length || (i < a.length && a[i]! <= b[j]!) ? a[i++]! : b[j++]!;
  return all;
}

/** Differences of the distribution functions, F - G, between neighboring values, with the distances of these. */
function differences(
  first: Float64Array,
  second: Float64Array,
): { heights: Float64Array; widths: Float64Array } {
  const [a, b] = [first.slice().sort(), second.slice().sort()];
  const all = merged(a, b);
  const heights = new Float64Array(all.length - 1);
  const widths = new Float64Array(all.length - 1);
  let [i, j] = [0, 0];
  for (let k = 0; k < all.length - 1; k++) {
    while (i < a.length && a[i]! <= all[k]!) i++;
    while (j < b.length && b[j]! <= all[k]!) j++;
    heights[k] = i / a.length - j / b.length;
    widths[k] = all[k + 1]! - all[k]!;
  }
  return { heights, widths };
}

/** The Wasserstein distance of two sets of numbers, neither empty. O(n log n). */
export function wasserstein(first: Float64Array, second: Float64Array): number {
  const { heights, widths } = differences(first, second);
  return heights.reduce((sum, height, k) => sum + Math.abs(height) * widths[k]!, 0);
}

/** The Wasserstein distance of two sets of angles, neither empty, in the units of the turn. O(n log n). */
export function circularWasserstein(first: Float64Array, second: Float64Array, turn: number): number {
  const wrap = (values: Float64Array): Float64Array =>
    values.map((value) => value - turn * Math.floor(value / turn));
  const { heights, widths } = differences(wrap(first), wrap(second));
  // Beyond all values, around the end of the turn, F - G is 0. Another cut adds a constant; the median makes the integral least.
  const rest = turn - widths.reduce((sum, width) => sum + width, 0);
  const pieces = [[0, rest] as const, ...Array.from(heights, (height, k) => [height, widths[k]!] as const)];
  pieces.sort(([a], [b]) => a - b);
  let below = 0;
  const [middle] = pieces.find(([, width]) => {
    below += width;
    return below >= turn / 2;
  })!;
  return pieces.reduce((sum, [height, width]) => sum + Math.abs(height - middle) * width, 0);
}

/** Half of the sum of the differences of the shares. */
export function totalVariation(first: Float64Array, second: Float64Array): number {
  const shares = new Map<number, number>();
  for (const level of first) shares.set(level, (shares.get(level) ?? 0) + 1 / first.length);
  for (const level of second) shares.set(level, (shares.get(level) ?? 0) - 1 / second.length);
  let sum = 0;
  for (const share of shares.values()) sum += Math.abs(share) / 2;
  return sum;
}

/** Standard deviation of numbers, or 1 where they are all the same: then the distance is in the column's units. */
function spreadOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0)) || 1;
}

/** Standard deviation around the circle: of the distances from the mean direction. */
function angularSpread(values: Float64Array, turn: number): number {
  const unit = (2 * Math.PI) / turn;
  const sum = (f: (x: number) => number): number =>
    values.reduce((total, value) => total + f(unit * value), 0);
  const mean = Math.atan2(sum(Math.sin), sum(Math.cos)) / unit;
  return spreadOf(values.map((value) => value - mean - turn * Math.round((value - mean) / turn)));
}

function distanceOf({ schema, type }: ComparedColumn, first: Float64Array, second: Float64Array): number {
  if (type === "levels") return totalVariation(first, second);
  return type === "angles" ? circularWasserstein(first, second, turnOf(schema)) : wasserstein(first, second);
}

/** Distances column by column, in the order of the columns. O(rows log rows) per column. */
export function marginalDistances(
  columns: readonly ComparedColumn[],
  key: RandomKey,
): readonly MarginalDistance[] {
  const stream = new RandomStream(key);
  return columns.map((column): MarginalDistance => {
    const { schema, type } = column;
    const [test, samples] = [present(column.test), present(column.samples)];
    const missing = { test: missingShare(column.test), samples: missingShare(column.samples) };
    const measure = type === "levels" ? "total variation" : "wasserstein";
    if (test.length === 0 || samples.length === 0)
      return { column: schema.name, measure, distance: undefined, byChance: undefined, missing };
    const unit =
      type === "levels" ? 1 : type === "angles" ? angularSpread(test, turnOf(schema)) : spreadOf(test);
    const all = Float64Array.from([...test, ...samples]);
    let byChance = 0;
    for (let deal = 0; deal < deals; deal++) {
      const order = stream.permutation(all.length);
      const dealt = pickCells(all, order);
      byChance += distanceOf(column, dealt.slice(0, test.length), dealt.slice(test.length)) / unit / deals;
    }
    return {
      column: schema.name,
      measure,
      distance: distanceOf(column, test, samples) / unit,
      byChance,
      missing,
    };
  });
}
