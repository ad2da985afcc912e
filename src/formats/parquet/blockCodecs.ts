/**
 * Snappy and LZ4 blocks, into room of a known length. Both are literals and copies of what came before; every length and
 * distance is checked here, so that damaged bytes end in an error, after at most as many steps as there are bytes. (The
 * decoders of the usual packages take a length with its sign bit set for a step back, and never end.)
 *
 * https://github.com/google/snappy/blob/main/format_description.txt,
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 *
 * @module
 */

import type { Room } from "../../platform/byteSource.ts";
import type { Pieces } from "../../platform/pieces.ts";

/** Literals and copies between two pauses. */
const stride = 2 ** 15;

/** Bytes that are copied without a pause; one literal or copy may be as long as the page. */
const longestCopy = 2 ** 24;

/** Copies `length` bytes from `distance` before; the two may overlap, then the bytes repeat. */
function copyBack(out: Uint8Array, at: number, distance: number, length: number): void {
  if (distance < 1 || distance > at) throw new Error("a copy from before the start of a compressed block");
  if (length > out.length - at) throw new Error("a compressed block is longer than it claims");
  // What is there repeats: each copy may be twice as long as the one before.
  for (let done = 0; done < length; ) {
    const size = Math.min(length - done, distance + done);
    out.copyWithin(at + done, at - distance, at - distance + size);
    done += size;
  }
}

/** {@link copyBack} of any length, with pauses. */
function* copyFarBack(out: Uint8Array, at: number, distance: number, length: number): Pieces<void> {
  if (length > out.length - at) throw new Error("a compressed block is longer than it claims");
  for (let done = 0; done < length; done += longestCopy) {
    copyBack(out, at + done, distance, Math.min(longestCopy, length - done));
    yield;
  }
}

function copyLiteral(input: Uint8Array, from: number, length: number, out: Uint8Array, at: number): void {
  if (length > input.length - from) throw new Error("a compressed block is truncated");
  if (length > out.length - at) throw new Error("a compressed block is longer than it claims");
  out.set(input.subarray(from, from + length), at);
}

/** {@link copyLiteral} of any length, with pauses. */
function* copyLongLiteral(
  input: Uint8Array,
  from: number,
  length: number,
  out: Uint8Array,
  at: number,
): Pieces<void> {
  if (length > input.length - from) throw new Error("a compressed block is truncated");
  if (length > out.length - at) throw new Error("a compressed block is longer than it claims");
  for (let done = 0; done < length; done += longestCopy) {
    copyLiteral(input, from + done, Math.min(longestCopy, length - done), out, at + done);
    yield;
  }
}

/** A whole number of `count` bytes, little-endian. */
function littleEndian(input: Uint8Array, at: number, count: number): number {
  if (count > input.length - at) throw new Error("a compressed block is truncated");
  let value = 0;
  for (let i = 0; i < count; i++) value += input[at + i]! * 2 ** (8 * i);
  return value;
}

/** A Snappy block of exactly `length` bytes. */
export function* unpackSnappy(input: Uint8Array, length: number, room?: Room): Pieces<Uint8Array> {
  const out = room?.take(length) ?? new Uint8Array(length);
  let from = 0;
  let claimed = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[from++];
    if (byte === undefined || shift > 28) throw new Error("a Snappy block has no length");
    claimed += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  if (claimed !== length) throw new Error(`a Snappy block of ${claimed} bytes where ${length} are expected`);
  let at = 0;
  for (let elements = 1; from < input.length; elements++) {
    if (elements % stride === 0) yield;
    const tag = input[from++]!;
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const bytes = Math.max(0, short - 59);
      const size = (bytes === 0 ? short : littleEndian(input, from, bytes)) + 1;
      from += bytes;
      if (size > longestCopy) yield* copyLongLiteral(input, from, size, out, at);
      else copyLiteral(input, from, size, out, at);
      from += size;
      at += size;
      continue;
    }
    const bytes = [0, 1, 2, 4][tag & 3]!;
    const low = littleEndian(input, from, bytes);
    from += bytes;
    const isShort = bytes === 1;
    const size = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    copyBack(out, at, isShort ? (tag >> 5) * 256 + low : low, size);
    at += size;
  }
  if (at !== length) throw new Error("a Snappy block is shorter than it claims");
  return out;
}

/**
 * An LZ4 block into `out` from `start` on, to the end of the input; returns where it ends.
 * @param earliest - From where on its copies may be: the start of the block, or of those that it goes on from.
 */
export function* unpackLz4Block(
  input: Uint8Array,
  out: Uint8Array,
  start: number,
  earliest: number = start,
): Pieces<number> {
  let from = 0;
  let at = start;
  /** A length that goes on while bytes are 255. */
  const extended = (short: number): number => {
    let size = short;
    if (short < 15) return size;
    for (;;) {
      const byte = input[from++];
      if (byte === undefined) throw new Error("an LZ4 block is truncated");
      size += byte;
      if (byte < 255) return size;
    }
  };
  for (let elements = 1; from < input.length; elements++) {
    if (elements % stride === 0) yield;
    const token = input[from++]!;
    const size = extended(token >> 4);
    if (size > longestCopy) yield* copyLongLiteral(input, from, size, out, at);
    else copyLiteral(input, from, size, out, at);
    from += size;
    at += size;
    if (from === input.length) break;
    const distance = littleEndian(input, from, 2);
    from += 2;
    if (distance > at - earliest) throw new Error("a copy from before the start of a compressed block");
    const length = extended(token & 15) + 4;
    if (length > longestCopy) yield* copyFarBack(out, at, distance, length);
    else copyBack(out, at, distance, length);
    at += length;
  }
  return at;
}

/** An LZ4 block of exactly `length` bytes: Parquet's LZ4_RAW. */
export function* unpackLz4(input: Uint8Array, length: number, room?: Room): Pieces<Uint8Array> {
  const out = room?.take(length) ?? new Uint8Array(length);
  if ((yield* unpackLz4Block(input, out, 0)) !== length)
    throw new Error("an LZ4 block is shorter than it claims");
  return out;
}

/**
 * Parquet's old LZ4: blocks of Hadoop, each after its length unpacked and its length packed, big-endian; or, as some
 * wrote it, a block without them.
 */
export function* unpackHadoopLz4(input: Uint8Array, length: number): Pieces<Uint8Array> {
  return (yield* unpackFrames(input, length)) ?? (yield* unpackLz4(input, length));
}

/** Hadoop's blocks; undefined where the lengths do not add up. */
function* unpackFrames(input: Uint8Array, length: number): Pieces<Uint8Array | undefined> {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const frames: [from: number, packed: number, unpacked: number][] = [];
  let from = 0;
  let total = 0;
  while (from < input.length) {
    if (input.length - from < 8) return undefined;
    const [unpacked, packed] = [view.getUint32(from), view.getUint32(from + 4)];
    from += 8;
    if (packed > input.length - from || packed === 0) return undefined;
    frames.push([from, packed, unpacked]);
    from += packed;
    total += unpacked;
  }
  if (total !== length) return undefined;
  const out = new Uint8Array(length);
  let at = 0;
  try {
    for (const [start, packed, unpacked] of frames) {
      const end = yield* unpackLz4Block(input.subarray(start, start + packed), out, at);
      if (end !== at + unpacked) return undefined;
      at = end;
    }
  } catch {
    return undefined;
  }
  return out;
}
