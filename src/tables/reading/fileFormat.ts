/**
 * The table formats, and which of them a file name stands for.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { checkArgument, text } from "../../options.ts";

/** A format of tables that is read; all but `npz` are written, too. */
export type TableFormat = "csv" | "tsv" | "json" | "jsonl" | "npy" | "npz" | "parquet" | "arrow";

const formatsByExtension: ReadonlyMap<string, TableFormat> = new Map([
  [".csv", "csv"],
  [".tsv", "tsv"],
  [".txt", "csv"],
  [".json", "json"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
  [".npy", "npy"],
  [".npz", "npz"],
  [".parquet", "parquet"],
  [".arrow", "arrow"],
  [".arrows", "arrow"],
  [".feather", "arrow"],
]);

/** The extensions that are known, for a message or a help text. */
export const tableExtensions: readonly string[] = [...formatsByExtension.keys()];

/** What a file name says about its content. */
export interface FileKind {
  /** The format. */
  readonly format: TableFormat;
  /** Whether the name ends in `.gz`. */
  readonly compressed: boolean;
}

/**
 * The format that a file name stands for by its extension (capitals do not matter), with or without `.gz`.
 *
 * @throws UsageError for an unknown extension, listing the known ones.
 */
export function fileKind(path: string): FileKind {
  checkArgument("fileKind", "path", path, text);
  const lower = path.toLowerCase();
  const compressed = lower.endsWith(".gz");
  const plain = compressed ? lower.slice(0, -3) : lower;
  const extension = /\.[^./\\]+$/.exec(plain)?.[0] ?? "";
  const format = formatsByExtension.get(extension);
  if (!format) {
    const extensionText = extension === "" ? "no extension" : `the extension ${extension}`;
    const fault = extension === "" ? "which would tell its format" : "which is not a table format";
    const facts = {
      problem: `"${path}" has ${extensionText}, ${fault}; known are ${tableExtensions.join(", ")}, each also with .gz`,
      expected: `a file that ends in ${tableExtensions.join(", ")}`,
      received: extensionText,
    };
    throw new UsageError(facts, undefined, path);
  }
  return { format, compressed };
}
