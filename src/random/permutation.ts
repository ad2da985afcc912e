/**
 * Random orders.
 *
 * @module
 */

import { refuse } from "../options.ts";
import type { RandomStream } from "./philox.ts";

/** Numbers that are placed between two pauses: less than a hundredth of a second. */
const stride = 2 ** 15;

/**
 * A random order of 0 .. n-1, each of the n! equally likely (Fisher-Yates), with pauses: of ten million numbers it takes seconds.
 *
 * @throws UsageError if `n` is not a whole number from 0 to 2^32 - 1.
 */
export function* permutationInPieces(stream: RandomStream, n: number): Generator<void, Uint32Array, void> {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 32) {
    refuse("random", "the length of a permutation", "a whole number from 0", n);
  }
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = stream.integerBelow(i + 1);
    const item = order[i]!;
    order[i] = order[j]!;
    order[j] = item;
    if (i % stride === 0) yield;
  }
  return order;
}
