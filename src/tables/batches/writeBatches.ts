/**
 * Writes tables that come in batches to one file.
 *
 * @module
 */

import { checkArgument, refuse, text } from "../../options.ts";
import { followed, writeFileAtomically } from "../../platform/files.ts";
import { nodeModule } from "../../platform/platform.ts";
import { withSameColumns } from "../binary/steadyColumns.ts";
import { fileKind, type TableFormat } from "../reading/fileFormat.ts";
import type { Table } from "../table.ts";
import { writeTable } from "../writeTable.ts";

/** The first batches of some, and the others. */
async function begun(batches: AsyncIterator<Table>, count: number): Promise<readonly Table[]> {
  const first: Table[] = [];
  while (first.length < count) {
    const step = await batches.next();
    if (step.done) break;
    first.push(step.value);
  }
  return first;
}

async function* rest(first: readonly Table[], batches: AsyncIterator<Table>): AsyncGenerator<Table> {
  yield* first;
  for (let step = await batches.next(); !step.done; step = await batches.next()) yield step.value;
}

/** The pieces of the text of a table in batches, of lines that go on from batch to batch. */
export async function* textPieces(
  batches: AsyncIterable<Table>,
  format: TableFormat,
): AsyncGenerator<string> {
  const isLines = format === "jsonl";
  const pieces = isLines
    ? (await import("../reading/jsonLines.ts")).jsonLinesPieces
    : (await import("../reading/csv.ts")).csvPieces;
  let isFirst = true;
  for await (const batch of batches) {
    const batchPieces = isLines ? pieces(batch) : pieces(batch, format === "tsv" ? "\t" : ",");
    // The names of the columns stand at the top alone.
    if (!isFirst && !isLines) batchPieces.next();
    yield* batchPieces;
    isFirst = false;
  }
}

async function* compressed(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new CompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const written = (async () => {
    const encoder = new TextEncoder();
    for await (const piece of pieces)
      await writer.write(
        (typeof piece === "string" ? encoder.encode(piece) : piece) as Uint8Array<ArrayBuffer>,
      );
    await writer.close();
  })();
  // A failure ends the reader below, which reports it.
  written.catch((error: unknown) => writer.abort(error).catch(() => undefined));
  const reader = stream.readable.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  await written;
}

/**
 * Writes a table in batches to a file, as `writeTable` writes it whole, each batch when it is there: lines of text, elements of JSON, groups of rows of
 * Parquet, batches of Arrow, also with .gz. A .npy file says at its beginning how many rows it has: until the last batch is there, their numbers are in a
 * file without a name beside it. The file appears complete or not at all.
 *
 * @param batches - Tables of the same columns, one at least.
 * @throws As `writeTable`; DataError for a batch with other columns than the first; what the batches throw.
 */
export async function writeBatches(batches: AsyncIterable<Table>, path: string): Promise<void> {
  if (typeof (batches as Partial<AsyncIterable<Table>> | null)?.[Symbol.asyncIterator] !== "function")
    refuse("writeBatches", "batches", "tables one after the other, as readBatches gives them", batches);
  checkArgument("writeBatches", "path", path, text);
  const { format, compressed: isCompressed } = fileKind(path);
  const iterator = batches[Symbol.asyncIterator]();
  const first = await begun(iterator, 2);
  if (first.length === 0) refuse("writeBatches", "batches", "one batch at least", "none");
  if (first.length === 1 || format === "npz") return await writeTable(first[0]!, path);
  const pieces = await piecesOf(rest(first, iterator), format, path);
  await writeFileAtomically(path, isCompressed ? compressed(pieces) : pieces);
}

/** The pieces of a file of batches, as they come. */
async function piecesOf(
  batches: AsyncIterable<Table>,
  format: Exclude<TableFormat, "npz">,
  path: string,
): Promise<AsyncIterable<string | Uint8Array>> {
  switch (format) {
    case "parquet":
      return (await import("../binary/writeParquet.ts")).parquetPieces(batches);
    case "arrow":
      return (await import("../binary/writeArrow.ts")).arrowPieces(batches);
    case "npy":
      return (await import("../binary/writeNpy.ts")).npyPieces(batches, () => folderBeside(path));
    case "json":
      return (await import("../reading/json.ts")).jsonBatchPieces(withSameColumns(batches));
    default:
      return textPieces(withSameColumns(batches), format);
  }
}

/** The folder of a file, of a link that of what it leads to; that of temporary files for a device or a pipe. */
function folderBeside(path: string): string | undefined {
  const status = nodeModule("node:fs", "").statSync(path, { throwIfNoEntry: false });
  return status && !status.isFile() ? undefined : nodeModule("node:path", "").dirname(followed(path));
}
