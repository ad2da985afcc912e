/**
 * The static plan of a tile's memory: each value gets a place for as long as something will read it.
 *
 * @module
 */

import type { Pieces } from "../../platform/pieces.ts";
import { type Kernel, resultsOf } from "../kernels.ts";
import type { Argument, Item, Stride, ValueId } from "../plan.ts";

/** Offsets of values in an arena, and its size, in bytes. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<ValueId, number>;
  readonly bytes: number;
}

/** What there is to know of values and kernels. */
export interface MemoryFacts {
  /** Whether the value is in the arena. */
  isOfRows(value: ValueId): boolean;
  /** The value that one is a slice of, and the loops whose rounds have each another slice; itself if it is none. */
  holderOf(value: ValueId): { readonly value: ValueId; readonly strides: readonly Stride[] };
  /** Its size, a multiple of 16. */
  arenaBytesOf(value: ValueId): number;
  readonly kernels: readonly Kernel[];
}

/** Places the values that the items write. What a loop reads from outside lives until the loop has ended. */
export function* planMemory(items: readonly Item[], facts: MemoryFacts): Pieces<MemoryPlan> {
  const first = new Map<ValueId, number>();
  const last = new Map<ValueId, number>();
  /** By loop, what has another slice in each of its rounds. */
  const inRounds = new Map<number, Set<ValueId>>();
  let time = 0;
  const touch = (argument: Argument | undefined, values: Set<ValueId>): void => {
    if (argument?.kind !== "value" || !facts.isOfRows(argument.value)) return;
    const { value, strides } = facts.holderOf(argument.value);
    for (const { loop } of strides) {
      const inLoop = inRounds.get(loop) ?? new Set();
      inRounds.set(loop, inLoop.add(value));
    }
    if (!first.has(value)) first.set(value, time);
    last.set(value, time);
    values.add(value);
  };
  const walk = (list: readonly Item[]): Set<ValueId> => {
    const values = new Set<ValueId>();
    for (const item of list) {
      if ("items" in item) {
        const start = time;
        const innerValues = walk(item.until ? [...item.items, item.until] : item.items);
        for (const value of innerValues) {
          values.add(value);
          // Made before the loop: a later round reads it again.
          if ((first.get(value) ?? Number.POSITIVE_INFINITY) < start) last.set(value, time);
        }
        // What a round leaves for others to come is there from the first round to the last.
        for (const value of (item.scan && inRounds.get(item.scan.loop)) ?? []) {
          first.set(value, Math.min(first.get(value)!, start));
          last.set(value, time);
        }
        time++;
        continue;
      }
      const [firstResult, end] = resultsOf(facts.kernels[item.kernel]!);
      const { arguments: args } = item;
      // What is written first.
      for (let i = firstResult; i < end; i++) touch(args[i], values);
      for (let i = 0; i < args.length; i++) if (i < firstResult || i >= end) touch(args[i], values);
      time++;
    }
    return values;
  };
  walk(items);
  yield;

  const offsets = new Map<ValueId, number>();
  /** In the order of their offsets. */
  let live: { readonly offset: number; readonly end: number; readonly last: number }[] = [];
  let bytes = 0;
  for (const [value, start] of [...first].sort((a, b) => a[1] - b[1])) {
    yield;
    live = live.filter((other) => other.last >= start);
    const size = facts.arenaBytesOf(value);
    let offset = 0;
    let place = 0;
    for (; place < live.length && live[place]!.offset - offset < size; place++)
      offset = Math.max(offset, live[place]!.end);
    offsets.set(value, offset);
    live.splice(place, 0, { offset, end: offset + size, last: last.get(value)! });
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes };
}
