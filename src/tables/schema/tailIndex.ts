/**
 * Heavy tails: the Hill estimate.
 *
 * @module
 */

/** How heavy a tail is. */
export interface TailIndex {
  /**
   * Tail index a: beyond a point the probability of more than x falls as x^-a. A variance is finite above 2, a mean above 1; a
   * normal tail has none, and is told as a large one.
   */
  readonly index: number;
  /** Its standard error. */
  readonly standardError: number;
  /** Largest values that it was estimated from. */
  readonly values: number;
}

/** Fewer values beyond the point say too little. */
const leastValues = 20;

/**
 * Hill's estimate of the tail index of the upper tail, from the largest values around the median: the square root of their
 * number times 2, a tenth of them at most. Undefined where they are too few, or all equal.
 * @param sorted - Finite values in ascending order; of the lower tail, negated and turned round.
 * @see Hill (1975), Annals of Statistics 3, 1163.
 */
export function tailIndex(sorted: Float64Array): TailIndex | undefined {
  const n = sorted.length;
  const count = Math.min(Math.floor(n / 10), Math.floor(2 * Math.sqrt(n)));
  if (count < leastValues) return undefined;
  const center = sorted[n >> 1]!;
  const threshold = sorted[n - 1 - count]! - center;
  if (!(threshold > 0)) return undefined;
  let sum = 0;
  for (let i = n - count; i < n; i++) sum += Math.log((sorted[i]! - center) / threshold);
  if (!(sum > 0)) return undefined;
  const index = count / sum;
  return { index, standardError: index / Math.sqrt(count), values: count };
}
