/**
 * Bytes from whatever holds them.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { refuse } from "../options.ts";

/** Whether a value says of itself what it is, in whichever window or context it was made. */
const isA = (value: unknown, name: string): boolean =>
  Object.prototype.toString.call(value) === `[object ${name}]`;

/**
 * A copy of the bytes of an ArrayBuffer, of an array of numbers on one, or of a Blob (or a Response): what the caller does to
 * them afterwards changes nothing.
 * @throws UsageError for anything else, and for what cannot be read.
 */
export async function bytesFrom(where: string, source: unknown): Promise<Uint8Array> {
  if (isA(source, "ArrayBuffer") || isA(source, "SharedArrayBuffer"))
    return new Uint8Array(source as ArrayBuffer).slice();
  if (ArrayBuffer.isView(source))
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  const blob = source as { arrayBuffer?: () => Promise<ArrayBuffer> } | null | undefined;
  if (typeof blob !== "object" || typeof blob?.arrayBuffer !== "function")
    refuse(where, "source", "a path, an ArrayBuffer, a Uint8Array or a Blob", source);
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new UsageError({
      where,
      problem: `the data cannot be read: ${(error as Error).message}`,
      expected: "data that can be read",
      received: (error as Error).message,
    });
  }
}
