/**
 * The cells of a column of Arrow data, row by row.
 *
 * https://arrow.apache.org/docs/format/Columnar.html
 *
 * @module
 */

import { decimalReader } from "../decimals.ts";
import { halfFloat } from "../halfFloat.ts";
import { dayText, momentText, timeText } from "../momentTexts.ts";
import type { ArrowField, ArrowType } from "./arrowSchema.ts";

/** A cell: undefined where it is missing, a bigint where a double does not hold it. */
export type ArrowCell = number | bigint | boolean | string | undefined;

/** The cells of the rows of a batch. */
export type ReadCell = (row: number) => ArrowCell;

type BufferArray<T> = new (buffer: ArrayBufferLike, offset: number, length: number) => T;

/** Numbers of a buffer; those that do not lie as the machine needs them are copied. */
function numbersOf<T>(
  bytes: Uint8Array,
  count: number,
  type: BufferArray<T> & { readonly BYTES_PER_ELEMENT: number },
): T {
  const size = type.BYTES_PER_ELEMENT;
  if (!(count * size <= bytes.length)) throw new Error("a buffer is shorter than its rows need");
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new type(aligned.buffer, aligned.byteOffset, count);
}

const bit = (bytes: Uint8Array, at: number): boolean => ((bytes[at >> 3]! >> (at & 7)) & 1) === 1;

function bits(bytes: Uint8Array, count: number): Uint8Array {
  if (bytes.length < Math.ceil(count / 8)) throw new Error("a buffer is shorter than its rows need");
  return bytes;
}

/** Numbers of 8 to 64 bits. */
function integers(bytes: Uint8Array, rows: number, width: number, signed: boolean): ReadCell {
  if (width === 64) {
    const values = signed
      ? numbersOf(bytes, rows, BigInt64Array<ArrayBufferLike>)
      : numbersOf(bytes, rows, BigUint64Array<ArrayBufferLike>);
    return (row) => {
      const value = Number(values[row]);
      return Number.isSafeInteger(value) ? value : values[row];
    };
  }
  const type = signed
    ? { 8: Int8Array<ArrayBufferLike>, 16: Int16Array<ArrayBufferLike>, 32: Int32Array<ArrayBufferLike> }[
        width
      ]
    : {
        8: Uint8Array<ArrayBufferLike>,
        16: Uint16Array<ArrayBufferLike>,
        32: Uint32Array<ArrayBufferLike>,
      }[width];
  if (!type) throw new Error(`there are no integers of ${width} bits`);
  const values = numbersOf<ArrayLike<number>>(bytes, rows, type);
  return (row) => values[row];
}

/** Whole numbers of 32 to 256 bits, in two's complement. */
function wholes(bytes: Uint8Array, rows: number, width: number): (row: number) => bigint | number {
  if (width === 32) {
    const values = numbersOf(bytes, rows, Int32Array<ArrayBufferLike>);
    return (row) => values[row]!;
  }
  const words = width / 64;
  if (![1, 2, 4].includes(words)) throw new Error(`there are no decimals of ${width} bits`);
  const values = numbersOf(bytes, rows * words, BigUint64Array<ArrayBufferLike>);
  return (row) => {
    let value = BigInt.asIntN(64, values[row * words + words - 1]!);
    for (let word = words - 2; word >= 0; word--) value = (value << 64n) | values[row * words + word]!;
    return value;
  };
}

function floats(bytes: Uint8Array, rows: number, width: number): ReadCell {
  if (width === 16) {
    const values = numbersOf(bytes, rows, Uint16Array<ArrayBufferLike>);
    return (row) => halfFloat(values[row]!);
  }
  const values: ArrayLike<number> =
    width === 32
      ? numbersOf(bytes, rows, Float32Array<ArrayBufferLike>)
      : numbersOf(bytes, rows, Float64Array<ArrayBufferLike>);
  return (row) => values[row];
}

/** What stands for bytes that are not text. */
const binaryText = "binary data";

function textReader(): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return binaryText;
    }
  };
}

/** Texts between offsets; the data begin where the first does. */
function texts(offsetBytes: Uint8Array, data: Uint8Array, rows: number, isLarge: boolean): ReadCell {
  const read = textReader();
  const offsets: ArrayLike<number | bigint> = isLarge
    ? numbersOf(offsetBytes, rows + 1, BigInt64Array<ArrayBufferLike>)
    : numbersOf(offsetBytes, rows + 1, Int32Array<ArrayBufferLike>);
  const first = Number(offsets[0]);
  return (row) => {
    const [start, end] = [Number(offsets[row]) - first, Number(offsets[row + 1]) - first];
    if (!(start >= 0 && start <= end && end <= data.length))
      throw new Error("a text does not lie within its buffer");
    return read(data.subarray(start, end));
  };
}

/** Texts of up to 12 bytes lie in their views, longer ones in one of the further buffers. */
function viewedTexts(views: Uint8Array, data: readonly Uint8Array[], rows: number): ReadCell {
  const read = textReader();
  if (views.length < 16 * rows) throw new Error("a buffer is shorter than its rows need");
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  return (row) => {
    const at = 16 * row;
    const length = view.getInt32(at, true);
    if (length >= 0 && length <= 12) return read(views.subarray(at + 4, at + 4 + length));
    const buffer = data[view.getInt32(at + 8, true)];
    const start = view.getInt32(at + 12, true);
    if (!buffer || length < 0 || !(start >= 0 && length <= buffer.length - start))
      throw new Error("a text does not lie within its buffer");
    return read(buffer.subarray(start, start + length));
  };
}

/** The cells of a type, missing ones passed over. */
function present(type: ArrowType, buffers: readonly Uint8Array[], rows: number): ReadCell {
  const [, first = new Uint8Array(), second = new Uint8Array()] = buffers;
  const { name, width, unit } = type;
  const moments = (from: number): BigInt64Array | Int32Array =>
    from === 64
      ? numbersOf(first, rows, BigInt64Array<ArrayBufferLike>)
      : numbersOf(first, rows, Int32Array<ArrayBufferLike>);
  switch (name) {
    case "integer":
    case "duration":
      return integers(first, rows, width, type.signed);
    case "float":
      return floats(first, rows, width);
    case "boolean": {
      const isTrue = bits(first, rows);
      return (row) => bit(isTrue, row);
    }
    case "decimal": {
      const whole = wholes(first, rows, width);
      if (type.scale === 0)
        return (row) => {
          const value = whole(row);
          return Number.isSafeInteger(Number(value)) ? Number(value) : value;
        };
      const read = decimalReader(type.scale);
      return (row) => read(whole(row));
    }
    case "date": {
      const values = moments(width);
      return (row) =>
        width === 32
          ? dayText(values[row] as number)
          : dayText(Math.floor(Number(values[row] as bigint) / 86_400_000));
    }
    case "timestamp": {
      const values = moments(64);
      return (row) => momentText(values[row] as bigint, unit, type.zone !== undefined);
    }
    case "time": {
      const values = moments(width);
      return (row) => timeText(BigInt(values[row]!), unit);
    }
    case "text":
    case "binary":
      return texts(first, second, rows, false);
    case "large text":
    case "large binary":
      return texts(first, second, rows, true);
    case "text views":
    case "binary views":
      return viewedTexts(first, buffers.slice(2), rows);
    case "interval":
      return () => "an interval";
    case "fixed binary":
      return () => binaryText;
    default:
      throw new Error(`there are no cells of the type ${name}`);
  }
}

/** Why a column has no cells of its own; undefined for one of single values. */
export function nestedKind({ type, dictionary, children }: ArrowField): string | undefined {
  if (dictionary && children.length > 0) return "a structure";
  switch (type.name) {
    case "list":
    case "large list":
    case "fixed list":
    case "list views":
    case "large list views":
      return "a list";
    case "map":
      return "a map";
    case "structure":
      return "a structure";
    case "union":
      return "one of several types";
    case "run ends":
      return "a run of equal values";
    default:
      return undefined;
  }
}

/**
 * The cells of rows.
 * @param buffers - The buffers of the column, as `buffersOfRows` gives them: which rows are present, and what else its type has.
 * @param dictionary - The values of its dictionary, where it has one.
 */
export function arrowCells(
  { type, dictionary: encoding }: ArrowField,
  buffers: readonly Uint8Array[],
  { rows, nulls }: { readonly rows: number; readonly nulls: number },
  dictionary: readonly ArrowCell[] | undefined,
): ReadCell {
  if (type.name === "null" && !encoding) return () => undefined;
  let read: ReadCell;
  if (encoding) {
    if (!dictionary) throw new Error("a dictionary is missing");
    const place = integers(buffers[1]!, rows, encoding.index.width, encoding.index.signed);
    read = (row) => {
      const at = place(row) as number;
      if (!(at >= 0 && at < dictionary.length))
        throw new Error("a dictionary has fewer values than are asked for");
      return dictionary[at];
    };
  } else read = present(type, buffers, rows);
  const [validity] = buffers;
  if (nulls === 0 || !validity || validity.length === 0) return read;
  const isPresent = bits(validity, rows);
  return (row) => (bit(isPresent, row) ? read(row) : undefined);
}
