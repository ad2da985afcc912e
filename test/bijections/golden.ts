/**
 * Reads golden values: numbers from sources that share no code with this library, written by `golden/make.py`.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** The contents of `test/golden/<name>.json`. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8")) as T;
}

/** The raw value that a soft clip to +-limit takes to `clipped`. */
export function unclip(clipped: number, limit: number): number {
  return clipped / (1 - Math.abs(clipped) / limit);
}

/** Fails at the first pair that differs by more than `tolerance(i)`, and shows it. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ((i: number) => number),
): void {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} numbers where ${expected.length} are expected`);
  for (let i = 0; i < expected.length; i++) {
    const bound = typeof tolerance === "number" ? tolerance : tolerance(i);
    const error = Object.is(actual[i], expected[i]) ? 0 : Math.abs(actual[i]! - expected[i]!);
    if (!(error <= bound))
      throw new Error(`number ${i}: ${actual[i]} for ${expected[i]}, off by ${error}, tolerance ${bound}`);
  }
}
