/**
 * The buffers of a batch of Arrow data: those of some rows are read when they are asked for. What is compressed is unpacked first.
 *
 * @module
 */

import { type ByteSource, bytesInMemory, bytesWithin } from "../../platform/byteSource.ts";
import { pageCodec, type RunPieces } from "../parquet/pageCodecs.ts";
import type { Batch, StoredRows } from "./arrowFile.ts";
import { type ArrowField, hasViews } from "./arrowSchema.ts";
import { unpackLz4Frame } from "./lz4Frame.ts";

type Unpack = (input: Uint8Array, length: number, run: RunPieces) => Promise<Uint8Array>;

async function unpackerOf(codec: "LZ4" | "ZSTD"): Promise<Unpack> {
  if (codec === "ZSTD") return await pageCodec("ZSTD");
  return (input, length, run) => run(unpackLz4Frame(input, length));
}

/** Bytes of a buffer that says first how many they are, and whether they are compressed. */
async function unpacked(
  stored: ByteSource,
  unpack: Unpack,
  check: (length: number) => void,
  run: RunPieces,
): Promise<ByteSource> {
  const head = await stored.read(0, Math.min(8, stored.size));
  const size = new DataView(head.buffer, head.byteOffset, head.byteLength).getBigInt64(0, true);
  if (size === -1n) return bytesWithin(stored, 8, stored.size - 8);
  if (size < 0n) throw new Error("a buffer claims a length below 0");
  check(Number(size));
  if (size === 0n) return bytesInMemory(new Uint8Array());
  return bytesInMemory(await unpack(await stored.read(8, stored.size), Number(size), run));
}

/**
 * The buffers of one column of a batch.
 * @param check - Refuses more bytes than are allowed.
 */
export async function buffersOf(
  file: ByteSource,
  { codec, body }: Batch,
  { regions }: StoredRows,
  check: (length: number) => void,
  run: RunPieces,
): Promise<ByteSource[]> {
  const unpack = codec && (await unpackerOf(codec));
  const buffers: ByteSource[] = [];
  for (const { offset, length } of regions) {
    const stored = bytesWithin(file, body.offset + offset, length);
    buffers.push(unpack && length > 0 ? await unpacked(stored, unpack, check, run) : stored);
  }
  return buffers;
}

async function part(buffer: ByteSource | undefined, from: number, to: number): Promise<Uint8Array> {
  if (!buffer || !(from >= 0 && from <= to && to <= buffer.size))
    throw new Error("a buffer is shorter than its rows need");
  return await buffer.read(from, to);
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Offsets of texts, and the bytes between the first and the last. */
async function textParts(
  [, offsets, data]: readonly ByteSource[],
  width: 4 | 8,
  from: number,
  rows: number,
): Promise<Uint8Array[]> {
  const own = await part(offsets, width * from, width * (from + rows + 1));
  const view = viewOf(own);
  const at = (row: number): number =>
    width === 8 ? Number(view.getBigInt64(8 * row, true)) : view.getInt32(4 * row, true);
  const [first, last] = [at(0), at(rows)];
  if (!(first >= 0 && first <= last && last <= (data?.size ?? 0)))
    throw new Error("a text does not lie within its buffer");
  return [own, await part(data ?? bytesInMemory(new Uint8Array()), first, last)];
}

/** Bytes of a view: of its length, the first letters, the further buffer and the place in it. */
const viewBytes = 16;

/** Views of texts, and of each further buffer the bytes from the first that they need to the last. */
async function viewParts(
  [, views, ...data]: readonly ByteSource[],
  from: number,
  rows: number,
): Promise<Uint8Array[]> {
  const own = (await part(views, viewBytes * from, viewBytes * (from + rows))).slice();
  const view = viewOf(own);
  const ranges = data.map(({ size }) => ({ from: size, to: 0 }));
  /** Calls back for each view whose text lies in a further buffer. */
  const each = (found: (at: number, buffer: number, start: number, end: number) => void): void => {
    for (let at = 0; at < own.length; at += viewBytes) {
      const length = view.getInt32(at, true);
      const [buffer, start] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
      // What lies nowhere may be of a row without a value; where it is not, reading it fails.
      if (length > 12 && start >= 0 && start + length <= (data[buffer]?.size ?? 0))
        found(at, buffer, start, start + length);
    }
  };
  each((_, buffer, start, end) => {
    const range = ranges[buffer]!;
    range.from = Math.min(range.from, start);
    range.to = Math.max(range.to, end);
  });
  each((at, buffer, start) => view.setInt32(at + 12, start - ranges[buffer]!.from, true));
  const parts: Uint8Array[] = [own];
  for (const [i, range] of ranges.entries())
    parts.push(range.to > range.from ? await part(data[i], range.from, range.to) : new Uint8Array());
  return parts;
}

/** The buffers of some rows behind that which says where there are values. */
async function valueParts(
  field: ArrowField,
  buffers: readonly ByteSource[],
  from: number,
  rows: number,
): Promise<Uint8Array[]> {
  const { type, dictionary } = field;
  const [, values] = buffers;
  const fixed = async (bits: number): Promise<Uint8Array[]> => [
    await part(values, (from * bits) / 8, Math.ceil(((from + rows) * bits) / 8)),
  ];
  if (dictionary) return await fixed(dictionary.index.width);
  if (hasViews(field)) return await viewParts(buffers, from, rows);
  switch (type.name) {
    case "text":
    case "binary":
      return await textParts(buffers, 4, from, rows);
    case "large text":
    case "large binary":
      return await textParts(buffers, 8, from, rows);
    case "boolean":
      return await fixed(1);
    case "null":
    case "interval":
    case "fixed binary":
      return [];
    default:
      return await fixed(type.width);
  }
}

/**
 * The bytes of a column's buffers that `rows` rows from `from` on need, a multiple of 8: as if they were all the rows of their batch. Texts
 * are those from the first offset on.
 */
export async function buffersOfRows(
  field: ArrowField,
  buffers: readonly ByteSource[],
  nulls: number,
  from: number,
  rows: number,
): Promise<Uint8Array[]> {
  const [validity] = buffers;
  const hasNulls = nulls > 0 && validity !== undefined && validity.size > 0;
  const isPresent = hasNulls
    ? await part(validity, from / 8, Math.ceil((from + rows) / 8))
    : new Uint8Array();
  return [isPresent, ...(await valueParts(field, buffers, from, rows))];
}
