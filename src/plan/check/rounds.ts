/**
 * Which numbers further an operand is in the rounds of the loops around it.
 *
 * @module
 */

import type { Item, Loop, Plan, Stride } from "../plan.ts";

/** The loops of a plan by the numbers that slices name them by. */
export function loopsOf({ tile }: Plan): Map<number, Loop> {
  const loops = new Map<number, Loop>();
  const walk = (items: readonly Item[]): void => {
    for (const item of items) {
      if (!("items" in item)) continue;
      if (item.scan) loops.set(item.scan.loop, item);
      walk(item.items);
    }
  };
  walk(tile);
  return loops;
}

/** All that strides come to, in all rounds of their loops, or in those rounds that some loops are at. */
export function offsetsOf(
  loops: ReadonlyMap<number, Loop>,
  strides: readonly Stride[],
  at: ReadonlyMap<number, number> = new Map(),
): number[] {
  const offsets = new Set<number>();
  const walk = (next: number, offset: number, rounds: ReadonlyMap<number, number>): void => {
    const stride = strides[next];
    if (!stride) {
      offsets.add(offset);
      return;
    }
    const { iterations, scan } = loops.get(stride.loop)!;
    const last = scan?.last;
    const count = last && rounds.get(last.loop) === last.round ? last.iterations : iterations;
    // A loop that goes back begins with the last round that it has.
    const only = at.has(stride.loop) ? Math.min(at.get(stride.loop)!, count - 1) : undefined;
    for (let round = Math.max(only ?? 0, 0); round < (only === undefined ? count : only + 1); round++)
      walk(next + 1, offset + round * stride.numbers, new Map([...rounds, [stride.loop, round]]));
  };
  walk(0, 0, new Map());
  return [...offsets];
}
