/**
 * Reads a table from a file, standard input, bytes or a Blob.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { checkedOptions, describeValue } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { type ByteSource, bytesInMemory } from "../../platform/byteSource.ts";
import { bytesFrom } from "../../platform/bytes.ts";
import { readFileBytes, readStandardInput } from "../../platform/files.ts";
import { isNode } from "../../platform/platform.ts";
import { type CellFeed, wholeTable } from "../batches/cellFeed.ts";
import { readTableOptionTable } from "../readTableOptions.ts";
import type { Table } from "../table.ts";
import type { TextSource } from "./decodeText.ts";
import { fileKind, type TableFormat } from "./fileFormat.ts";
import type { CellReading } from "./tableBuilder.ts";

/** How to read a table. */
export interface ReadTableOptions extends CellReading {
  /** The format, where it is not to be told from the name's extension. */
  readonly format?: TableFormat | undefined;
  /** What to call the source in an error; for bytes and Blobs, its extension also tells the format. */
  readonly name?: string | undefined;
  /** Stops the reading, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Of text: its encoding, by the WHATWG label such as `latin1`; UTF-8, or what a byte order mark says, by default. */
  readonly encoding?: string | undefined;
  /** Of delimited text: one character, `"tab"`, or `"blank"` for any number of blanks; found out by default. */
  readonly delimiter?: string | undefined;
  /** Of delimited text: whether the first line names the columns; found out by default. */
  readonly header?: boolean | undefined;
  /** Of an archive of arrays (.npz), the arrays that make up the table (default: all). */
  readonly arrays?: readonly string[] | undefined;
}

/** Whether bytes begin as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((letter, at) => bytes[at] === letter.charCodeAt(0));

/** So many bytes tell the format. */
const startBytes = 64;

/** The format of bytes that have no name: by their first bytes, CSV where those say nothing. */
export function formatOfStart(bytes: Uint8Array): TableFormat {
  if (startsWith(bytes, "PAR1")) return "parquet";
  // A file, and a stream.
  if (startsWith(bytes, "ARROW1") || startsWith(bytes, "\xff\xff\xff\xff")) return "arrow";
  if (startsWith(bytes, "\x93NUMPY")) return "npy";
  if (startsWith(bytes, "PK\x03\x04")) return "npz";
  if (/^\s*\[\s*\{/.test(String.fromCharCode(...bytes.subarray(0, startBytes)))) return "json";
  return "csv";
}

/** What only text has, of the options. */
function checkTextOptions(format: TableFormat, options: ReadTableOptions): void {
  const isText = format === "csv" || format === "tsv";
  for (const option of isText ? [] : (["delimiter", "header", "encoding"] as const))
    if (options[option] !== undefined && !(option === "encoding" && format.startsWith("json")))
      throw new UsageError({
        where: "readTable",
        problem: `${option} is for delimited text and means nothing for ${format}`,
        expected: `no ${option} for ${format}`,
        received: describeValue(options[option]),
        remedy: "leave it out",
      });
}

/** Options with what to call the source. */
type NamedOptions = ReadTableOptions & { readonly name: string };

/** A source of the cells of a format; undefined for one that is read at once. Of binary formats the source is bytes. */
export async function feedOf(
  format: TableFormat,
  source: TextSource,
  options: NamedOptions,
): Promise<CellFeed | undefined> {
  // Readers are loaded when they are first needed: a page that reads no tables does not have them.
  checkFormatOptions(format, options);
  const bytes = async (): Promise<ByteSource> => {
    if (source instanceof Uint8Array) return bytesInMemory(source);
    return source instanceof Blob ? bytesInMemory(await bytesOf(source)) : (source as ByteSource);
  };
  switch (format) {
    case "csv":
      return (await import("./csv.ts")).csvFeed(source, options);
    case "tsv":
      return (await import("./csv.ts")).csvFeed(source, { ...options, likelyDelimiter: "\t" });
    case "json":
      return (await import("./json.ts")).jsonFeed(source, options);
    case "jsonl":
      return (await import("./jsonLines.ts")).jsonLinesFeed(source, options);
    case "parquet":
      return (await import("../binary/parquet.ts")).parquetFeed(await bytes(), options.name, options);
    case "arrow":
      return (await import("../binary/arrow.ts")).arrowFeed(await bytes(), options.name, options);
    default:
      return undefined;
  }
}

/** What not every format has, of the options. */
function checkFormatOptions(format: TableFormat, options: NamedOptions): void {
  checkTextOptions(format, options);
  if (options.arrays && format !== "npz")
    throw new UsageError({
      where: options.name,
      problem: `${optionText("arrays")} can be chosen from a .npz archive alone`,
      expected: "a .npz archive",
      received: format,
      remedy: `this is ${format}: leave ${optionText("arrays")} out`,
    });
}

async function readFormat(
  format: TableFormat,
  source: TextSource,
  bytes: () => Promise<Uint8Array>,
  options: NamedOptions,
): Promise<Table> {
  const { name } = options;
  const feed = await feedOf(format, source, options);
  if (feed) {
    const { TableBuilder } = await import("./tableBuilder.ts");
    return await wholeTable(feed, (names) => new TableBuilder(names, options), options.signal);
  }
  switch (format) {
    case "npy": {
      const table = (await import("../binary/npy.ts")).readNpy(await bytes(), name, options.limits);
      return (await import("../binary/withReading.ts")).withReading(table, options);
    }
    case "npz": {
      const table = await (await import("../binary/npz.ts")).readNpz(await bytes(), name, options);
      return (await import("../binary/withReading.ts")).withReading(table, options);
    }
    default:
      throw new UsageError({
        where: "readTable",
        subject: "format",
        expected: "csv, tsv, json, jsonl, npy, npz, parquet or arrow",
        received: describeValue(format),
      });
  }
}

/**
 * Reads a table.
 *
 * @param given a path; that of a folder, or a pattern such as `part-*.csv`, for a table of many files; `"-"` for standard input (CSV unless `format` says otherwise); bytes (an ArrayBuffer as `fetch`
 *   gives it, or a Uint8Array); or a Blob, such as
 *   the File that a browser's user chose.
 * @param options the format and a name, both optional. Without either, a path's extension tells the format
 *   (.csv, .tsv, .txt as CSV, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .feather, each also with .gz), and bytes are taken for
 *   Parquet, Arrow, .npy, .npz or an array of JSON objects if they start as those do, else for CSV. Gzip is recognized by its first bytes.
 * @throws UsageError for an unknown extension, or a path in a browser.
 * @throws FormatError for a file that is absent, unreadable, corrupt, or over a limit.
 * @throws DataError for content that is not a table: no header, ragged rows, duplicate names.
 * @example const table = await readTable("iris.csv");
 */
export async function readTable(
  given: string | Uint8Array | ArrayBuffer | Blob,
  options: ReadTableOptions = {},
): Promise<Table> {
  checkedOptions("readTable", options, readTableOptionTable);
  const source =
    typeof given === "string" || given instanceof Blob ? given : await bytesFrom("readTable", given);
  if (typeof source === "string") {
    const parts = isNode && (await (await import("../batches/tableFiles.ts")).tableOfParts(source, options));
    if (parts) return parts;
    const fromInput = source === "-";
    const name = options.name ?? (fromInput ? "standard input" : source);
    // An unknown extension is told before the file is opened.
    const kind = options.format || fromInput ? undefined : fileKind(source);
    const bytes = fromInput ? await readStandardInput(options) : await readFileBytes(source, options);
    return await readBytes(bytes, options.format ?? kind?.format ?? "csv", kind?.compressed ?? false, {
      ...options,
      name,
    });
  }
  const fileName = source instanceof Blob && "name" in source ? String(source.name) : undefined;
  const known = options.name ?? fileName;
  const name = known ?? "the data";
  const kind = options.format || known === undefined ? undefined : fileKind(known);
  const start = source instanceof Blob ? await bytesOf(source.slice(0, startBytes)) : source;
  if (source instanceof Blob && !isGzip(start) && !kind?.compressed) {
    // A Blob of text is streamed, not held in memory twice.
    const format = options.format ?? kind?.format ?? formatOfStart(start);
    return await readFormat(format, source, () => bytesOf(source), { ...options, name });
  }
  const bytes = source instanceof Blob ? await bytesOf(source) : source;
  return await readBytes(bytes, options.format ?? kind?.format, kind?.compressed ?? false, {
    ...options,
    name,
  });
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** Reads bytes that may be compressed; `compressed` says that the name claims it. */
async function readBytes(
  bytes: Uint8Array,
  format: TableFormat | undefined,
  compressed: boolean,
  options: ReadTableOptions & { readonly name: string },
): Promise<Table> {
  let content = bytes;
  if (compressed || isGzip(bytes)) {
    const { gunzip } = await import("../../formats/gzip.ts");
    content = await gunzip(bytes, options.name, options.limits);
  }
  return await readFormat(format ?? formatOfStart(content), content, async () => content, options);
}
