/**
 * Gzip, of one member or several (RFC 1952, section 2.2: `cat a.gz b.gz`, bgzip, pigz), with or without zero bytes after a
 * member, as tapes and some block devices leave them.
 *
 * The runtime's own decompression is taken where it manages; browsers' refuse a second member and padding, and then pako
 * does it. Checksums are compared either way.
 *
 * @module
 */

import { FormatError, PushforwardError, unreadable } from "../errors.ts";
import { concatenate } from "../platform/packedBytes.ts";
import type { Pieces } from "../platform/pieces.ts";
import { eventLoopTurn } from "./eventLoopTurn.ts";
import { checkExpansion, checkLimits, type ReadLimits } from "./limits.ts";

/** Bytes that are given to the decompressor at a time. */
const pieceSize = 2 ** 16;

/**
 * The content of a gzip file.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the stream is corrupt or cut short, has other bytes after it, or unpacks to more than its limits.
 */
export async function gunzip(
  bytes: Uint8Array,
  name: string = "the file",
  limits: ReadLimits = {},
): Promise<Uint8Array> {
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw unreadable(name, "is not a gzip file", {
      expected: "gzip",
      received: "other bytes",
      remedy: "if it is not compressed, drop .gz from its name",
    });
  }
  const checked = checkLimits(limits);
  const check = (length: number): void => checkExpansion(name, checked, bytes.length, length);
  try {
    const content = await inflateNatively(bytes, "gzip", check);
    // A member ends with its length. Where that is not what was unpacked, there are several, or bytes that some runtimes
    // pass over without a word: then it is looked at member by member.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(bytes.length - 4, true) === content.length % 2 ** 32) return content;
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
  }
  return await unpackMembers(bytes, name, check);
}

/** By the runtime's own decompression; `check` is told how many bytes there are so far. */
export async function inflateNatively(
  bytes: Uint8Array,
  format: "gzip" | "deflate-raw",
  check: (length: number) => void,
): Promise<Uint8Array> {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  // The reader below reports a failure; this promise must not report it a second time, unhandled.
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  written.catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      check(length);
    }
  } catch (error) {
    // Not awaited: with a write under way it may never end.
    reader.cancel().catch(() => undefined);
    throw error;
  }
  await written;
  return concatenate(parts);
}

/** Member by member, with what may lie between them. */
async function unpackMembers(
  bytes: Uint8Array,
  name: string,
  check: (length: number) => void,
): Promise<Uint8Array> {
  const { Inflate } = await import("pako");
  const parts: Uint8Array[] = [];
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const inflate = new Inflate({ windowBits: 31 });
    let left = (): number => 0;
    inflate.onStart = (stream) => {
      left = () => stream.avail_in;
    };
    inflate.onData = (part) => {
      parts.push(part);
      length += part.length;
      check(length);
    };
    while (!inflate.ended && at < bytes.length) {
      const piece = bytes.subarray(at, at + pieceSize);
      const isLast = at + piece.length === bytes.length;
      inflate.push(piece, isLast);
      at += piece.length - left();
      await eventLoopTurn();
    }
    if (inflate.err !== 0)
      throw unreadable(name, `is a corrupt or truncated gzip file (${inflate.msg})`, {
        expected: "a whole gzip file",
        received: inflate.msg,
        remedy: "copy or download it again",
      });
    const padding = at;
    while (bytes[at] === 0) at++;
    if (at < bytes.length && (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b))
      throw new FormatError({
        where: name,
        problem: `${bytes.length - padding} bytes follow the end of the gzip stream that are not part of it`,
        expected: "nothing after its end",
        received: `${bytes.length - padding} bytes`,
        remedy: "copy or download the file again",
      });
  }
  return concatenate(parts);
}

/** The same of a page: it may unpack to a thousand times its size, without a pause in between. */
const pagePieceSize = 2 ** 13;

/**
 * The content of gzip members: a page of a file.
 * @throws Error if it is not gzip, or not of exactly `length` bytes.
 */
export async function gunzipOf(): Promise<(input: Uint8Array, length: number) => Pieces<Uint8Array>> {
  const { Inflate } = await import("pako");
  return function* (input, length) {
    const out = new Uint8Array(length);
    let at = 0;
    const start = (): InstanceType<typeof Inflate> => {
      const member = new Inflate({ windowBits: 31 });
      member.onData = (part) => {
        if (part.length > length - at) throw new Error("a gzip page is longer than it claims");
        out.set(part, at);
        at += part.length;
      };
      return member;
    };
    let inflate = start();
    let done = 0;
    do {
      // A member that ends where a piece does; within a piece, the next one is begun by itself.
      if (inflate.ended && inflate.err === 0 && at < length) inflate = start();
      const piece = input.subarray(done, done + pagePieceSize);
      done += piece.length;
      inflate.push(piece, done === input.length);
      yield;
    } while (done < input.length);
    if (inflate.err !== 0) throw new Error(`a gzip page is corrupt: ${inflate.msg}`);
    if (at !== length) throw new Error("a gzip page is shorter than it claims");
    return out;
  };
}
