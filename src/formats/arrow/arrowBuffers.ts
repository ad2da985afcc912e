/**
 * The buffers of a batch of Arrow data, unpacked where they are compressed.
 *
 * @module
 */

import { pageCodec, type RunPieces } from "../parquet/pageCodecs.ts";
import type { Batch, StoredRows } from "./arrowFile.ts";
import { unpackLz4Frame } from "./lz4Frame.ts";

type Unpack = (input: Uint8Array, length: number, run: RunPieces) => Promise<Uint8Array>;

async function unpackerOf(codec: "LZ4" | "ZSTD"): Promise<Unpack> {
  if (codec === "ZSTD") return await pageCodec("ZSTD");
  return (input, length, run) => run(unpackLz4Frame(input, length));
}

/**
 * The buffers of one column of a batch.
 * @param check - Refuses more bytes than are allowed.
 */
export async function buffersOf(
  { codec, body }: Batch,
  { regions }: StoredRows,
  check: (length: number) => void,
  run: RunPieces,
): Promise<Uint8Array[]> {
  const unpack = codec && (await unpackerOf(codec));
  const buffers: Uint8Array[] = [];
  for (const { offset, length } of regions) {
    const stored = body.subarray(offset, offset + length);
    if (!unpack || length === 0) {
      buffers.push(stored);
      continue;
    }
    const size = new DataView(stored.buffer, stored.byteOffset, stored.byteLength).getBigInt64(0, true);
    const packed = stored.subarray(8);
    if (size === -1n) buffers.push(packed);
    else {
      if (size < 0n) throw new Error("a buffer claims a length below 0");
      check(Number(size));
      buffers.push(size === 0n ? new Uint8Array() : await unpack(packed, Number(size), run));
    }
  }
  return buffers;
}
