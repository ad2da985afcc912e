/**
 * The static plan of a tile's memory: each value gets a place for as long as something will read it.
 *
 * @module
 */

import type { Expr, ScanExpr } from "../../../graph/expr.ts";
import type { FunctionIndex } from "../emit/assembler.ts";

/** An argument of a kernel call. */
export type Argument =
  | { readonly kind: "value"; readonly owner: Expr; readonly bytes: number }
  | {
      readonly kind: "slice";
      readonly owner: Expr;
      readonly bytes: number;
      /** What each round of a scan adds to the address; two where a scan's slice is what a scan inside of it has stacked. */
      readonly strides: readonly { readonly scan: Expr; readonly bytes: number }[];
    }
  | { readonly kind: "shard"; readonly bytes: number }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "control"; readonly bytes: number }
  | { readonly kind: "parameter"; readonly name: "indices" | "count" | "position" };

/** One kernel call of a tile. */
export interface Call {
  readonly kernel: FunctionIndex;
  readonly arguments: readonly Argument[];
  readonly reads: readonly Expr[];
  readonly writes: readonly Expr[];
}

/** Calls repeated a number of times. */
export interface Loop {
  readonly iterations: number;
  /** Called after each round; a result other than 0 ends the loop. */
  readonly until?: Call | undefined;
  /** The scan whose slices the calls read: address arguments of kind `slice` move on in each round. */
  readonly scan?: ScanExpr | undefined;
  readonly items: readonly Item[];
}

/** What a tile runs, in order. */
export type Item = Call | Loop;

/** Offsets of values in an arena, and its size, in bytes. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<Expr, number>;
  readonly bytes: number;
}

/**
 * Places the values that the items write. What a loop reads from outside lives until the loop has ended.
 * @param bytesOf - Size of a value, a multiple of 16.
 */
export function planMemory(items: readonly Item[], bytesOf: (owner: Expr) => number): MemoryPlan {
  const first = new Map<Expr, number>();
  const last = new Map<Expr, number>();
  let time = 0;
  const walk = (list: readonly Item[]): Set<Expr> => {
    const owners = new Set<Expr>();
    for (const item of list) {
      if ("items" in item) {
        const start = time;
        const innerOwners = walk(item.until ? [...item.items, item.until] : item.items);
        for (const owner of innerOwners) {
          owners.add(owner);
          // Made before the loop: a later round reads it again.
          if ((first.get(owner) ?? Number.POSITIVE_INFINITY) < start) last.set(owner, time);
        }
        time++;
        continue;
      }
      for (const owner of [...item.writes, ...item.reads]) {
        if (!first.has(owner)) first.set(owner, time);
        last.set(owner, time);
        owners.add(owner);
      }
      time++;
    }
    return owners;
  };
  walk(items);

  const offsets = new Map<Expr, number>();
  const live: { offset: number; end: number; last: number }[] = [];
  let bytes = 0;
  for (const [owner, start] of [...first].sort((a, b) => a[1] - b[1])) {
    for (let i = live.length - 1; i >= 0; i--) if (live[i]!.last < start) live.splice(i, 1);
    live.sort((a, b) => a.offset - b.offset);
    const size = bytesOf(owner);
    let offset = 0;
    for (const other of live) {
      if (other.offset - offset >= size) break;
      offset = Math.max(offset, other.end);
    }
    offsets.set(owner, offset);
    live.push({ offset, end: offset + size, last: last.get(owner)! });
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes };
}
