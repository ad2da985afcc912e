/**
 * Writes a table to a file.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { checkArgument, oneOf, text } from "../options.ts";
import { writeFileAtomically } from "../platform/files.ts";
import { concatenate, gzip } from "../platform/packedBytes.ts";
import { fileKind, type TableFormat } from "./reading/fileFormat.ts";
import { checkTable, type Table } from "./table.ts";

/** UTF-8 of pieces of text. Encoded one by one: all of the text may not fit one string. */
function encode(pieces: Iterable<string>): Uint8Array {
  const encoder = new TextEncoder();
  return concatenate(Array.from(pieces, (piece) => encoder.encode(piece)));
}

/**
 * The table as the bytes of a file. Numbers read back to the same doubles. Missing values are empty cells in
 * CSV and TSV, NaN in .npy, null otherwise. Parquet and Arrow have columns of
 * typed files as what they were stored as.
 *
 * @throws DataError for columns of text in a format that has none.
 * @throws UsageError for a format that is only read.
 * @example const bytes = await tableToBytes(table, "csv"); // in a page, to offer as a download
 */
export async function tableToBytes(table: Table, format: TableFormat): Promise<Uint8Array> {
  checkTable("tableToBytes", table);
  checkArgument(
    "tableToBytes",
    "format",
    format,
    oneOf(["csv", "tsv", "json", "jsonl", "npy", "npz", "parquet", "arrow"]),
  );
  switch (format) {
    case "csv":
      return encode((await import("./reading/csv.ts")).csvPieces(table));
    case "tsv":
      return encode((await import("./reading/csv.ts")).csvPieces(table, "\t"));
    case "json":
      return encode((await import("./reading/json.ts")).jsonPieces(table));
    case "jsonl":
      return encode((await import("./reading/jsonLines.ts")).jsonLinesPieces(table));
    case "npy":
      return (await import("./binary/writeNpy.ts")).writeNpy(table);
    case "npz":
      throw new UsageError({
        where: "writeTable",
        subject: "path",
        expected: "one that ends in .npy, .csv, .tsv, .json, .jsonl, .parquet or .arrow",
        received: ".npz",
        remedy: ".npz is read, not written",
      });
    case "parquet":
      return (await import("./binary/writeParquet.ts")).writeParquet(table);
    case "arrow":
      return (await import("./binary/writeArrow.ts")).writeArrow(table);
  }
}

/**
 * Writes a table to a file; its extension tells the format (.csv, .tsv, .txt as CSV, .json, .jsonl, .ndjson, .npy,
 * .parquet, .arrow, .feather, each also with .gz). The file appears complete or not at all.
 *
 * @throws UsageError for an unknown extension, or in a browser.
 * @throws FormatError if the folder does not exist or writing fails.
 */
export async function writeTable(table: Table, path: string): Promise<void> {
  checkTable("writeTable", table);
  checkArgument("writeTable", "path", path, text);
  const { format, compressed } = fileKind(path);
  const bytes = await tableToBytes(table, format);
  await writeFileAtomically(path, compressed ? await gzip(bytes) : bytes);
}
