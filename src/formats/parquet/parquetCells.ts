/**
 * What the stored values of a column of Parquet stand for: numbers, or text.
 *
 * @module
 */

import type { SchemaElement } from "hyparquet";
import { each, type Pieces } from "../../platform/pieces.ts";
import { halfFloat } from "../halfFloat.ts";
import type { RawValues } from "./parquetEncodings.ts";

/** Cells of a column: numbers, or text as it would stand in a CSV file. */
export type Cells = Float64Array | readonly string[];

/** Turns stored values to cells. */
export interface CellReader {
  /** `booleans` are 1 and 0; `binary` has no cells that could be numbers: one text stands for all of them. */
  readonly kind: "numbers" | "booleans" | "text" | "binary";
  read(values: RawValues): Pieces<Cells>;
  /** The digits of a stored whole number that a double may not hold. */
  readonly wholeText?: ((value: RawValues[number]) => string) | undefined;
}

/** Numbers, one for each stored value. */
const numbers = <Stored>(convert: (value: Stored) => number): CellReader => ({
  kind: "numbers",
  *read(values) {
    const stored = values as unknown as ArrayLike<Stored>;
    const out = new Float64Array(stored.length);
    yield* each(stored.length, (i) => {
      out[i] = convert(stored[i]!);
    });
    return out;
  },
});

/** Numbers as they are stored. */
const plainNumbers: CellReader = {
  kind: "numbers",
  // biome-ignore lint/correctness/useYield: an array is copied at once.
  *read(values) {
    return new Float64Array(values as Float64Array);
  },
};

/** Text, one for each stored value. */
const texts = <Stored>(cell: (value: Stored) => string, kind: CellReader["kind"] = "text"): CellReader => ({
  kind,
  *read(values) {
    const stored = values as unknown as ArrayLike<Stored>;
    const out: string[] = [];
    yield* each(stored.length, (i) => {
      out.push(cell(stored[i]!));
    });
    return out;
  },
});

const dateText = (milliseconds: number): string => {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "an invalid date" : date.toISOString();
};

/** Units of times, a second long. */
const perSecond = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const;
type Unit = keyof typeof perSecond;

const timestamp = (unit: Unit): CellReader =>
  texts((value: number | bigint) => dateText(Number((BigInt(value) * 1000n) / perSecond[unit])));

/** A time of day, to the second and what is below it. */
const timeOfDay = (unit: Unit): CellReader =>
  texts((value: number | bigint) => {
    const own = BigInt(value);
    const second = Number(own / perSecond[unit]);
    const part = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
    const digits = String(perSecond[unit]).length - 1;
    const rest = String(own % perSecond[unit]).padStart(digits, "0");
    return `${part.map((one) => String(one).padStart(2, "0")).join(":")}.${rest}`;
  });

/** Days, and nanoseconds of the day: 8 bytes and 4, as old Spark and Impala write it. */
function oldTimestamp(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const days = view.getInt32(8, true) - 2_440_588;
  return dateText(days * 86_400_000 + Number(view.getBigInt64(0, true) / 1_000_000n));
}

/** A whole number of any length, big-endian, in two's complement. */
function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** Powers of ten that are doubles exactly. */
const exactPowers = 22;

/** The double nearest to each decimal, as its text would be read. */
function decimals(scale: number): CellReader {
  const power = 10 ** scale;
  const read = (whole: bigint | number): number => {
    // One rounding of two exact numbers is the nearest double.
    const own = Number(whole);
    if (scale >= 0 && scale <= exactPowers && Number.isSafeInteger(own)) return own / power;
    return Number(`${whole}e${-scale}`);
  };
  const whole = (value: RawValues[number]): number | bigint =>
    value instanceof Uint8Array ? bigEndian(value) : value;
  return {
    ...numbers((value: RawValues[number]) => read(whole(value))),
    ...(scale === 0 ? { wholeText: (value) => String(whole(value)) } : {}),
  };
}

/** Text if it is UTF-8, else a word for it. */
const bytesText = (): CellReader => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return texts((bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return "binary data";
    }
  });
};

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** How the values of a column are read. */
export function cellReader(element: SchemaElement): CellReader {
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type;
  if (converted === "DECIMAL" || kind === "DECIMAL") {
    const scale = element.scale ?? (logical as { scale?: number } | undefined)?.scale ?? 0;
    return decimals(scale);
  }
  if (converted === "DATE" || kind === "DATE") return texts((days: number) => dateText(days * 86_400_000));
  if (kind === "TIMESTAMP") return timestamp((logical as { unit: Unit }).unit);
  if (converted === "TIMESTAMP_MILLIS") return timestamp("MILLIS");
  if (converted === "TIMESTAMP_MICROS") return timestamp("MICROS");
  if (kind === "TIME") return timeOfDay((logical as { unit: Unit }).unit);
  if (converted === "TIME_MILLIS") return timeOfDay("MILLIS");
  if (converted === "TIME_MICROS") return timeOfDay("MICROS");
  const isUnsigned =
    converted?.startsWith("UINT_") ||
    (kind === "INTEGER" && (logical as { isSigned?: boolean }).isSigned === false);
  switch (type) {
    case "BOOLEAN":
      return { ...plainNumbers, kind: "booleans" };
    case "FLOAT":
    case "DOUBLE":
      return plainNumbers;
    case "INT32":
      return isUnsigned ? numbers((value: number) => value >>> 0) : plainNumbers;
    case "INT64": {
      const whole = (value: bigint): bigint => (isUnsigned ? BigInt.asUintN(64, value) : value);
      return {
        ...numbers((value: bigint) => Number(whole(value))),
        wholeText: (value) => String(whole(value as bigint)),
      };
    }
    case "INT96":
      return texts(oldTimestamp);
    case "BYTE_ARRAY":
      if (kind === "VARIANT" || kind === "GEOMETRY" || kind === "GEOGRAPHY" || converted === "BSON")
        return texts(() => "binary data", "binary");
      return bytesText();
    default:
      if (kind === "FLOAT16") return numbers(([low, high]: Uint8Array) => halfFloat(low! + 256 * high!));
      if (kind === "UUID") return texts(hex);
      return texts(() => "binary data", "binary");
  }
}
