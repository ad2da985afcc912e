/**
 * Flags of `anomalies`.
 *
 * @module
 */

import type { AnomaliesOptions } from "../../entries/diagnostics.ts";
import { anomaliesDefaults } from "../../entries/options.ts";
import type { OptionFlags } from "./optionFlags.ts";
import { exclude, kinds, schema } from "./schemaFlags.ts";
import { seed } from "./sharedFlags.ts";

/** Flags of `anomalies`; `--calibration` names a file. */
export const anomaliesFlags: OptionFlags<AnomaliesOptions> = {
  columns: {
    flag: "--columns",
    value: "names",
    help: "columns to look at, such as a,b",
    usual: "all but constants, identifiers and free text",
  },
  exclude,
  kinds,
  schema,
  folds: {
    flag: "--folds",
    value: "n",
    help: "parts of the rows, of which each is held against the others",
    usual: `${anomaliesDefaults.folds}`,
  },
  trim: {
    flag: "--trim",
    value: "share",
    help: "share of the rows too strange to be a measure for others",
    usual: `${anomaliesDefaults.trim}`,
  },
  logProb: {
    flag: "--logprob",
    help: "log-densities of the rows of a table alone, by fits that have not seen them",
    usual: "yes",
    negated: "leave them out: they take most of the time",
  },
  calibration: {
    flag: "--calibration",
    value: "table",
    help: "ordinary rows that the model has not seen, for p-values",
    usual: "rows drawn from the model",
  },
  fdr: {
    flag: "--fdr",
    value: "rate",
    help: "mark rows so that at most this share of them is expected to be ordinary",
  },
  seed,
  signal: undefined,
  onWarning: undefined,
};
