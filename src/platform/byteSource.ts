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
