/**
 * Frames of LZ4: blocks behind a header, each of which may go back into those before.
 *
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 *
 * @module
 */

import type { Pieces } from "../../platform/pieces.ts";
import { unpackLz4Block } from "../parquet/blockCodecs.ts";

const magic = 0x184d2204;

/** A frame of exactly `length` bytes. */
export function* unpackLz4Frame(input: Uint8Array, length: number): Pieces<Uint8Array> {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getUint32(0, true) !== magic) throw new Error("a buffer is not a frame of LZ4");
  const flags = view.getUint8(4);
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0;
  if (flags >> 6 !== 1) throw new Error("a frame of LZ4 is of a version that is not known");
  const [isLinked, hasBlockSums, hasSize, hasDictionary] = [!has(5), has(4), has(3), has(0)];
  let from = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  const out = new Uint8Array(length);
  let at = 0;
  for (;;) {
    const size = view.getUint32(from, true);
    from += 4;
    if (size === 0) break;
    const packed = size & 0x7fffffff;
    if (packed > input.length - from) throw new Error("a frame of LZ4 is truncated");
    const block = input.subarray(from, from + packed);
    if (size > 0x7fffffff) {
      if (packed > length - at) throw new Error("a frame of LZ4 is longer than it claims");
      out.set(block, at);
      at += packed;
    } else at = yield* unpackLz4Block(block, out, at, isLinked ? 0 : at);
    from += packed + (hasBlockSums ? 4 : 0);
    yield;
  }
  if (at !== length) throw new Error("a frame of LZ4 is shorter than it claims");
  return out;
}
