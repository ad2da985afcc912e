/**
 * Arrow data of either kind, file or stream: a schema, dictionaries, and batches of rows. Every claim of a message is checked before
 * it is followed. Messages are read where they lie, and their bodies are not: data need not fit in memory.
 *
 * https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
 *
 * @module
 */

import { type ByteSource, withWindow } from "../../platform/byteSource.ts";
import { type ArrowField, type ArrowSchema, hasViews, ownBuffers, readSchema } from "./arrowSchema.ts";
import { type FlatTable, lengthAt, rootTable } from "./flatbuffer.ts";

/** Where bytes lie: a buffer in the body of its message, a body in the data. */
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
  /** Where its buffers lie in the data. */
  readonly body: Region;
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

/** A message of rows, or of a dictionary. */
export interface Part {
  /** Where it begins in the data. */
  readonly at: number;
  /** Its rows; undefined of a dictionary. */
  readonly rows: number | undefined;
}

/** What the data hold. */
export interface ArrowContent {
  readonly schema: ArrowSchema;
  /** Dictionaries and batches, in the order in which they are to be read. */
  readonly parts: readonly Part[];
  /** Reads what a part says of itself. */
  read(part: Part): Promise<DictionaryBatch | Batch>;
}

const startsWith = (bytes: Uint8Array, text: string, from = 0): boolean =>
  [...text].every((letter, at) => bytes[from + at] === letter.charCodeAt(0));

/** Whether bytes begin as an Arrow file does. */
export const isArrowFile = (bytes: Uint8Array): boolean => startsWith(bytes, "ARROW1");

/** The buffers of the fields of a batch. */
function batchOf(table: FlatTable, body: Region, version: number, fields: readonly ArrowField[]): Batch {
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

/** What stands before the body of a message. */
interface MessageHead {
  readonly kind: "schema" | "dictionary" | "batch" | "other";
  readonly version: number;
  readonly header: FlatTable;
  /** Bytes of the body. */
  readonly length: number;
}

/** A message. */
interface Message extends MessageHead {
  readonly at: number;
  readonly body: Region;
}

/** Where the head of a message lies behind its beginning, of which eight bytes are given. */
function headRegion(bytes: Uint8Array): Region {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getInt32(0, true);
  return size === -1 ? { offset: 8, length: view.getInt32(4, true) } : { offset: 4, length: size };
}

const truncated = "it is truncated, or a message is damaged";

function readHead(bytes: Uint8Array): MessageHead {
  const message = rootTable(bytes);
  const header = message.table(2);
  if (!header) throw new Error("a message is damaged");
  return {
    kind: (["other", "schema", "dictionary", "batch"] as const)[message.byte(1, 0)] ?? "other",
    version: message.short(0, 0),
    header,
    length: message.long(3, 0),
  };
}

/** The message that begins at a place; undefined at the end of a stream. */
async function messageAt(file: ByteSource, at: number): Promise<Message | undefined> {
  if (at >= file.size) return undefined;
  const { offset, length } = headRegion(await file.read(at, Math.min(file.size, at + 8)));
  if (length === 0) return undefined;
  const start = at + offset;
  if (!(length > 0 && length <= file.size - start)) throw new Error(truncated);
  const head = readHead(await file.read(start, start + length));
  const body = { offset: start + length, length: head.length };
  if (body.length > file.size - body.offset) throw new Error(truncated);
  return { ...head, at, body };
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

const rowBatch = ({ header, body, version }: Message, { fields }: ArrowSchema): Batch =>
  batchOf(header, body, version, fields);

const contentOf = (file: ByteSource, schema: ArrowSchema, parts: readonly Part[]): ArrowContent => ({
  schema,
  parts,
  async read({ at, rows }) {
    const message = await messageAt(file, at);
    if (!message) throw new Error(truncated);
    return rows === undefined ? dictionaryBatch(message) : rowBatch(message, schema);
  },
});

async function readStream(file: ByteSource): Promise<ArrowContent> {
  let schema: ArrowSchema | undefined;
  const parts: Part[] = [];
  for (let at = 0; ; ) {
    const message = await messageAt(file, at);
    if (!message) break;
    if (message.kind === "schema") schema ??= readSchema(message.header);
    else if (schema === undefined) throw new Error("it does not begin with a schema");
    else if (message.kind === "dictionary") {
      dictionaryBatch(message);
      parts.push({ at, rows: undefined });
    } else if (message.kind === "batch") parts.push({ at, rows: rowBatch(message, schema).rows });
    at = message.body.offset + message.body.length;
  }
  if (!schema) throw new Error("it has no schema");
  return contentOf(file, schema, parts);
}

async function readFile(file: ByteSource): Promise<ArrowContent> {
  const end = file.size - 10;
  const tail = end < 8 ? undefined : await file.read(end, file.size);
  if (!tail || !startsWith(tail, "ARROW1", 4))
    throw new Error('it is truncated: it does not end in "ARROW1"');
  const length = new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getInt32(0, true);
  if (!(length > 0 && length <= end - 8)) throw new Error("its footer is damaged");
  const footer = rootTable(await file.read(end - length, end));
  const own = footer.table(1);
  if (!own) throw new Error("its footer is damaged");
  const schema = readSchema(own);
  let size = 0;
  const messages = async (
    field: number,
    rowsOf: (message: Message) => number | undefined,
  ): Promise<Part[]> => {
    const parts: Part[] = [];
    for (const at of footer.structures(field, 24, lengthAt)) {
      const message = await messageAt(file, at);
      size += message ? message.body.offset + message.body.length - at : Number.POSITIVE_INFINITY;
      // Messages that lie upon each other would take any time.
      if (!message || size > file.size) throw new Error("its footer is damaged");
      parts.push({ at, rows: rowsOf(message) });
    }
    return parts;
  };
  const dictionaries = await messages(2, (message) => {
    dictionaryBatch(message);
    return undefined;
  });
  const batches = await messages(3, (message) => rowBatch(message, schema).rows);
  return contentOf(file, schema, [...dictionaries, ...batches]);
}

/** What Arrow data hold: a file, or a stream. */
export async function readContent(file: ByteSource): Promise<ArrowContent> {
  const near = withWindow(file);
  const isFile = isArrowFile(await near.read(0, Math.min(file.size, 8)));
  return await (isFile ? readFile(near) : readStream(near));
}

/** A message among bytes that hold it whole. */
export interface MessagePlace {
  readonly kind: MessageHead["kind"];
  readonly at: number;
  /** Bytes before its body, and of its body. */
  readonly head: number;
  readonly body: number;
}

/** The messages of a stream that is in memory. */
export function messagesOf(stream: Uint8Array): readonly MessagePlace[] {
  const messages: MessagePlace[] = [];
  for (let at = 0; at < stream.length; ) {
    const { offset, length } = headRegion(stream.subarray(at));
    if (length === 0) break;
    const { kind, length: body } = readHead(stream.subarray(at + offset, at + offset + length));
    messages.push({ kind, at, head: offset + length, body });
    at += offset + length + body;
  }
  return messages;
}

/** The footer of an Arrow file that is in memory: a view of its bytes. */
export function footerOf(file: Uint8Array): Uint8Array {
  const end = file.length - 10;
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getInt32(end, true);
  return file.subarray(end - length, end);
}

/** Says where the batches of rows of a file lie, in place of where its footer has them: as many as it has. */
export function placeBatches(footer: Uint8Array, batches: readonly Omit<MessagePlace, "kind">[]): void {
  let next = 0;
  rootTable(footer).structures(3, 24, (view, place) => {
    const { at, head, body } = batches[next++]!;
    view.setBigInt64(place, BigInt(at), true);
    view.setInt32(place + 8, head, true);
    view.setBigInt64(place + 16, BigInt(body), true);
  });
}

/** The schema that a message holds, as Parquet files have one beside their own. */
export function schemaOfMessage(bytes: Uint8Array): ArrowSchema {
  const { offset, length } = headRegion(bytes);
  return readSchema(readHead(bytes.subarray(offset, offset + length)).header);
}
