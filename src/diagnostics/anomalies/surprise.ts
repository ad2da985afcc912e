/**
 * How surprising a number is beside numbers of ordinary rows, in nats: minus the logarithm of the probability of one at least as large.
 *
 * Up to the 95th percentile it is that of the sample; beyond it the tail is taken to be exponential, with the mean excess of the sample
 * there, so that numbers beyond all of the sample still differ. It grows with the number, so that it keeps the order of rows.
 *
 * @module
 */

import { countBelow } from "../../numerics/countBelow.ts";

/** Share of the sample that lies in the tail. */
const tailShare = 0.05;
/** Nothing is more surprising: the logarithm of the least probability that a double holds. */
const largestSurprise = 700;

/**
 * The surprise of numbers beside a sample.
 * @param sample - Twenty numbers or more; none of them is infinite.
 */
export function surpriseBeside(sample: Float64Array): (number: number) => number {
  const sorted = sample.slice().sort();
  const n = sorted.length;
  const tailStart = Math.min(n - 1, Math.floor((1 - tailShare) * n));
  const threshold = sorted[tailStart]!;
  const meanExcess =
    sorted.subarray(tailStart).reduce((sum, value) => sum + (value - threshold), 0) / (n - tailStart);
  const atThreshold = -Math.log(tailShare);
  return (number) => {
    if (number > threshold)
      // Where the tail of the sample is one number, any larger one is beyond it.
      return Math.min(
        largestSurprise,
        meanExcess > 0 ? atThreshold + (number - threshold) / meanExcess : largestSurprise,
      );
    return Math.min(atThreshold, -Math.log((n - countBelow(sorted, number, false) + 0.5) / (n + 1)));
  };
}
