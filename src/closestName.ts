/**
 * Names there are, for a message about one that there is not.
 *
 * @module
 */

import { UsageError } from "./errors.ts";

/** @throws UsageError for what is not a list of strings. */
function checkNames(where: string, names: unknown): void {
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return;
  throw new UsageError({ where, subject: "names", expected: "an array of strings", received: typeof names });
}

/**
 * The least number of letters to insert, delete or replace, or of neighbors to exchange (optimal string alignment).
 * O(a.length b.length).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchanged = isExchanged ? before[j - 2]! + 1 : replaced;
      current.push(Math.min(replaced, exchanged, previous[j]! + 1, current[j - 1]! + 1));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * The name most like `wanted`, or undefined where none is close enough to be a slip of the keyboard: at most
 * a third of the letters differ (one in a short name, of a single letter none), capitals not counted. A name of more than 200 letters is not
 * looked at: two of 10,000 take a second.
 */
export function closestName(wanted: string, names: readonly string[]): string | undefined {
  checkNames("closestName", names);
  if (typeof wanted !== "string")
    throw new UsageError({
      where: "closestName",
      subject: "wanted",
      expected: "a string",
      received: typeof wanted,
    });
  const target = wanted.toLowerCase();
  let best: string | undefined;
  // With one letter exchanged, any name of a single letter would be like any other.
  let most = Math.min(Math.max(1, wanted.length / 3), wanted.length - 1);
  for (const name of names) {
    if (name[200]) continue;
    const distance = editDistance(target, name.toLowerCase());
    if (distance <= most) {
      best = name;
      most = distance - 1;
    }
  }
  return best;
}

/** How many names a message lists before it says how many more there are. */
const listed = 20;

/** `a, b, c`, or the first twenty and `and 5 more`. */
export function listNames(names: readonly string[]): string {
  checkNames("listNames", names);
  if (names.length <= listed) return names.join(", ");
  return `${names.slice(0, listed).join(", ")} and ${names.length - listed} more`;
}
