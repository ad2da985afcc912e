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
  /** The bytes from one place up to another; they may be a view of the source's own. */
  read(from: number, to: number): Promise<Uint8Array>;
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
