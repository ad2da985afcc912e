/**
 * Reads a table in batches from a file, bytes or a Blob.
 *
 * @module
 */

import { checkedOptions } from "../../options.ts";
import type { ByteSource } from "../../platform/byteSource.ts";
import { bytesOfBlob, bytesOfFile } from "../../platform/storedBytes.ts";
import { fileKind } from "../reading/fileFormat.ts";
import { feedOf, formatOfStart, isGzip, type ReadTableOptions, readTable } from "../reading/readTable.ts";
import { readTableOptionTable } from "../readTableOptions.ts";
import { batchesOf, batchesOfFeed, type TableBatches } from "./tableBatches.ts";
import { batchesOfFiles, tableFiles } from "./tableFiles.ts";

/** What is smaller is read at once: then it is read once, and not once more for what its columns are. */
const smallSize = 2 ** 26;

/** A large file or Blob that can be read as often as wanted. */
async function largeSource(given: unknown): Promise<ByteSource | undefined> {
  if (typeof given === "string") {
    const file = given === "-" ? undefined : await bytesOfFile(given);
    return file && file.size > smallSize ? file : undefined;
  }
  return given instanceof Blob && given.size > smallSize ? bytesOfBlob(given) : undefined;
}

/**
 * Reads a table in batches of some ten thousand rows, of a text file, Parquet or Arrow; arguments, options and errors are those of
 * `readTable`, and so are the cells: together the batches are the table that it reads. Of a plain file or a Blob beyond 64 MiB a part alone
 * is in memory at a time: pieces of text, blocks of rows of Parquet. It is read once for what its columns are, as the last cell may decide
 * on that, and once more with each loop over the batches. A folder, or a pattern such as `part-*.parquet`, is a table of many files, one
 * after the other, each of the same columns. All else (smaller files, gzip, standard input, .npy, .npz) is read at once.
 *
 * @throws As `readTable`; a FormatError if the file has become another one between two passes.
 * @example
 * const batches = await readBatches("events.parquet");
 * for await (const batch of batches) console.log(await flow.logProb(batch));
 */
export async function readBatches(
  given: string | Uint8Array | ArrayBuffer | Blob,
  options: ReadTableOptions = {},
): Promise<TableBatches> {
  checkedOptions("readBatches", options, readTableOptionTable);
  if (typeof given === "string") {
    const files = await tableFiles(given);
    if (files) return await batchesOfFiles(files, options.name ?? given, options);
  }
  const source = await largeSource(given);
  if (source) {
    const name = options.name ?? (typeof given === "string" ? given : undefined);
    const start = await source.read(0, 64);
    const kind = options.format || name === undefined ? undefined : fileKind(name);
    const format = options.format ?? kind?.format ?? formatOfStart(start);
    const feed =
      kind?.compressed || isGzip(start)
        ? undefined
        : await feedOf(format, source, { ...options, name: name ?? "the data" });
    if (feed) return await batchesOfFeed(feed, options);
  }
  return batchesOf(await readTable(given, options));
}
