/**
 * What each option of `anomalies` may be.
 *
 * @module
 */

import { fitOptionTable } from "../../fitting/fitOptions.ts";
import { anObject, anything, flag, names, numberOf, type OptionTable, wholeNumber } from "../../options.ts";
import type { AnomaliesOptions } from "./anomalies.ts";

const { seed, signal, onWarning } = fitOptionTable;

/** What each option of `anomalies` may be. */
export const anomaliesOptionTable: OptionTable<AnomaliesOptions> = {
  columns: names,
  exclude: names,
  kinds: anObject,
  schema: anObject,
  folds: wholeNumber("a whole number from 2", 2),
  trim: numberOf("a share of the rows from 0 and below 0.5", (value) => value >= 0 && value < 0.5),
  logProb: flag,
  calibration: { ...anything, expected: "a table", type: "text" },
  fdr: numberOf("a rate between 0 and 1", (value) => value > 0 && value < 1),
  seed,
  signal,
  onWarning,
};
