/**
 * Clusters to start expectation-maximization from: greedy k-means++ and a few steps of Lloyd's algorithm.
 *
 * D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
 *
 * @module
 */

import type { Pieces } from "../../platform/pieces.ts";
import type { RandomStream } from "../../random/philox.ts";
import type { Weights } from "./mixtureDensity.ts";
import { clusterMoments, type Moments } from "./mixtureSteps.ts";

/** Squared distances of rows to each of two centers, times their weights, or what they are at least, where that is less. */
function* nearerDistances(
  rows: Float64Array,
  first: Float64Array,
  second: Float64Array,
  weights: Weights,
  nearest: Float64Array,
): Pieces<readonly [Nearest, Nearest]> {
  const width = first.length;
  const [a, b] = [new Float64Array(nearest.length), new Float64Array(nearest.length)];
  let aSum = 0;
  let bSum = 0;
  for (let row = 0, at = 0; row < nearest.length; row++) {
    if (row % pieceRows === 0) yield;
    let toFirst = 0;
    let toSecond = 0;
    for (let i = 0; i < width; i++, at++) {
      const x = rows[at]!;
      const p = x - first[i]!;
      const q = x - second[i]!;
      toFirst += p * p;
      toSecond += q * q;
    }
    const weight = weights === undefined ? 1 : weights[row]!;
    const least = nearest[row]!;
    const aLeast = Math.min(weight * toFirst, least);
    const bLeast = Math.min(weight * toSecond, least);
    a[row] = aLeast;
    b[row] = bLeast;
    aSum += aLeast;
    bSum += bLeast;
  }
  return [
    { center: first, distances: a, sum: aSum },
    { center: second, distances: b, sum: bSum },
  ];
}

/** Rows that are looked at between two pauses. */
const pieceRows = 2 ** 12;

/** What is left when a center joins those before: for each row the weighted squared distance to the nearest, and their sum. */
interface Nearest {
  readonly center: Float64Array;
  readonly distances: Float64Array;
  readonly sum: number;
}

/**
 * Centers by k-means++: each next one is a row drawn in proportion to its weight times its squared distance to those
 * before; of a few such draws the one that leaves the least sum of these, so that fewer clusters are missed.
 */
function* spreadCenters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Pieces<Float64Array[]> {
  const total = rows.length / width;
  const rowAt = (row: number): Float64Array => rows.slice(row * width, (row + 1) * width);
  const draws = 2 + Math.floor(Math.log(count));
  const first = rowAt(weights ? drawnRow(weights, total, stream) : stream.integerBelow(total));
  const far = new Float64Array(total).fill(Number.POSITIVE_INFINITY);
  let [best] = yield* nearerDistances(rows, first, first, weights, far);
  const centers = [first];
  while (centers.length < count) {
    const drawn = Array.from({ length: draws }, () => rowAt(drawnRow(best.distances, best.sum, stream)));
    const { distances } = best;
    const starts: Nearest[] = [];
    // Two at a time: each row is read once for both.
    for (let at = 0; at < draws; at += 2)
      starts.push(
        ...(yield* nearerDistances(rows, drawn[at]!, drawn[at + 1] ?? drawn[at]!, weights, distances)),
      );
    best = starts.reduce((least, start) => (start.sum < least.sum ? start : least));
    centers.push(best.center);
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
export function* clusters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Pieces<Moments> {
  const total = rows.length / width;
  const spread = yield* spreadCenters(rows, width, count, stream, weights);
  const centers = new Float64Array(count * width);
  spread.forEach((center, k) => {
    centers.set(center, k * width);
  });
  const cluster = new Int32Array(total);
  for (let step = 0; ; step++) {
    yield* assign(rows, width, centers, cluster);
    if (step === lloydSteps) return clusterMoments(rows, width, count, cluster, weights);
    const mass = new Float64Array(count);
    const sums = new Float64Array(count * width);
    for (let row = 0; row < total; row++) {
      if (row % pieceRows === 0) yield;
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
function* assign(
  rows: Float64Array,
  width: number,
  centers: Float64Array,
  cluster: Int32Array,
): Pieces<void> {
  const count = centers.length / width;
  const padded = 4 * Math.ceil(count / 4);
  const slopes = new Float64Array(padded * width);
  slopes.set(centers);
  const levels = new Float64Array(padded).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < count; k++) {
    levels[k] = 0;
    for (let i = k * width; i < (k + 1) * width; i++) levels[k]! -= 0.5 * centers[i]! ** 2;
  }
  const total = cluster.length;
  // Two rows at a time; a last one alone goes twice.
  for (let row = 0; row < total; row += 2) {
    if (row % pieceRows === 0) yield;
    const from = row * width;
    const next = row + 1 < total ? from + width : from;
    let best = 0;
    let nextBest = 0;
    let highest = Number.NEGATIVE_INFINITY;
    let nextHighest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < padded; k += 4) {
      let a = levels[k]!;
      let b = levels[k + 1]!;
      let c = levels[k + 2]!;
      let d = levels[k + 3]!;
      let p = a;
      let q = b;
      let r = c;
      let s = d;
      const at0 = k * width;
      const at1 = at0 + width;
      const at2 = at1 + width;
      const at3 = at2 + width;
      for (let i = 0; i < width; i++) {
        const x = rows[from + i]!;
        const y = rows[next + i]!;
        const h0 = slopes[at0 + i]!;
        const h1 = slopes[at1 + i]!;
        const h2 = slopes[at2 + i]!;
        const h3 = slopes[at3 + i]!;
        a += x * h0;
        p += y * h0;
        b += x * h1;
        q += y * h1;
        c += x * h2;
        r += y * h2;
        d += x * h3;
        s += y * h3;
      }
      if (a > highest) [best, highest] = [k, a];
      if (b > highest) [best, highest] = [k + 1, b];
      if (c > highest) [best, highest] = [k + 2, c];
      if (d > highest) [best, highest] = [k + 3, d];
      if (p > nextHighest) [nextBest, nextHighest] = [k, p];
      if (q > nextHighest) [nextBest, nextHighest] = [k + 1, q];
      if (r > nextHighest) [nextBest, nextHighest] = [k + 2, r];
      if (s > nextHighest) [nextBest, nextHighest] = [k + 3, s];
    }
    cluster[row] = best;
    if (row + 1 < total) cluster[row + 1] = nextBest;
  }
}
