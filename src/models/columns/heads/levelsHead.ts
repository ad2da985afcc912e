/**
 * The head of categorical, ordinal and boolean columns: a softmax.
 *
 * Of many levels the rare ones share a bucket, in which each has its share of the rows; a level's log-mass is that of its bucket and of
 * its share in it, so that the masses of ten thousand levels add up to 1 while the network gives a few numbers.
 *
 * @module
 */

import * as g from "../../../graph/ops.ts";
import { meanProbabilities } from "../members.ts";
import type { ColumnHead, ValueDistribution } from "./columnHead.ts";
import { logSumOfRows } from "./logSums.ts";

/** Options of {@link levelsHead}. */
export interface LevelsHeadOptions {
  /** The bucket of each level, from 0. */
  readonly buckets: readonly number[];
  /** Share of each level in its bucket; those of a bucket add up to 1. */
  readonly shares: readonly number[];
  /** Share of each bucket, above 0. */
  readonly start: readonly number[];
  /** Probability of a level that no row of the fit had, for scores that allow for one; absent in older files. */
  readonly unseen?: number | undefined;
}

/** A softmax over levels. */
export function levelsHead({ buckets, shares, start, unseen }: LevelsHeadOptions): ColumnHead {
  const count = start.length;
  const logShares = Float64Array.from(shares, Math.log);
  /** Levels of each bucket, and the shares before each in its bucket. */
  const members: number[][] = Array.from({ length: count }, () => []);
  const shareBefore = new Float64Array(buckets.length);
  const sums = new Float64Array(count);
  buckets.forEach((bucket, level) => {
    members[bucket]!.push(level);
    shareBefore[level] = sums[bucket]!;
    sums[bucket]! += shares[level]!;
  });
  return {
    group: `levels ${count}`,
    parameters: count,
    shared: 0,
    targets: count,
    features: count,
    indicators: [0, count],
    unseen,
    start: Float64Array.from(start, Math.log),
    encode(level, targets, targetStart, features, featureStart) {
      const bucket = buckets[level];
      if (bucket === undefined) return Number.NEGATIVE_INFINITY;
      targets[targetStart + bucket] = 1;
      features[featureStart + bucket] = 1;
      return logShares[level]!;
    },
    encodeNothing(targets, targetStart) {
      targets[targetStart] = 1;
    },
    logProb: (targets, parameters) => g.sub(g.sum(g.mul(targets, parameters), 1), logSumOfRows(parameters)),
    distribution: (parameters, weights) =>
      levelsDistribution(meanProbabilities(parameters, weights), { buckets, shares, shareBefore, members }),
    toJSON: () => ({ type: "levels", buckets, shares, start, ...(unseen === undefined ? {} : { unseen }) }),
  };
}

function levelsDistribution(
  masses: Float64Array,
  {
    buckets,
    shares,
    shareBefore,
    members,
  }: {
    readonly buckets: readonly number[];
    readonly shares: readonly number[];
    readonly shareBefore: Float64Array;
    readonly members: readonly (readonly number[])[];
  },
): ValueDistribution {
  const below = new Float64Array(masses.length + 1);
  const above = new Float64Array(masses.length + 1);
  for (let k = 0; k < masses.length; k++) below[k + 1] = below[k]! + masses[k]!;
  for (let k = masses.length; k > 0; k--) above[k - 1] = above[k]! + masses[k - 1]!;
  /** The logit at a share of a bucket: below it are `part` of its mass. */
  const logit = (bucket: number, shareBelow: number, shareAbove: number): number => {
    const mass = masses[bucket]!;
    return Math.log(below[bucket]! + shareBelow * mass) - Math.log(above[bucket + 1]! + shareAbove * mass);
  };
  const ends = (level: number): readonly [number, number] => {
    const bucket = buckets[level]!;
    const levels = members[bucket]!;
    const isFirst = levels[0] === level;
    const isLast = levels[levels.length - 1] === level;
    const low = shareBefore[level]!;
    const high = isLast ? 1 : low + shares[level]!;
    return [
      isFirst ? logit(bucket, 0, 1) : logit(bucket, low, 1 - low),
      isLast ? logit(bucket, 1, 0) : logit(bucket, high, 1 - high),
    ];
  };
  return {
    interval: ends,
    quantile(value) {
      let low = 0;
      let high = masses.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (logit(middle, 0, 1) <= value) low = middle;
        else high = middle - 1;
      }
      // A bucket without a member, or of no mass, has no interval of its own.
      while (low > 0 && (members[low]!.length === 0 || masses[low] === 0)) low--;
      const levels = members[low]!;
      let [first, last] = [0, levels.length - 1];
      while (first < last) {
        const middle = (first + last + 1) >> 1;
        if (ends(levels[middle]!)[0] <= value) first = middle;
        else last = middle - 1;
      }
      return levels[first]!;
    },
  };
}
