/**
 * Safetensors: named tensors in one file, with a map of strings.
 *
 *     8 bytes   length N of the header, little-endian
 *     N bytes   JSON: { "__metadata__": {string: string}, name: { dtype, shape, data_offsets: [begin, end] } }
 *     the rest  the tensors' bytes, little-endian, row-major, without gap or overlap
 *
 * Nothing that a header claims is believed before it is checked, and nothing is allocated on its word.
 * https://huggingface.co/docs/safetensors
 *
 * @module
 */

import { FormatError, UsageError, unreadable } from "../errors.ts";
import { duplicateKey } from "./duplicateKey.ts";

/** The element types that are read and written, and the arrays that hold them. */
export interface TensorArrays {
  F32: Float32Array;
  F64: Float64Array;
  I32: Int32Array;
  I64: BigInt64Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

/** Name of an element type, as it stands in the file. */
export type TensorType = keyof TensorArrays;

/** One tensor: `data` is row-major and holds as many elements as the product of `shape` (1 where it is empty). */
export type Tensor = {
  [Type in TensorType]: {
    readonly dtype: Type;
    readonly shape: readonly number[];
    readonly data: TensorArrays[Type];
  };
}[TensorType];

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: Map<string, Tensor>;
  /** The strings under `__metadata__`; empty where there is none. */
  readonly metadata: Record<string, string>;
}

const arrayTypes = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Element types of the format that this library has no use for; known, so that the message can say so. */
const otherTypes = "I8 U16 I16 F16 BF16 U32 U64 F8_E4M3 F8_E5M2".split(" ");

const metadataKey = "__metadata__";

/** The format's own limit on the header, in bytes. */
const longestHeader = 100_000_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A value of the header, for a message. */
function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "nothing";
  } catch {
    // Parsing takes any depth, printing does not.
    text = "a deeply nested value";
  }
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function notSafetensors(name: string, fault: string, expected: string, received: string): FormatError {
  const remedy = "a model is what save writes";
  return unreadable(name, `is not a safetensors file${fault}`, { expected, received, remedy });
}

function damagedPart(where: string, problem: string, expected: string, received: string): FormatError {
  return new FormatError({ where, problem, expected, received, remedy: "copy or write the file again" });
}

/** The header's object, and where the data starts. */
function readHeader(bytes: Uint8Array, name: string): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) {
    throw notSafetensors(
      name,
      `: it has ${bytes.length} bytes, at least 8 are needed`,
      "at least 8 bytes",
      String(bytes.length),
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(longestHeader) || length > BigInt(bytes.length - 8)) {
    throw notSafetensors(
      name,
      `, or is truncated: it claims a header of ${length} bytes and has ${bytes.length - 8} after the length`,
      `${length} bytes or more`,
      String(bytes.length - 8),
    );
  }
  const start = 8 + Number(length);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
    header = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    header = undefined;
    text = "";
  }
  if (!isObject(header))
    throw notSafetensors(name, ": its header is not a JSON object", "a JSON object", "other bytes");
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined)
    throw damagedPart(
      name,
      `the header holds the key "${duplicate}" twice`,
      "each key once",
      `"${duplicate}" twice`,
    );
  return { header, start };
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value))
    throw damagedPart(
      name,
      `${metadataKey} must be an object, found ${show(value)}`,
      "an object",
      show(value),
    );
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") {
      throw damagedPart(
        name,
        `${metadataKey} "${key}" must be a string, found ${show(text)}`,
        "a string",
        show(text),
      );
    }
    return [key, text];
  });
  return Object.fromEntries(entries);
}

/** A tensor's entry, checked as far as it can be on its own. */
interface Entry {
  readonly tensor: string;
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(tensor: string, value: unknown, name: string): Entry {
  const fail = (expected: string, received: unknown): never => {
    const found = show(received);
    throw damagedPart(name, `tensor "${tensor}": expected ${expected}, found ${found}`, expected, found);
  };
  if (tensor === "") throw damagedPart(name, "a tensor has an empty name", "names", '""');
  if (!isObject(value)) return fail("an object with dtype, shape and data_offsets", value);
  const unknownKey = Object.keys(value).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknownKey !== undefined) return fail("dtype, shape and data_offsets alone", unknownKey);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(arrayTypes, dtype)) {
    const known = Object.keys(arrayTypes).join(", ");
    const kind = otherTypes.includes(String(dtype)) ? "a dtype that is read here" : "a known dtype";
    return fail(`${kind} (${known})`, dtype);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) return fail("a shape of whole numbers from 0", shape);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isSize(begin) || !isSize(end) || begin > end) {
    return fail("data_offsets of two ascending whole numbers", offsets);
  }
  const type = dtype as TensorType;
  // A product beyond 2^53 is rounded, but then it is far from any size that a file can have.
  const size = shape.reduce((product, length) => product * length, arrayTypes[type].BYTES_PER_ELEMENT);
  if (size !== end - begin) {
    return fail(`${size} bytes for ${dtype} of shape ${show(shape)}`, end - begin);
  }
  return { tensor, dtype: type, shape, begin, end };
}

/** Checks that the tensors fill the data section, in some order, without gap or overlap. */
function checkLayout(entries: readonly Entry[], length: number, name: string): void {
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { tensor, begin, end } of inOrder) {
    if (begin !== at) {
      const fault = begin < at ? "overlaps the one before it" : "leaves a gap before it";
      throw damagedPart(
        name,
        `tensor "${tensor}" starts at byte ${begin}, not ${at}: it ${fault}`,
        `byte ${at}`,
        String(begin),
      );
    }
    at = end;
  }
  if (at !== length) {
    const fault = at > length ? "the file is truncated" : "there are bytes that belong to no tensor";
    throw damagedPart(
      name,
      `the tensors take ${at} bytes, the file has ${length}: ${fault}`,
      `${at} bytes`,
      String(length),
    );
  }
}

/** Copies a tensor's bytes to an array of its own: they may be unaligned in the file. */
function readData(dtype: TensorType, bytes: Uint8Array): TensorArrays[TensorType] {
  // Not `slice`: a Node Buffer's shares the memory.
  const copy = new Uint8Array(bytes);
  return new arrayTypes[dtype](copy.buffer);
}

/**
 * Reads a safetensors file. Every claim of the header is checked before any of it is used: its length, that it
 * is a JSON object without duplicate keys, known dtypes, shapes that agree with the offsets, and offsets that
 * cover the rest of the file exactly. Tensors are copied, in the order of the header.
 *
 * @param name what to call the file in an error.
 * @throws FormatError, one line, for anything else.
 */
export function readSafetensors(bytes: Uint8Array, name: string = "the file"): SafetensorsContent {
  const { header, start } = readHeader(bytes, name);
  const metadata = readMetadata(header[metadataKey], name);
  const entries = Object.entries(header)
    .filter(([key]) => key !== metadataKey)
    .map(([key, value]) => readEntry(key, value, name));
  checkLayout(entries, bytes.length - start, name);
  const tensors = new Map<string, Tensor>();
  for (const { tensor, dtype, shape, begin, end } of entries) {
    const data = readData(dtype, bytes.subarray(start + begin, start + end));
    tensors.set(tensor, { dtype, shape, data } as Tensor);
  }
  return { tensors, metadata };
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes, whatever their order:
 * header keys are sorted, data lies by element size, largest first (so that every tensor is aligned), then
 * by name; the header is padded with blanks to a multiple of 8 bytes.
 *
 * @throws UsageError if a name is empty or `__metadata__`, or a tensor's data does not fill its shape.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = [...tensors.keys()].sort(byName);
  const offsets = new Map<string, [begin: number, end: number]>();
  let end = 0;
  const elementSize = (name: string): number => tensors.get(name)!.data.BYTES_PER_ELEMENT;
  // Sorting is stable: within one element size the names stay in order.
  for (const name of [...names].sort((a, b) => elementSize(b) - elementSize(a))) {
    const { dtype, shape, data } = tensors.get(name)!;
    if (name === "" || name === metadataKey)
      throw new UsageError({
        problem: `a tensor cannot have the name "${name}"`,
        expected: "another name",
        received: `"${name}"`,
      });
    const count = shape.reduce((product, length) => product * length, 1);
    if (!shape.every(isSize) || count !== data.length || !(data instanceof arrayTypes[dtype])) {
      throw new UsageError({
        where: `tensor "${name}"`,
        problem: `${dtype} of shape [${shape.join(", ")}] does not fit ${data.constructor.name} of length ${data.length}`,
        expected: `${dtype} of shape [${shape.join(", ")}]`,
        received: `${data.constructor.name} of length ${data.length}`,
      });
    }
    offsets.set(name, [end, end + data.byteLength]);
    end += data.byteLength;
  }
  // Lists of pairs, not objects: an object would put keys such as "10" first and swallow "__proto__".
  const member = (key: string, value: string): string => `${JSON.stringify(key)}:${value}`;
  const members = names.map((name) => {
    const { dtype, shape } = tensors.get(name)!;
    return member(name, JSON.stringify({ dtype, shape, data_offsets: offsets.get(name) }));
  });
  const strings = Object.keys(metadata).sort(byName);
  if (strings.length > 0) {
    const inner = strings.map((key) => member(key, JSON.stringify(metadata[key])));
    members.unshift(member(metadataKey, `{${inner.join(",")}}`));
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  if (headerLength > longestHeader) {
    throw new UsageError({
      subject: "a safetensors header",
      expected: "at most 100 MB",
      received: `${headerLength} bytes`,
    });
  }
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerLength);
  for (const [name, [begin]] of offsets) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + headerLength + begin);
  }
  return bytes;
}
