/**
 * How surprising a number is beside numbers of ordinary rows, in nats: minus the logarithm of the probability of one at least as large.
 *
 * Up to the 95th percentile it is that of the sample; beyond it the tail is taken to be exponential, with the mean excess of the sample
 * there, so that numbers beyond all of the sample still differ. It grows with the number, so that it keeps the order of rows.
 *
 * @module
 */

/** Share of the sample that lies in the tail. */
const tail = 0.05;
/** Nothing is more surprising: the logarithm of the least probability that a double holds. */
const largestSurprise = 700;

/**
 * The surprise of numbers beside a sample.
 * @param sample - Twenty numbers or more; none of them is infinite.
 */
export function surpriseBeside(sample: Float64Array): (number: number) => number {
  const sorted = sample.slice().sort();
  const n = sorted.length;
  const first = Math.min(n - 1, Math.floor((1 - tail) * n));
  const threshold = sorted[first]!;
  const excess = sorted.subarray(first).reduce((sum, value) => sum + (value - threshold), 0) / (n - first);
  const atThreshold = -Math.log(tail);
  return (number) => {
    if (number > threshold)
      // Where the tail of the sample is one number, any larger one is beyond it.
      return Math.min(
        largestSurprise,
        excess > 0 ? atThreshold + (number - threshold) / excess : largestSurprise,
      );
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return Math.min(atThreshold, -Math.log((n - low + 0.5) / (n + 1)));
  };
}
