/**
 * Long work in pieces: a generator that pauses wherever it may be left for a while. Who calls it runs it through, or lets the
 * event loop have its turn now and then, so that timers fire, pages answer and aborts come through.
 *
 * @module
 */

import { AbortedError } from "../errors.ts";
import { nextTurn } from "./platform.ts";

/** Work that pauses between its pieces, and what it returns. The pauses change nothing. */
export type Pieces<T> = Generator<void, T, void>;

/** Milliseconds of work between two turns of the event loop; a frame of a page has 16. */
const pieceTime = 10;

/** Elements of an array that are done between two pauses: some 100,000 take a millisecond. */
export const stride: number = 2 ** 15;

/** Nodes of a graph that are visited between two pauses: a pause costs more than what is done to most of them. */
export const visitsApart = 16;

/** Does something to each whole number from 0, below `count`. */
export function* each(count: number, visit: (i: number) => void): Pieces<void> {
  for (let start = 0; start < count; start += stride) {
    const end = Math.min(count, start + stride);
    for (let i = start; i < end; i++) visit(i);
    yield;
  }
}

/** Does the work at once. */
export function inOnePiece<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * Does the work, a piece at a time.
 * @param what - What the work is, for the message of an abort.
 * @throws AbortedError soon after the signal fires.
 */
export async function inPieces<T>(
  work: Pieces<T>,
  signal: AbortSignal | undefined,
  what: string = "The compilation",
): Promise<T> {
  for (;;) {
    checkSignal(signal, what);
    const start = performance.now();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() - start < pieceTime);
    await nextTurn();
  }
}

/**
 * A turn of the event loop between two parts of a work.
 * @throws AbortedError if the signal has fired.
 */
export async function turnBetween(signal: AbortSignal | undefined, what: string): Promise<void> {
  await nextTurn();
  checkSignal(signal, what);
}

/** @throws AbortedError if the signal has fired. */
export function checkSignal(signal: AbortSignal | undefined, what: string = "The compilation"): void {
  if (signal?.aborted) throw new AbortedError(`${what} was aborted.`);
}
