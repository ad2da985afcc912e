/**
 * The shared memories of programs, kept for later programs when theirs are disposed of.
 *
 * A shared memory is freed when every thread has collected its handle of it. Threads that wait for work collect nothing, and
 * V8 does not count shared memory when it decides whether to collect: dropped handles alone would let the
 * process grow without end. So a memory that is given back is used again.
 *
 * @module
 */

import { addressesLeft, canHaveMemory } from "../../../platform/addressSpace.ts";

/** A shared memory that one program has to itself. */
export interface OwnedMemory {
  readonly memory: WebAssembly.Memory;
  /** Pages that it may grow to. */
  readonly pages: number;
}

/** Bytes of a page of WebAssembly memory. */
export const pageBytes = 65536;
/** Pages that a memory may grow to: 4 GiB less 16 MiB, so that an address past the end, by what a kernel goes on at a time, is still one. */
export const mostPages = 65280;
/** Bytes that idle memories may have together; one is kept whatever its size. */
const maximumIdleBytes = 2 ** 28;
/** A program does not take a memory that is more than so many times what it needs, and larger than a mebibyte. */
const maximumExcess = 4;
/** Least number of pages that an address range is asked for: 4 MiB. */
const minimumPages = 64;

/** Memories without a program, the last one given back at the end. */
const idle: OwnedMemory[] = [];

const lengthOf = ({ memory }: OwnedMemory): number => memory.buffer.byteLength;

/**
 * A memory of at least so many bytes, idle or new. What an earlier program wrote is still there.
 *
 * @param pages - Pages that a new memory may grow to; fewer, but enough for now, where there is no room for as many addresses.
 * @returns Undefined if there is none to be had.
 */
export function takeMemory(bytes: number, pages: number): OwnedMemory | undefined {
  const fittingMemory = takeIdle(bytes, pages, 0);
  if (fittingMemory) return fittingMemory;
  // A memory takes the addresses of all that it may grow to; half of what is left is for threads and other memories.
  const affordable = Math.floor(addressesLeft() / 2 / pageBytes);
  const first = Math.min(pages, Math.max(affordable, Math.ceil(bytes / pageBytes)));
  for (
    let pageLimit = first;
    canHaveMemory() && pageLimit * pageBytes >= bytes && pageLimit >= Math.min(first, minimumPages);
    pageLimit >>= 1
  ) {
    try {
      const memory = new WebAssembly.Memory({ initial: 0, maximum: pageLimit, shared: true });
      if (growTo(memory, bytes)) return { memory, pages: pageLimit };
    } catch {
      // A limit on addresses; half as many may be there.
    }
  }
  // Rather one that is too large than none.
  const index = idle.findIndex((candidate) => candidate.pages <= pages && growTo(candidate.memory, bytes));
  return index < 0 ? undefined : idle.splice(index, 1)[0];
}

/**
 * An idle memory of at least so many bytes that suits a program better than one of `presentBytes` bytes, which would have to grow.
 *
 * @param pages - Pages that it may grow to, at most: a module says what it takes.
 */
export function takeIdle(bytes: number, pages: number, presentBytes: number): OwnedMemory | undefined {
  const maximumBytes = Math.max(2 ** 20, maximumExcess * bytes);
  const bySize = idle
    .filter((candidate) => candidate.pages <= pages)
    .sort((a, b) => lengthOf(a) - lengthOf(b));
  const fittingMemory = bySize.find(
    (candidate) => lengthOf(candidate) >= bytes && lengthOf(candidate) <= maximumBytes,
  );
  // The larger of two to grow: programs that need ever more leave one memory, not one of each size.
  const largest = bySize
    .filter((candidate) => lengthOf(candidate) < bytes && lengthOf(candidate) > presentBytes)
    .at(-1);
  const memory = fittingMemory ?? (largest && growTo(largest.memory, bytes) ? largest : undefined);
  if (memory) idle.splice(idle.indexOf(memory), 1);
  return memory;
}

/**
 * Keeps a memory for later programs.
 * @returns The bytes of those that are dropped instead, since idle ones would be too large together.
 */
export function giveMemory(memory: OwnedMemory): number {
  idle.push(memory);
  let total = idle.reduce((sum, other) => sum + lengthOf(other), 0);
  let droppedBytes = 0;
  while (total > maximumIdleBytes && idle.length > 1) {
    const bytes = lengthOf(idle.shift()!);
    total -= bytes;
    droppedBytes += bytes;
  }
  return droppedBytes;
}

/** Makes a memory at least so long; false if there is not as much to be had. */
export function growTo(memory: WebAssembly.Memory, bytes: number): boolean {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  try {
    if (pages > 0) memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}
