/**
 * What each option of `compare` may be.
 *
 * @module
 */

import { fitOptionTable } from "../../fitting/fitOptions.ts";
import { callback, listOf, numberOf, type OptionTable, oneOf, text, wholeNumber } from "../../options.ts";
import type { CompareOptions } from "./compare.ts";

const { columns, weights, simplex, seed, threads, wide, signal, onWarning } = fitOptionTable;

/** What each option of `compare` may be. */
export const compareOptionTable: OptionTable<CompareOptions> = {
  flows: {
    ...listOf(text, 'an array of kinds, such as ["gaussian", "nsf-ar"]'),
    type: "names",
  },
  columns,
  weights,
  simplex,
  test: numberOf("a share of the rows between 0 and 1", (share) => share > 0 && share < 1),
  folds: wholeNumber("a whole number from 2", 2),
  missing: oneOf(["error", "drop"]),
  seed,
  threads,
  wide,
  signal,
  onWarning,
  onProgress: callback,
};
