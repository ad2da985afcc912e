/**
 * Where a map takes its numbers from and where it brings them to.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** The numbers between two ends; an infinite end is none. */
export type Interval = readonly [low: number, high: number];

/** All numbers: what a map without a declaration takes and gives. */
export const realLine: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Whether all numbers of one interval are in another. */
export function isWithin([low, high]: Interval, [least, most]: Interval): boolean {
  return least <= low && high <= most;
}

/** As messages write it: `numbers above 0`, `numbers from -1 to 1`, `any number`. */
export function writtenInterval([low, high]: Interval): string {
  if (high < Number.POSITIVE_INFINITY) return `numbers from ${low} to ${high}`;
  return low > Number.NEGATIVE_INFINITY ? `numbers above ${low}` : "any number";
}

/** What declares where it takes its numbers from, in forward direction, and where it brings them to. */
export interface Declared {
  readonly type: string;
  readonly domain?: Interval | undefined;
  readonly codomain?: Interval | undefined;
}

/**
 * Refuses a map that does not take what another gives to it, in forward direction.
 * @throws UsageError that names both.
 */
export function checkFits(where: string, first: Declared, second: Declared): void {
  const [given, taken] = [first.codomain ?? realLine, second.domain ?? realLine];
  if (!isWithin(given, taken)) throw misfit(where, first.type, given, second.type, taken);
}

/** The error of a map that does not take what another gives to it. */
export function misfit(
  where: string,
  first: string,
  given: Interval | string,
  second: string,
  taken: Interval | string,
): UsageError {
  const written = (what: Interval | string): string =>
    typeof what === "string" ? what : writtenInterval(what);
  return new UsageError({
    where,
    subject: `what comes before ${second}`,
    expected: `a map to ${written(taken)}`,
    received: `${first}, to ${written(given)}`,
  });
}
