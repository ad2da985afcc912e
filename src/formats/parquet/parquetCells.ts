/**
 * What the stored values of a column of Parquet stand for: numbers, or text.
 *
 * @module
 */

import type { SchemaElement } from "hyparquet";
import { each, type Pieces } from "../../platform/pieces.ts";
import { decimalReader } from "../decimals.ts";
import { halfFloat } from "../halfFloat.ts";
import { dayText, momentText, timeText } from "../momentTexts.ts";
import type { StoredType, TimeUnit } from "../storedType.ts";
import type { RawValues } from "./parquetEncodings.ts";

/** Cells of a column: numbers, or text as it would stand in a CSV file. */
export type Cells = Float64Array | readonly string[];

/** Turns stored values to cells. */
export interface CellReader {
  /**
   * `booleans` are 1 and 0; `strings` may hold numbers; `text` stands for what is none, such as dates; of `binary` one text stands for
   * all of them.
   */
  readonly kind: "numbers" | "booleans" | "strings" | "text" | "binary";
  read(values: RawValues): Pieces<Cells>;
  /** The digits of a stored whole number that a double may not hold. */
  readonly wholeText?: ((value: RawValues[number]) => string) | undefined;
  /** What it is stored as, where it is neither a double nor a text. */
  readonly stored?: StoredType | undefined;
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
    return values instanceof Float64Array ? values : new Float64Array(values as unknown as Float32Array);
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

/** Units as the format calls them. */
const units = { MILLIS: "ms", MICROS: "us", NANOS: "ns" } as const;
type Unit = keyof typeof units;

const timestamp = (unit: TimeUnit, zoned: boolean): CellReader => ({
  ...texts((value: number | bigint) => momentText(BigInt(value), unit, zoned)),
  stored: { type: "timestamp", unit, ...(zoned ? { zone: "UTC" } : {}) },
});

const timeOfDay = (unit: TimeUnit): CellReader => ({
  ...texts((value: number | bigint) => timeText(BigInt(value), unit)),
  stored: { type: "time", unit },
});

/** Days, and nanoseconds of the day: 8 bytes and 4, as old Spark and Impala write it. */
function oldTimestamp(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const days = view.getInt32(8, true) - 2_440_588;
  return momentText(BigInt(days) * 86_400_000_000_000n + view.getBigInt64(0, true), "ns", false);
}

/** A whole number of any length, big-endian, in two's complement. */
function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** The double nearest to each decimal, as its text would be read. */
function decimals(scale: number, precision: number): CellReader {
  const read = decimalReader(scale);
  const whole = (value: RawValues[number]): number | bigint =>
    value instanceof Uint8Array ? bigEndian(value) : value;
  return {
    ...numbers((value: RawValues[number]) => read(whole(value))),
    ...(scale === 0 ? { wholeText: (value) => String(whole(value)) } : {}),
    stored: { type: "decimal", precision, scale },
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
  }, "strings");
};

/** Whole numbers, of fewer bits than they are kept in where the file says so. */
function integerType(
  { converted_type: converted, logical_type: logical }: SchemaElement,
  bits: 32 | 64,
  signed: boolean,
): StoredType {
  const { bitWidth } = (logical?.type === "INTEGER" ? logical : {}) as { bitWidth?: number };
  const said = bitWidth ?? Number(/^U?INT_(\d+)$/.exec(converted ?? "")?.[1] ?? bits);
  return { type: "integer", bits: said as 8 | 16 | 32 | 64, signed };
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** How the values of a column are read. */
export function cellReader(element: SchemaElement): CellReader {
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type;
  if (converted === "DECIMAL" || kind === "DECIMAL") {
    const decimal = logical as { scale?: number; precision?: number } | undefined;
    return decimals(element.scale ?? decimal?.scale ?? 0, element.precision ?? decimal?.precision ?? 38);
  }
  if (converted === "DATE" || kind === "DATE") return { ...texts(dayText), stored: { type: "date" } };
  if (kind === "TIMESTAMP") {
    const { unit, isAdjustedToUTC } = logical as { unit: Unit; isAdjustedToUTC?: boolean };
    return timestamp(units[unit], isAdjustedToUTC !== false);
  }
  if (converted === "TIMESTAMP_MILLIS") return timestamp("ms", true);
  if (converted === "TIMESTAMP_MICROS") return timestamp("us", true);
  if (kind === "TIME") return timeOfDay(units[(logical as { unit: Unit }).unit]);
  if (converted === "TIME_MILLIS") return timeOfDay("ms");
  if (converted === "TIME_MICROS") return timeOfDay("us");
  const isUnsigned =
    converted?.startsWith("UINT_") ||
    (kind === "INTEGER" && (logical as { isSigned?: boolean }).isSigned === false);
  switch (type) {
    case "BOOLEAN":
      return { ...plainNumbers, kind: "booleans", stored: { type: "boolean" } };
    case "FLOAT":
      return { ...plainNumbers, stored: { type: "float", bits: 32 } };
    case "DOUBLE":
      return plainNumbers;
    case "INT32":
      return {
        ...(isUnsigned ? numbers((value: number) => value >>> 0) : plainNumbers),
        stored: integerType(element, 32, !isUnsigned),
      };
    case "INT64": {
      const whole = (value: bigint): bigint => (isUnsigned ? BigInt.asUintN(64, value) : value);
      return {
        ...numbers((value: bigint) => Number(whole(value))),
        wholeText: (value) => String(whole(value as bigint)),
        stored: integerType(element, 64, !isUnsigned),
      };
    }
    case "INT96":
      return { ...texts(oldTimestamp), stored: { type: "timestamp", unit: "ns" } };
    case "BYTE_ARRAY":
      if (kind === "VARIANT" || kind === "GEOMETRY" || kind === "GEOGRAPHY" || converted === "BSON")
        return texts(() => "binary data", "binary");
      return bytesText();
    default:
      if (kind === "FLOAT16")
        return {
          ...numbers(([low, high]: Uint8Array) => halfFloat(low! + 256 * high!)),
          stored: { type: "float", bits: 16 },
        };
      if (kind === "UUID") return texts(hex);
      return texts(() => "binary data", "binary");
  }
}
