/**
 * Arrow data of either kind, file or stream: a schema, dictionaries, and batches of rows. Every claim of a message is checked before
 * it is followed.
 *
 * https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
 *
 * @module
 */

import { type ArrowField, type ArrowSchema, hasViews, ownBuffers, readSchema } from "./arrowSchema.ts";
import { type FlatTable, lengthAt, rootTable } from "./flatbuffer.ts";

/** Where a buffer lies in the body of its message. */
export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** Rows of a column as they are stored. */
export interface StoredRows {
  readonly rows: number;
  readonly nulls: number;
  readonly regions: readonly Region[];
}

/** A batch of rows, or of the values of a dictionary. */
export interface Batch {
  readonly rows: number;
  /** What compresses its buffers: undefined, LZ4 or Zstandard. */
  readonly codec: "LZ4" | "ZSTD" | undefined;
  readonly body: Uint8Array;
  /** One for each field. */
  readonly columns: readonly StoredRows[];
}

/** A batch of a dictionary. */
export interface DictionaryBatch {
  readonly id: bigint;
  /** Whether its values come behind those that are there. */
  readonly isDelta: boolean;
  /** Its values, for the field that they are of. */
  readonly values: (field: ArrowField) => Batch;
}

/** What the data hold, in the order in which it is to be read. */
export interface ArrowContent {
  readonly schema: ArrowSchema;
  readonly batches: readonly (DictionaryBatch | Batch)[];
}

const startsWith = (bytes: Uint8Array, text: string, from = 0): boolean =>
  [...text].every((letter, at) => bytes[from + at] === letter.charCodeAt(0));

/** Whether bytes begin as an Arrow file does. */
export const isArrowFile = (bytes: Uint8Array): boolean => startsWith(bytes, "ARROW1");

/** The buffers of the fields of a batch. */
function batchOf(table: FlatTable, body: Uint8Array, version: number, fields: readonly ArrowField[]): Batch {
  const rows = table.long(0, 0);
  const nodes = table.structures(1, 16, (view, at) => ({
    rows: lengthAt(view, at),
    nulls: lengthAt(view, at + 8),
  }));
  const regions = table.structures(2, 16, (view, at): Region => {
    const [offset, length] = [lengthAt(view, at), lengthAt(view, at + 8)];
    if (length > 0 && length > body.length - offset)
      throw new Error("a buffer does not lie within its message");
    return { offset, length };
  });
  const views = table.structures(4, 8, lengthAt);
  const compression = table.table(3);
  let [node, region, view] = [0, 0, 0];
  const take = (field: ArrowField): StoredRows => {
    const fieldNode = nodes[node++];
    const first = region;
    region += ownBuffers(field, version) + (hasViews(field) ? views[view++]! : 0);
    if (!fieldNode || !(region <= regions.length))
      throw new Error("a batch has fewer buffers than its columns need");
    if (!field.dictionary) for (const child of field.children) take(child);
    return { ...fieldNode, regions: regions.slice(first, region) };
  };
  const columns = fields.map((field) => {
    const column = take(field);
    if (column.rows !== rows)
      throw new Error(`a batch of ${rows} rows has ${column.rows} of column "${field.name}"`);
    return column;
  });
  return { rows, body, columns, codec: compression && codecOf(compression) };
}

function codecOf(compression: FlatTable): "LZ4" | "ZSTD" {
  const codec = (["LZ4", "ZSTD"] as const)[compression.byte(0, 0)];
  if (codec === undefined || compression.byte(1, 0) !== 0)
    throw new Error("its buffers are compressed in a way that is not known");
  return codec;
}

/** A message, and where it ends; undefined at the end of a stream. */
interface Message {
  readonly kind: "schema" | "dictionary" | "batch" | "other";
  readonly version: number;
  readonly header: FlatTable;
  readonly body: Uint8Array;
  readonly end: number;
}

function messageAt(bytes: Uint8Array, at: number): Message | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at >= bytes.length) return undefined;
  let start = at + 4;
  let size = view.getInt32(at, true);
  if (size === -1) {
    size = view.getInt32(start, true);
    start += 4;
  }
  if (size === 0) return undefined;
  if (!(size > 0 && size <= bytes.length - start))
    throw new Error("it is truncated, or a message is damaged");
  const message = rootTable(bytes.subarray(start, start + size));
  const length = message.long(3, 0);
  const body = start + size;
  if (length > bytes.length - body) throw new Error("it is truncated, or a message is damaged");
  const header = message.table(2);
  if (!header) throw new Error("a message is damaged");
  return {
    kind: (["other", "schema", "dictionary", "batch"] as const)[message.byte(1, 0)] ?? "other",
    version: message.short(0, 0),
    header,
    body: bytes.subarray(body, body + length),
    end: body + length,
  };
}

function dictionaryBatch({ header, body, version }: Message): DictionaryBatch {
  const data = header.table(1);
  if (!data) throw new Error("a dictionary has no values");
  return {
    id: header.id(0),
    isDelta: header.byte(2, 0) !== 0,
    values: (field) => batchOf(data, body, version, [{ ...field, dictionary: undefined }]),
  };
}

function readStream(bytes: Uint8Array): ArrowContent {
  let schema: ArrowSchema | undefined;
  const batches: (DictionaryBatch | Batch)[] = [];
  for (let at = 0; ; ) {
    const message = messageAt(bytes, at);
    if (!message) break;
    at = message.end;
    if (message.kind === "schema") schema ??= readSchema(message.header);
    else if (schema === undefined) throw new Error("it does not begin with a schema");
    else if (message.kind === "dictionary") batches.push(dictionaryBatch(message));
    else if (message.kind === "batch")
      batches.push(batchOf(message.header, message.body, message.version, schema.fields));
  }
  if (!schema) throw new Error("it has no schema");
  return { schema, batches };
}

function readFile(bytes: Uint8Array): ArrowContent {
  const end = bytes.length - 10;
  if (end < 8 || !startsWith(bytes, "ARROW1", bytes.length - 6))
    throw new Error('it is truncated: it does not end in "ARROW1"');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(end, true);
  if (!(length > 0 && length <= end - 8)) throw new Error("its footer is damaged");
  const footer = rootTable(bytes.subarray(end - length, end));
  const own = footer.table(1);
  if (!own) throw new Error("its footer is damaged");
  const schema = readSchema(own);
  let size = 0;
  const messages = (field: number): Message[] =>
    footer.structures(field, 24, (view, at) => {
      const start = lengthAt(view, at);
      const message = messageAt(bytes, start);
      size += message ? message.end - start : Number.POSITIVE_INFINITY;
      // Messages that lie upon each other would take any time.
      if (!message || size > bytes.length) throw new Error("its footer is damaged");
      return message;
    });
  return {
    schema,
    batches: [
      ...messages(2).map(dictionaryBatch),
      ...messages(3).map(({ header, body, version }) => batchOf(header, body, version, schema.fields)),
    ],
  };
}

/** What Arrow data hold: a file, or a stream. */
export function readContent(bytes: Uint8Array): ArrowContent {
  return isArrowFile(bytes) ? readFile(bytes) : readStream(bytes);
}
