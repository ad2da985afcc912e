/**
 * Bytes that can be read as often as wanted, a part at a time.
 *
 * @module
 */

/** Bytes that can be read as often as wanted. */
export interface ByteSource {
  readonly size: number;
  /** Bytes that are best read at a time where all of them are wanted (default a million). */
  readonly pieceSize?: number | undefined;
  /**
   * The bytes from one place up to another; they may be a view of the source's own.
   * @param room - Memory for them, at least as many, that may be used in place of new one.
   */
  read(from: number, to: number, room?: Uint8Array): Promise<Uint8Array>;
}

/** Sizes that differ by less need no new memory. */
const roomStep = 2 ** 16;

/**
 * Memory that is used again and again. What is read without it is garbage that lies outside of the heap: the collector, which does not
 * feel its weight, lets hundreds of megabytes of it stand.
 */
export class Room {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** So many bytes, of any content, where numbers may start: what was given before is lost. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(Math.ceil(length / roomStep) * roomStep);
    return this.#bytes.subarray(0, length);
  }
}

/** Bytes in memory. */
export const bytesInMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async (from, to) => bytes.subarray(from, to),
});

/** The bytes of a source from one place on, so many. */
export const bytesWithin = (source: ByteSource, offset: number, size: number): ByteSource => ({
  size,
  read: async (from, to) => await source.read(offset + from, offset + to),
});

/** Bytes that are read at once where fewer are asked for. */
const windowSize = 2 ** 16;

/** A source that is read in small pieces that lie near each other: a larger one is kept. */
export function withWindow(source: ByteSource): ByteSource {
  let start = 0;
  let kept: Uint8Array = new Uint8Array();
  return {
    size: source.size,
    async read(from, to) {
      if (to - from > windowSize) return await source.read(from, to);
      if (from < start || to > start + kept.length) {
        kept = await source.read(from, Math.min(source.size, from + windowSize));
        start = from;
      }
      return kept.subarray(from - start, to - start);
    },
  };
}
