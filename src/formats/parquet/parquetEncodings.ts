/**
 * The encodings of values within a page of Parquet. Whatever the bytes, each ends after at most as many steps as there
 * are bytes and values: every length, width and count is checked before it is followed. A page may be as large as the file,
 * so that all pause.
 *
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 *
 * @module
 */

import type { ParquetType } from "hyparquet";
import type { Room } from "../../platform/byteSource.ts";
import { each, type Pieces } from "../../platform/pieces.ts";

/** Values as they are stored. */
export type RawValues =
  | Uint8Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly Uint8Array[];

/** Bytes that are read from the front. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.left)) throw new Error("a page is truncated");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  uint32(): number {
    const [a, b, c, d] = this.take(4) as unknown as [number, number, number, number];
    return a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
  }

  /** A whole number of 7 bits a byte, below 2^32. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new Error("a number in a page has too many digits");
  }

  /** The same of up to 64 bits, with the sign in its last one. */
  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return (value >> 1n) ^ -(value & 1n);
    }
    throw new Error("a number in a page has too many digits");
  }
}

/** Values of runs that are unpacked between two pauses, a multiple of 8. */
const stride = 2 ** 15;

/** Runs of one value, and runs of packed values of `width` bits: levels, and places in a dictionary. */
export function* readRuns(bytes: Uint8Array, width: number, count: number): Pieces<Uint32Array> {
  if (!(width >= 0 && width <= 32)) throw new Error(`values of ${width} bits`);
  const out = new Uint32Array(count);
  // Values of no bits need no bytes.
  if (width === 0) return out;
  const reader = new ByteReader(bytes);
  let done = 0;
  for (let runs = 0; done < count; runs++) {
    if (runs % 1024 === 1023) yield;
    const header = reader.varint();
    const size = Math.floor(header / 2);
    if (size === 0) throw new Error("a run of no values");
    if (header % 2 === 0) {
      const value = littleEndian(reader.take((width + 7) >> 3));
      const end = Math.min(count, done + size);
      out.fill(value, done, end);
      done = end;
      continue;
    }
    const values = Math.min(count - done, size * 8);
    // The last run may be cut after the values that there are.
    const packed = reader.take(Math.min(reader.left, size * width));
    if (packed.length * 8 < values * width) throw new Error("a page is truncated");
    for (let start = 0; start < values; start += stride) {
      const size = Math.min(stride, values - start);
      unpackBits(packed.subarray((start / 8) * width), width, size, out, done + start);
      if (size === stride) yield;
    }
    done += values;
  }
  return out;
}

/** Whether `count` values of one bit are a single run of one value. */
export function isOneRun(bytes: Uint8Array, value: number, count: number): boolean {
  const reader = new ByteReader(bytes);
  if (count === 0 || reader.left === 0) return false;
  const header = reader.varint();
  return header % 2 === 0 && header / 2 >= count && reader.left > 0 && reader.byte() === value;
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function unpackBits(packed: Uint8Array, width: number, count: number, out: Uint32Array, start: number): void {
  if (width <= 24) unpackFewBits(packed, width, count, out, start);
  else unpackManyBits(packed, width, count, out, start);
}

/** Of widths with which the bits that are left and a byte more fit into 31. */
function unpackFewBits(
  packed: Uint8Array,
  width: number,
  count: number,
  out: Uint32Array,
  start: number,
): void {
  const mask = 2 ** width - 1;
  let bitsLeft = 0;
  let bits = 0;
  let at = 0;
  for (let i = start; i < start + count; i++) {
    while (bits < width) {
      bitsLeft |= packed[at++]! << bits;
      bits += 8;
    }
    out[i] = bitsLeft & mask;
    bitsLeft >>>= width;
    bits -= width;
  }
}

function unpackManyBits(
  packed: Uint8Array,
  width: number,
  count: number,
  out: Uint32Array,
  start: number,
): void {
  // Up to 7 bits of the byte before and 32 more: doubles hold 53.
  let bitsLeft = 0;
  let bits = 0;
  let at = 0;
  const modulus = 2 ** width;
  for (let i = start; i < start + count; i++) {
    while (bits < width) {
      bitsLeft += packed[at++]! * 2 ** bits;
      bits += 8;
    }
    const value = bitsLeft % modulus;
    out[i] = value;
    bitsLeft = (bitsLeft - value) / modulus;
    bits -= width;
  }
}

/** Copies bytes to the beginning of memory, where numbers may start. */
function aligned(bytes: Uint8Array, room: Room | undefined): ArrayBuffer {
  if (!room) return new Uint8Array(bytes).buffer;
  const own = room.take(bytes.length);
  own.set(bytes);
  return own.buffer;
}

/** A list of what is made for each number below `count`, in order. */
function* listOf<T>(count: number, make: (i: number) => T): Pieces<T[]> {
  const list: T[] = [];
  yield* each(count, (i) => {
    list.push(make(i));
  });
  return list;
}

/**
 * Values one after the other.
 * @param room - For numbers, where they need not last.
 */
export function* readPlain(
  reader: ByteReader,
  type: ParquetType,
  count: number,
  width: number | undefined,
  room?: Room,
): Pieces<RawValues> {
  switch (type) {
    case "BOOLEAN": {
      const packed = reader.take(Math.ceil(count / 8));
      const out = new Uint8Array(count);
      yield* each(count, (i) => {
        out[i] = (packed[i >> 3]! >> (i & 7)) & 1;
      });
      return out;
    }
    case "INT32":
      return new Int32Array(aligned(reader.take(4 * count), room), 0, count);
    case "INT64":
      return new BigInt64Array(aligned(reader.take(8 * count), room), 0, count);
    case "FLOAT":
      return new Float32Array(aligned(reader.take(4 * count), room), 0, count);
    case "DOUBLE":
      return new Float64Array(aligned(reader.take(8 * count), room), 0, count);
    case "INT96":
      return yield* cut(reader.take(12 * count), 12);
    case "FIXED_LEN_BYTE_ARRAY":
      return yield* cut(reader.take(fixedWidth(width) * count), fixedWidth(width));
    case "BYTE_ARRAY": {
      if (count > reader.left / 4) throw new Error("a page is truncated");
      return yield* listOf(count, () => reader.take(reader.uint32()));
    }
    default:
      throw new Error(`values of type ${String(type)}`);
  }
}

function fixedWidth(width: number | undefined): number {
  if (width === undefined || !(width >= 1)) throw new Error("values of a fixed length that is not said");
  return width;
}

function cut(bytes: Uint8Array, width: number): Pieces<Uint8Array[]> {
  return listOf(bytes.length / width, (i) => bytes.subarray(i * width, (i + 1) * width));
}

/** First bytes of all values, then second bytes, and so on. */
export function* readSplit(
  reader: ByteReader,
  type: ParquetType,
  count: number,
  width: number | undefined,
): Pieces<RawValues> {
  const sizes: Partial<Record<ParquetType, number>> = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8 };
  const size = sizes[type] ?? fixedWidth(width);
  const split = reader.take(size * count);
  const together = new Uint8Array(size * count);
  for (let byte = 0; byte < size; byte++)
    yield* each(count, (i) => {
      together[i * size + byte] = split[byte * count + i]!;
    });
  return yield* readPlain(new ByteReader(together), type, count, width);
}

/** Differences, packed in blocks; the bits of 64 that a number has beyond its type's are dropped, as they should be. */
function* readDeltas(reader: ByteReader, count: number): Pieces<BigInt64Array> {
  const out = new BigInt64Array(count);
  const blockSize = reader.varint();
  const parts = reader.varint();
  reader.varint();
  const first = reader.zigzag();
  if (count === 0) return out;
  const size = blockSize / parts;
  if (!Number.isInteger(size) || size % 8 !== 0 || size === 0)
    throw new Error(`blocks of ${blockSize} values in ${parts} parts`);
  let value = first;
  out[0] = value;
  let done = 1;
  for (let blocks = 1; done < count; blocks++) {
    if (blocks % 16 === 0) yield;
    const least = reader.zigzag();
    const widths = reader.take(parts);
    for (const width of widths) {
      if (done >= count) break;
      if (width > 64) throw new Error(`values of ${width} bits`);
      const packed = reader.take(Math.min(reader.left, (size * width) / 8));
      const values = Math.min(size, count - done);
      if (packed.length * 8 < values * width) throw new Error("a page is truncated");
      let bitsLeft = 0n;
      let bits = 0;
      let at = 0;
      for (let i = 0; i < values; i++) {
        while (bits < width) {
          bitsLeft |= BigInt(packed[at++]!) << BigInt(bits);
          bits += 8;
        }
        value = BigInt.asIntN(64, value + least + BigInt.asUintN(width, bitsLeft));
        bitsLeft >>= BigInt(width);
        bits -= width;
        out[done++] = value;
        if (i % 4096 === 4095) yield;
      }
    }
  }
  return out;
}

/** Whole numbers as differences. */
export function* readDeltaNumbers(reader: ByteReader, type: ParquetType, count: number): Pieces<RawValues> {
  const all = yield* readDeltas(reader, count);
  if (type === "INT64") return all;
  if (type === "INT32") {
    const out = new Int32Array(count);
    yield* each(count, (i) => {
      out[i] = Number(BigInt.asIntN(32, all[i]!));
    });
    return out;
  }
  throw new Error(`differences of values of type ${String(type)}`);
}

/** Byte strings with their lengths before them; `shared` says how much of the one before each begins with. */
export function* readDeltaBytes(reader: ByteReader, count: number, isShared: boolean): Pieces<Uint8Array[]> {
  const shared = isShared ? yield* readDeltas(reader, count) : undefined;
  const lengths = yield* readDeltas(reader, count);
  let before = new Uint8Array();
  let total = 0;
  return yield* listOf(count, (i) => {
    const length = Number(lengths[i]!);
    const rest = reader.take(length);
    const prefix = Number(shared?.[i] ?? 0);
    if (!(prefix >= 0 && prefix <= before.length))
      throw new Error("a value begins with more than the one before has");
    total += prefix;
    if (total > mostShared) throw new Error("values that begin alike unpack to more than 1 GiB");
    const value = new Uint8Array(prefix + length);
    value.set(before.subarray(0, prefix));
    value.set(rest, prefix);
    before = value;
    return value;
  });
}

/** Bytes that values of a page may have in common with those before them. */
const mostShared = 2 ** 30;
