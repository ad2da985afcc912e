/**
 * The codecs that Parquet's pages are compressed with. Those that need a package are loaded with the first file that
 * needs them. A page may be as large as the file, so that all work in pieces.
 *
 * @module
 */

import type { Room } from "../../platform/byteSource.ts";
import { unpackBrotli } from "../../platform/packedBytes.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { gunzipOf } from "../gzip.ts";
import { unpackHadoopLz4, unpackLz4, unpackSnappy } from "./blockCodecs.ts";

/** Does work in pieces, between which the event loop goes on. */
export type RunPieces = <T>(work: Pieces<T>) => Promise<T>;

/** Unpacks a page to exactly `length` bytes, or throws; to the room, where the bytes need not last and the codec takes one. */
export type PageCodec = (
  input: Uint8Array,
  length: number,
  run: RunPieces,
  room?: Room,
) => Promise<Uint8Array>;

type Unpack = (input: Uint8Array, length: number, room?: Room) => Pieces<Uint8Array>;

const inPieces =
  (unpack: Unpack): PageCodec =>
  (input, length, run, room) =>
    run(unpack(input, length, room));

function exactly(length: number, out: Uint8Array): Uint8Array {
  if (out.length !== length) throw new Error(`a page has ${out.length} bytes where ${length} are expected`);
  return out;
}

/** Bytes of Zstandard that are taken between two pauses: each four of them may stand for 2^17. */
const pieceSize = 2 ** 12;

async function zstd(): Promise<PageCodec> {
  const { Decompress } = await import("fzstd");
  return inPieces(function* (input, length, room) {
    const out = room?.take(length) ?? new Uint8Array(length);
    let at = 0;
    // In blocks: at once, the length that a frame claims would be believed.
    const stream = new Decompress((part) => {
      if (part.length > length - at) throw new Error("a Zstandard page is longer than it claims");
      out.set(part, at);
      at += part.length;
    });
    let done = 0;
    do {
      const piece = input.subarray(done, done + pieceSize);
      done += piece.length;
      stream.push(piece, done === input.length);
      yield;
    } while (done < input.length);
    if (at !== length) throw new Error("a Zstandard page is shorter than it claims");
    return out;
  });
}

async function brotli(): Promise<PageCodec> {
  const { decompressBrotli } = await import("hyparquet-compressors");
  return async (input, length) =>
    exactly(length, (await unpackBrotli(input, length)) ?? decompressBrotli(input, length));
}

const codecsByName: Readonly<Record<string, () => Promise<PageCodec>>> = {
  UNCOMPRESSED: async () => async (input, length) => exactly(length, input),
  SNAPPY: async () => inPieces(unpackSnappy),
  GZIP: async () => inPieces(await gunzipOf()),
  BROTLI: brotli,
  LZ4: async () => inPieces(unpackHadoopLz4),
  LZ4_RAW: async () => inPieces(unpackLz4),
  ZSTD: zstd,
};

/** Names of the codecs, as the format has them. */
export const pageCodecs: readonly string[] = Object.keys(codecsByName);

/** The codec of a name; it must be one of {@link pageCodecs}. */
export async function pageCodec(name: string): Promise<PageCodec> {
  return await codecsByName[name]!();
}
