/**
 * Bytes that lie elsewhere than in memory, where they need not fit: in a file or a Blob.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import type { ByteSource } from "./byteSource.ts";
import { nodeModule } from "./platform.ts";
import { reasonOf } from "./systemErrors.ts";

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
    async read(from, to, room) {
      const handle = await open(path, "r").catch((error: unknown) => {
        throw failure(reasonOf(error));
      });
      try {
        const now = await handle.stat();
        if (now.size !== status.size || now.mtimeMs !== status.mtimeMs)
          throw failure("it was changed while it was read; try again when it is whole");
        const bytes = room?.subarray(0, to - from) ?? new Uint8Array(to - from);
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
