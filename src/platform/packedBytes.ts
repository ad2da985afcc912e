/**
 * Bytes that are put together, packed and unpacked by what the runtime has.
 *
 * @module
 */

import { reasonOf } from "./systemErrors.ts";

/** The parts one after the other, in new memory. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function transform(bytes: Uint8Array, by: ReadableWritablePair<Uint8Array, BufferSource>) {
  const parts: Uint8Array[] = [];
  const writer = by.writable.getWriter();
  // The reader below reports a failure; this promise must not report it a second time, unhandled.
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  written.catch(() => undefined);
  const reader = by.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
  }
  await written;
  return concatenate(parts);
}

/** The bytes as one gzip stream. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return await transform(bytes, new CompressionStream("gzip"));
}

/**
 * Unpacks Brotli to at most `length` bytes, off this thread; undefined where the runtime cannot.
 * @throws Error if it is damaged, or longer.
 */
export async function unpackBrotli(bytes: Uint8Array, length: number): Promise<Uint8Array | undefined> {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");
  if (!zlib) return undefined;
  // In parts: a process that ends waits for the part that is being unpacked, and one array of them all takes a long copy.
  const stream = zlib.createBrotliDecompress({ chunkSize: 2 ** 20 });
  const out = new Uint8Array(length);
  let at = 0;
  try {
    stream.end(bytes);
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      if (part.length > length - at) throw new Error("it is longer than it claims");
      out.set(part, at);
      at += part.length;
    }
  } catch (error) {
    throw new Error(`a Brotli page is damaged (${reasonOf(error)})`);
  }
  return out.subarray(0, at);
}
