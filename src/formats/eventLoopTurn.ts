/**
 * Lets timers, messages and signals in between two pieces of a long computation.
 *
 * @module
 */

import { nextTurn } from "../platform/platform.ts";

/** Milliseconds that a computation may take before it lets others in. */
const turnMs = 10;

let last = 0;

/** Resolves at once where the last turn is recent, else after the event loop has had one. */
export async function eventLoopTurn(): Promise<void> {
  if (performance.now() - last < turnMs) return;
  await nextTurn();
  last = performance.now();
}
