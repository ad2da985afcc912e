/**
 * What each option of `readTable` and `readBatches` may be.
 *
 * @module
 */

import {
  anObject,
  callback,
  flag,
  listOf,
  names,
  type OptionTable,
  oneOf,
  signal,
  text,
} from "../options.ts";
import type { ReadBatchesOptions } from "./batches/readBatches.ts";
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

/** What each option of `readBatches` may be. */
export const readBatchesOptionTable: OptionTable<ReadBatchesOptions> = {
  ...readTableOptionTable,
  onFirstPass: callback,
};
