/**
 * Counts among sorted numbers, by halving: O(log n).
 *
 * @module
 */

/** How many of some numbers in ascending order are below a number, or with `orEqual` at most it. */
export function countBelow(sorted: Float64Array, number: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < number || (orEqual && sorted[middle] === number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
