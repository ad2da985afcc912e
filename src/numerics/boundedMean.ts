/**
 * The mean by which held-out rows choose: one in which no row decides alone.
 *
 * Under a density with normal tails a row far out has a log-density of minus hundreds. Whether it falls among the held-out
 * rows is chance, and if it does, the plain mean asks for nothing but how far out it is.
 *
 * @module
 */

/** Nats below the median beyond which all rows count the same: e^-20 is rarer than any table can tell. */
const reach = 20;

/** Weighted mean of log-densities, none counted lower than {@link reach} below their median. O(n log n). */
export function boundedMean(logDensities: Float64Array, weights: Float64Array | undefined): number {
  const median = logDensities.slice().sort()[logDensities.length >> 1]!;
  let sum = 0;
  let total = 0;
  for (let row = 0; row < logDensities.length; row++) {
    const weight = weights ? weights[row]! : 1;
    sum += weight * Math.max(median - reach, logDensities[row]!);
    total += weight;
  }
  return sum / total;
}
