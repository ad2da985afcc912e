/**
 * Bytes that can be read as often as wanted, a part at a time: in memory, or in a file, which then need not fit there.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import { nodeModule, reasonOf } from "./platform.ts";

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

/** The bytes of a Blob. */
export const bytesOfBlob = (blob: Blob): ByteSource => ({
  size: blob.size,
  read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
});

/**
 * The bytes of a file; undefined for what is none, such as a pipe, which can be read but once. The file is open while it is read alone.
 * Reading it fails with a FormatError if it has become another one meanwhile.
 */
export async function bytesOfFile(path: string): Promise<ByteSource | undefined> {
  const { open, stat } = nodeModule("node:fs", `a browser cannot open "${path}": pass a Blob`).promises;
  const status = await stat(path).catch(() => undefined);
  if (!status?.isFile()) return undefined;
  const failure = (problem: string): FormatError =>
    new FormatError({
      where: `cannot read "${path}"`,
      problem,
      expected: "the file as it was at first",
      received: "another failure",
    });
  return {
    size: status.size,
    async read(from, to) {
      const handle = await open(path, "r").catch((error: unknown) => {
        throw failure(reasonOf(error));
      });
      try {
        const now = await handle.stat();
        if (now.size !== status.size || now.mtimeMs !== status.mtimeMs)
          throw failure("it was changed while it was read; try again when it is whole");
        const bytes = new Uint8Array(to - from);
        for (let filled = 0; filled < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
          if (bytesRead === 0) throw failure("it was cut short while it was read");
          filled += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close().catch(() => undefined);
      }
    },
  };
}
