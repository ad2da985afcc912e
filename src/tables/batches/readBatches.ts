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
import { readBatchesOptionTable } from "../readTableOptions.ts";
import { countedBytes, type FirstPass, firstPass } from "./firstPass.ts";
import { batchesOf, batchesOfFeed, type TableBatches } from "./tableBatches.ts";
import { batchesOfFiles, tableFiles } from "./tableFiles.ts";

/** How to read a table in batches. */
export interface ReadBatchesOptions extends ReadTableOptions {
  /**
   * How many bytes of how many were read of the pass that finds out what the columns are, before there are batches: again and again, with a last call
   * where both are the same. Not called of what is read at once.
   */
  readonly onFirstPass?: ((read: FirstPass) => void) | undefined;
}

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
 * on that (`onFirstPass` says how far that is), and once more with each loop over the batches. A folder, or a pattern such as `part-*.parquet`, is a table of many files, one
 * after the other, each of the same columns. All else (smaller files, gzip, standard input, .npy, .npz) is read at once.
 *
 * @throws As `readTable`; a FormatError if the file has become another one between two passes.
 * @example
 * const batches = await readBatches("events.parquet");
 * for await (const batch of batches) console.log(await flow.logProb(batch));
 */
export async function readBatches(
  given: string | Uint8Array | ArrayBuffer | Blob,
  options: ReadBatchesOptions = {},
): Promise<TableBatches> {
  checkedOptions("readBatches", options, readBatchesOptionTable);
  const { onFirstPass, ...reading } = options;
  if (typeof given === "string") {
    const files = await tableFiles(given);
    if (files) return await batchesOfFiles(files, reading.name ?? given, reading, onFirstPass);
  }
  const source = await largeSource(given);
  if (source) {
    const name = reading.name ?? (typeof given === "string" ? given : undefined);
    const start = await source.read(0, 64);
    const kind = reading.format || name === undefined ? undefined : fileKind(name);
    const format = reading.format ?? kind?.format ?? formatOfStart(start);
    const pass = firstPass(source.size, onFirstPass);
    const feed =
      kind?.compressed || isGzip(start)
        ? undefined
        : await feedOf(format, countedBytes(source, pass.add), { ...reading, name: name ?? "the data" });
    if (feed) return await pass.during(() => batchesOfFeed(feed, reading));
  }
  return batchesOf(await readTable(given, reading));
}
