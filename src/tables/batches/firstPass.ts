/**
 * How far the pass over a source is that finds out what its columns are.
 *
 * @module
 */

import type { ByteSource } from "../../platform/byteSource.ts";

/** Bytes of the pass over a source that finds out what its columns are. */
export interface FirstPass {
  /** Those that were read. */
  readonly bytes: number;
  /** All of them. */
  readonly totalBytes: number;
}

/** Counts the bytes of a pass for who wants to know. */
export interface FirstPassCount {
  /** Counts further bytes, while the pass goes on. */
  readonly add: (bytes: number) => void;
  /** What is done in the pass. */
  during<Result>(pass: () => Promise<Result>): Promise<Result>;
}

/**
 * The count of a pass over so many bytes. Some are read twice, such as the description of a file: of those there are never more than all, and
 * all of them are read when the pass is over.
 */
export function firstPass(
  totalBytes: number,
  onFirstPass: ((read: FirstPass) => void) | undefined,
): FirstPassCount {
  let [bytes, isGoing] = [0, false];
  return {
    add(count) {
      if (!isGoing) return;
      bytes = Math.min(totalBytes, bytes + count);
      onFirstPass?.({ bytes, totalBytes });
    },
    async during(pass) {
      isGoing = true;
      try {
        const result = await pass();
        onFirstPass?.({ bytes: totalBytes, totalBytes });
        return result;
      } finally {
        isGoing = false;
      }
    },
  };
}

/** A source that says how many bytes it has just given. */
export const countedBytes = (source: ByteSource, count: (bytes: number) => void): ByteSource => ({
  ...source,
  async read(from, to, room) {
    const bytes = await source.read(from, to, room);
    count(bytes.length);
    return bytes;
  },
});
