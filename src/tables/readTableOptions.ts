/**
 * What each option of `readTable` may be.
 *
 * @module
 */

import { anObject, flag, listOf, names, type OptionTable, oneOf, signal, text } from "../options.ts";
import type { ReadTableOptions } from "./reading/readTable.ts";

/** What each option of `readTable` may be. */
export const readTableOptionTable: OptionTable<ReadTableOptions> = {
  format: oneOf(["csv", "tsv", "json", "jsonl", "npy", "npz", "parquet", "arrow"]),
  name: text,
  signal,
  parse: anObject,
  missingMarks: listOf(text, 'an array of texts, such as ["NA", "?"]'),
  encoding: text,
  delimiter: text,
  header: flag,
  arrays: { ...names, expected: "an array of names of arrays" },
  limits: anObject,
};
