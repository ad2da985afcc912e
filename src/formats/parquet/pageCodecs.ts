/**
 * The codecs that Parquet's pages are compressed with. Those that need a package are loaded with the first file that
 * needs them.
 *
 * @module
 */

import { gunzipOf } from "../gzip.ts";
import { unpackHadoopLz4, unpackLz4, unpackSnappy } from "./blockCodecs.ts";

/** Unpacks a page to exactly `length` bytes, or throws. */
export type PageCodec = (input: Uint8Array, length: number) => Uint8Array;

function exactly(length: number, out: Uint8Array): Uint8Array {
  if (out.length !== length) throw new Error(`a page has ${out.length} bytes where ${length} are expected`);
  return out;
}

async function zstd(): Promise<PageCodec> {
  const { Decompress } = await import("fzstd");
  return (input, length) => {
    const out = new Uint8Array(length);
    let at = 0;
    // In blocks: at once, the length that a frame claims would be believed.
    const stream = new Decompress((part) => {
      if (part.length > length - at) throw new Error("a Zstandard page is longer than it claims");
      out.set(part, at);
      at += part.length;
    });
    stream.push(input, true);
    if (at !== length) throw new Error("a Zstandard page is shorter than it claims");
    return out;
  };
}

async function brotli(): Promise<PageCodec> {
  const { decompressBrotli } = await import("hyparquet-compressors");
  return (input, length) => exactly(length, decompressBrotli(input, length));
}

const codecsByName: Readonly<Record<string, () => Promise<PageCodec>>> = {
  UNCOMPRESSED: async () => (input, length) => exactly(length, input),
  SNAPPY: async () => unpackSnappy,
  GZIP: gunzipOf,
  BROTLI: brotli,
  LZ4: async () => unpackHadoopLz4,
  LZ4_RAW: async () => unpackLz4,
  ZSTD: zstd,
};

/** Names of the codecs, as the format has them. */
export const pageCodecs: readonly string[] = Object.keys(codecsByName);

/** The codec of a name; it must be one of {@link pageCodecs}. */
export async function pageCodec(name: string): Promise<PageCodec> {
  return await codecsByName[name]!();
}
