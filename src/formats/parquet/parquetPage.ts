/**
 * The pages of a column of Parquet, one after the other. Repeated values are not read: columns here have one value per row,
 * or none.
 *
 * @module
 */

import type { ColumnMetaData, SchemaElement } from "hyparquet";
import type { Room } from "../../platform/byteSource.ts";
import { each, type Pieces, stride } from "../../platform/pieces.ts";
import { crc32 } from "../crc32.ts";
import type { ChunkBytes } from "./chunkBytes.ts";
import type { PageCodec, RunPieces } from "./pageCodecs.ts";
import {
  ByteReader,
  isOneRun,
  type RawValues,
  readDeltaBytes,
  readDeltaNumbers,
  readPlain,
  readRuns,
  readSplit,
} from "./parquetEncodings.ts";

/** Values of a page; row i has the next of them where `present` is undefined or has a 1 in its place. */
export interface PageValues {
  readonly rows: number;
  readonly present: Uint32Array | undefined;
  readonly values: RawValues;
  /** Places of the values in `values`, where that is a dictionary. */
  readonly places: Uint32Array | undefined;
}

/** What a page's header says, of what is used here. */
interface Header {
  readonly type: string | undefined;
  readonly unpacked: number;
  readonly packed: number;
  readonly checksum: number | undefined;
  readonly values: number;
  readonly encoding: string | undefined;
  readonly nullCount: number | undefined;
  /** Of the second version: bytes of levels before the values. */
  readonly levels: readonly [repetition: number, definition: number] | undefined;
  readonly isCompressed: boolean;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** How many bytes a structure of the compact protocol takes, so that it can be cut out; the reader is left behind it. */
export function skipStructure(reader: ByteReader, depth = 0): void {
  if (depth > 32) throw new Error("a header is nested too deep");
  for (;;) {
    const byte = reader.byte();
    const type = byte & 15;
    if (type === 0) return;
    if (byte >> 4 === 0) reader.zigzag();
    skipElement(reader, type, depth);
  }
}

function skipElement(reader: ByteReader, type: number, depth: number): void {
  if (type === 1 || type === 2) return;
  if (type === 3) reader.take(1);
  else if (type === 4 || type === 5 || type === 6) reader.zigzag();
  else if (type === 7) reader.take(8);
  else if (type === 8) reader.take(reader.varint());
  else if (type === 9) {
    const head = reader.byte();
    const size = head >> 4 === 15 ? reader.varint() : head >> 4;
    // An element takes a byte at least: a list of billions is not begun.
    if (size > reader.left) throw new Error("a header is truncated");
    const fieldType = head & 15;
    for (let i = 0; i < size; i++)
      skipElement(reader, fieldType === 1 || fieldType === 2 ? 3 : fieldType, depth + 1);
  } else if (type === 12) skipStructure(reader, depth + 1);
  else throw new Error(`a header has a member of type ${type}`);
}

type Thrift = (reader: { view: DataView; offset: number }) => Record<string, never>;

function readHeader(reader: ByteReader, thrift: Thrift, names: HeaderNames): Header {
  const start = reader.at;
  skipStructure(reader);
  const { bytes } = reader;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, reader.at - start);
  // biome-ignore lint/suspicious/noExplicitAny: a structure of the compact protocol has whatever fields it has.
  const header: any = thrift({ view, offset: 0 });
  const [v1, dictionary, v2] = [header.field_5, header.field_7, header.field_8];
  const pageHeader = v1 ?? dictionary ?? v2;
  const encoding = (v1 ?? dictionary)?.field_2 ?? v2?.field_4;
  const parsed: Header = {
    type: names.pages[header.field_1],
    unpacked: header.field_2,
    packed: header.field_3,
    checksum: header.field_4,
    values: pageHeader?.field_1,
    encoding: names.encodings[encoding],
    nullCount: v2?.field_2,
    levels: v2 && [v2.field_6 ?? 0, v2.field_5 ?? 0],
    isCompressed: v2?.field_7 !== false,
  };
  if (![parsed.unpacked, parsed.packed].every(isCount)) throw new Error("a page has no length");
  return parsed;
}

/** Names of kinds of pages and encodings, by number. */
export interface HeaderNames {
  readonly pages: readonly string[];
  readonly encodings: readonly string[];
}

/** Memory that the pages of a column use one after the other. */
export interface PageRooms {
  /** For what is read; it may be that of no other column. */
  readonly window: Room;
  /** For numbers; it may be that of no other column. */
  readonly values: Room;
  /** For what is unpacked, which is done with when the page is there: columns that are read one after the other share it. */
  readonly unpacked: Room;
}

/** What it takes to read the pages of one column in one group of rows. */
export interface PageContext {
  readonly element: SchemaElement;
  readonly column: ColumnMetaData;
  readonly codec: PageCodec;
  readonly thrift: Thrift;
  readonly names: HeaderNames;
  /** Told how many bytes a page will have before they are there. */
  check(bytes: number): void;
  /** Does work in pieces, between which the event loop goes on. */
  readonly run: RunPieces;
  readonly rooms: PageRooms;
}

/** Whether values are views of the bytes of their page, which have to last. */
const areViews = ({ column: { type } }: PageContext): boolean =>
  type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY" || type === "INT96";

/** Unpacks the bytes of a page, or the part of them that is packed. */
async function unpackedBytes(
  packed: Uint8Array,
  length: number,
  { encoding }: Pick<Header, "encoding">,
  context: PageContext,
): Promise<Uint8Array> {
  const isPlaces = encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY";
  const lasts = areViews(context) && !isPlaces;
  return await context.codec(packed, length, context.run, lasts ? undefined : context.rooms.unpacked);
}

/**
 * The pages of a column in a group of `rows` rows; values are there until the next page is asked for.
 * @throws Error for anything that is damaged, and what {@link PageContext.run} throws.
 */
export async function* readPages(
  chunk: ChunkBytes,
  rows: number,
  context: PageContext,
): AsyncGenerator<PageValues> {
  const { type } = context.column;
  const width = context.element.type_length;
  let dictionary: RawValues | undefined;
  let done = 0;
  while (done < rows) {
    const header = await chunk.structure((reader) => readHeader(reader, context.thrift, context.names));
    const packed = await chunk.take(header.packed);
    if (header.checksum !== undefined && (await context.run(checksum(packed))) !== header.checksum >>> 0)
      throw new Error("a page does not match its checksum");
    if (header.type === "INDEX_PAGE") continue;
    if (!isCount(header.values)) throw new Error("a page does not say how many values it has");
    context.check(header.unpacked);
    if (header.type === "DICTIONARY_PAGE") {
      const bytes = await unpackedBytes(packed, header.unpacked, { encoding: undefined }, context);
      // The window of what is read goes on.
      const lasting = areViews(context) && bytes.buffer === packed.buffer ? bytes.slice() : bytes;
      dictionary = await context.run(readPlain(new ByteReader(lasting), type, header.values, width));
      continue;
    }
    if (header.values > rows - done) throw new Error("pages have more values than there are rows");
    if (header.values === 0) continue;
    if (header.type === "DATA_PAGE") yield await readValues(header, packed, dictionary, context);
    else if (header.type === "DATA_PAGE_V2")
      yield await readSecondVersion(header, packed, dictionary, context);
    else throw new Error(`a page of type ${String(header.type)}`);
    done += header.values;
  }
}

const isOptional = ({ element }: PageContext): boolean => element.repetition_type !== "REQUIRED";

function* checksum(bytes: Uint8Array): Pieces<number> {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2 ** 20) {
    sum = crc32(bytes.subarray(at, at + 2 ** 20), sum);
    yield;
  }
  return sum;
}

/** Which rows have a value, and how many. */
interface Levels {
  readonly present: Uint32Array | undefined;
  readonly count: number;
}

function* readLevels(bytes: Uint8Array, rows: number): Pieces<Levels> {
  if (isOneRun(bytes, 1, rows)) return { present: undefined, count: rows };
  const levels = yield* readRuns(bytes, 1, rows);
  let count = 0;
  yield* each(rows, (i) => {
    if (levels[i] === 1) count++;
  });
  return { present: count === rows ? undefined : levels, count };
}

async function readValues(
  header: Header,
  packed: Uint8Array,
  dictionary: RawValues | undefined,
  context: PageContext,
): Promise<PageValues> {
  const reader = new ByteReader(await unpackedBytes(packed, header.unpacked, header, context));
  const levels = isOptional(context)
    ? await context.run(readLevels(reader.take(reader.uint32()), header.values))
    : { present: undefined, count: header.values };
  const decoded = await context.run(decode(reader, header, levels, dictionary, context));
  return { rows: header.values, ...decoded };
}

async function readSecondVersion(
  header: Header,
  packed: Uint8Array,
  dictionary: RawValues | undefined,
  context: PageContext,
): Promise<PageValues> {
  const [repetition, definition] = header.levels!;
  const before = new ByteReader(packed);
  before.take(repetition);
  const levelBytes = before.take(definition);
  const levels = isOptional(context)
    ? await context.run(readLevels(levelBytes, header.values))
    : { present: undefined, count: header.values };
  const rest = before.take(before.left);
  const length = header.unpacked - repetition - definition;
  if (length < 0) throw new Error("a page has no length");
  const isPacked = header.isCompressed && length > 0;
  const values = isPacked ? await unpackedBytes(rest, length, header, context) : rest;
  const decoded = await context.run(decode(new ByteReader(values), header, levels, dictionary, context));
  return { rows: header.values, ...decoded };
}

function* decode(
  reader: ByteReader,
  { encoding }: Header,
  { present, count }: Levels,
  dictionary: RawValues | undefined,
  { column: { type }, element, rooms }: PageContext,
): Pieces<Omit<PageValues, "rows">> {
  const plain = (values: RawValues): Omit<PageValues, "rows"> => ({ present, values, places: undefined });
  const width = element.type_length;
  switch (encoding) {
    case "PLAIN":
      return plain(yield* readPlain(reader, type, count, width, rooms.values));
    case "RLE": {
      if (type !== "BOOLEAN") throw new Error(`runs of values of type ${type}`);
      return plain(Uint8Array.from(yield* readRuns(reader.take(reader.uint32()), 1, count)));
    }
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      if (count === 0) return plain([]);
      if (!dictionary) throw new Error("a page refers to a dictionary that there is not");
      const bits = reader.byte();
      const places = yield* readRuns(reader.take(reader.left), bits, count);
      const { length } = dictionary;
      for (let from = 0; from < count; from += stride) {
        const end = Math.min(count, from + stride);
        for (let i = from; i < end; i++)
          if (places[i]! >= length) throw new Error("a page refers to what its dictionary does not have");
        yield;
      }
      return { present, values: dictionary, places };
    }
    case "DELTA_BINARY_PACKED":
      return plain(yield* readDeltaNumbers(reader, type, count));
    case "DELTA_LENGTH_BYTE_ARRAY":
      return plain(yield* readDeltaBytes(reader, count, false));
    case "DELTA_BYTE_ARRAY":
      return plain(yield* readDeltaBytes(reader, count, true));
    case "BYTE_STREAM_SPLIT":
      return plain(yield* readSplit(reader, type, count, width));
    default:
      throw new Error(`values in an encoding that is not read, ${String(encoding)}`);
  }
}
