/**
 * The calls of a plan.
 *
 * @module
 */

import type { Call, Item, Plan } from "../plan.ts";

/** The calls of a tile, those of loops once. */
export function* callsOf(items: readonly Item[]): Generator<Call> {
  for (const item of items) {
    if (!("items" in item)) yield item;
    else {
      yield* callsOf(item.items);
      if (item.until) yield item.until;
    }
  }
}

/** All calls of a plan. */
export function* allCalls({ prologue, tile, epilogue, updates }: Plan): Generator<Call> {
  for (const level of prologue) yield* level;
  yield* callsOf(tile);
  for (const level of [...epilogue, ...updates]) yield* level;
}
