/**
 * Where a value lives, and how an address is written into a kernel call.
 *
 * @module
 */

import type { FunctionBuilder, Local } from "./assembler.ts";

/**
 * A place in memory, in bytes. `arena` is relative to the tile values of the thread at hand, `shard` to the sums of
 * the shard at hand, `absolute` to nothing.
 */
export interface Location {
  readonly space: "arena" | "shard" | "absolute";
  readonly offset: number;
}

/** A location some bytes further on. */
export function shifted(location: Location, bytes: number): Location {
  return bytes === 0 ? location : { space: location.space, offset: location.offset + bytes };
}

/** Base addresses that a calling function has at hand. */
export interface Bases {
  readonly arena?: Local;
  readonly shard?: Local;
}

/** Pushes the address of a location. */
export function pushAddress(f: FunctionBuilder, bases: Bases, { space, offset }: Location): void {
  if (space === "absolute") {
    f.i32(offset);
    return;
  }
  const base = bases[space];
  if (!base) throw new Error(`no ${space} is at hand here`);
  f.get(base);
  if (offset !== 0) f.i32(offset).op("i32.add");
}
