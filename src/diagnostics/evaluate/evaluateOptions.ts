/**
 * What each option of `evaluate` may be.
 *
 * @module
 */

import { evaluationOptionTable } from "../../models/flowOptions.ts";
import { anything, callback, type OptionTable, wholeNumber } from "../../options.ts";
import type { EvaluateOptions } from "./evaluate.ts";

/** What each option of `evaluate` may be. */
export const evaluateOptionTable: OptionTable<EvaluateOptions> = {
  train: { ...anything, expected: "a table", type: "text" },
  samples: wholeNumber("a whole number from 10", 10),
  ...evaluationOptionTable,
  onWarning: callback,
};
