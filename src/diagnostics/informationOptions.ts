/**
 * What each option of `information` may be.
 *
 * @module
 */

import { fitOptionTable } from "../fitting/fitOptions.ts";
import { callback, listOf, names, type OptionTable, oneOf, wholeNumber } from "../options.ts";
import type { InformationOptions } from "./information.ts";

const { columns, weights, simplex, seed, signal, onWarning } = fitOptionTable;

/** What each option of `information` may be. */
export const informationOptionTable: OptionTable<InformationOptions> = {
  columns,
  between: listOf(names, 'an array of groups of names, such as [["x"], ["y", "z"]]'),
  weights,
  simplex,
  missing: oneOf(["error", "drop"]),
  folds: wholeNumber("a whole number from 2", 2),
  seed,
  signal,
  onWarning,
  onProgress: callback,
};
