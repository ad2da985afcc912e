/**
 * Clusters to start expectation-maximization from: greedy k-means++ and a few steps of Lloyd's algorithm.
 *
 * D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
 *
 * @module
 */

import type { RandomStream } from "../../random/philox.ts";
import type { Weights } from "./mixtureDensity.ts";
import { clusterMoments, type Moments } from "./mixtureSteps.ts";

function squaredDistance(rows: Float64Array, row: number, center: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = row * center.length; i < center.length; i++, at++)
    sum += (rows[at]! - center[i]!) ** 2;
  return sum;
}

/**
 * Centers by k-means++: each next one is a row drawn in proportion to its weight times its squared distance to those
 * before; of a few such draws the one that leaves the least sum of these, so that fewer clusters are missed.
 */
function spreadCenters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Float64Array[] {
  const total = rows.length / width;
  const rowAt = (row: number): Float64Array => rows.slice(row * width, (row + 1) * width);
  const draws = 2 + Math.floor(Math.log(count));
  let nearest: Float64Array = new Float64Array(total).fill(Number.POSITIVE_INFINITY);
  const distancesWith = (center: Float64Array): { readonly nearest: Float64Array; readonly sum: number } => {
    const own = new Float64Array(total);
    let sum = 0;
    for (let row = 0; row < total; row++) {
      const distance = (weights === undefined ? 1 : weights[row]!) * squaredDistance(rows, row, center);
      const least = nearest[row]!;
      own[row] = Math.min(distance, least);
      sum += own[row]!;
    }
    return { nearest: own, sum };
  };
  const centers = [rowAt(weights ? drawnRow(weights, total, stream) : stream.integerBelow(total))];
  let { nearest: first, sum } = distancesWith(centers[0]!);
  nearest = first;
  while (centers.length < count) {
    let best:
      | { readonly center: Float64Array; readonly nearest: Float64Array; readonly sum: number }
      | undefined;
    for (let draw = 0; draw < draws; draw++) {
      const center = rowAt(drawnRow(nearest, sum, stream));
      const own = distancesWith(center);
      if (!best || own.sum < best.sum) best = { center, ...own };
    }
    centers.push(best!.center);
    ({ nearest, sum } = best!);
  }
  return centers;
}

/** A row drawn in proportion to its share of a sum. */
function drawnRow(shares: Float64Array, sum: number, stream: RandomStream): number {
  let left = stream.uniform() * sum;
  let chosen = 0;
  while (chosen < shares.length - 1 && (left -= shares[chosen]!) > 0) chosen++;
  return chosen;
}

/** Steps of Lloyd's algorithm before EM; EM does the rest. */
const lloydSteps = 6;

/** Moments of the clusters that k-means finds. */
export function clusters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Moments {
  const total = rows.length / width;
  const spread = spreadCenters(rows, width, count, stream, weights);
  const centers = new Float64Array(count * width);
  spread.forEach((center, k) => {
    centers.set(center, k * width);
  });
  const cluster = new Int32Array(total);
  for (let step = 0; ; step++) {
    assign(rows, width, centers, cluster);
    if (step === lloydSteps) return clusterMoments(rows, width, count, cluster, weights);
    const mass = new Float64Array(count);
    const sums = new Float64Array(count * width);
    for (let row = 0; row < total; row++) {
      const weight = weights === undefined ? 1 : weights[row]!;
      const k = cluster[row]!;
      mass[k]! += weight;
      for (let i = 0; i < width; i++) sums[k * width + i]! += weight * rows[row * width + i]!;
    }
    // A center without rows stays where it is.
    for (let k = 0; k < count; k++)
      if (mass[k]! > 0) for (let i = k * width; i < (k + 1) * width; i++) centers[i] = sums[i]! / mass[k]!;
  }
}

/** The nearest center of each row: that of the largest x . c - |c|^2 / 2, four centers at a time. */
function assign(rows: Float64Array, width: number, centers: Float64Array, cluster: Int32Array): void {
  const count = centers.length / width;
  const padded = 4 * Math.ceil(count / 4);
  const slopes = new Float64Array(padded * width);
  slopes.set(centers);
  const levels = new Float64Array(padded).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < count; k++) {
    levels[k] = 0;
    for (let i = k * width; i < (k + 1) * width; i++) levels[k]! -= 0.5 * centers[i]! ** 2;
  }
  for (let row = 0; row < cluster.length; row++) {
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < padded; k += 4) {
      let a = levels[k]!;
      let b = levels[k + 1]!;
      let c = levels[k + 2]!;
      let d = levels[k + 3]!;
      const from = row * width;
      const at = k * width;
      for (let i = 0; i < width; i++) {
        const x = rows[from + i]!;
        a += x * slopes[at + i]!;
        b += x * slopes[at + width + i]!;
        c += x * slopes[at + 2 * width + i]!;
        d += x * slopes[at + 3 * width + i]!;
      }
      if (a > highest) [best, highest] = [k, a];
      if (b > highest) [best, highest] = [k + 1, b];
      if (c > highest) [best, highest] = [k + 2, c];
      if (d > highest) [best, highest] = [k + 3, d];
    }
    cluster[row] = best;
  }
}
