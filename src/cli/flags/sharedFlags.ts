/**
 * Flags that several commands have.
 *
 * @module
 */

import { fitDefaults } from "../../entries/options.ts";
import { givenValues } from "../options.ts";
import type { OptionFlag } from "./optionFlags.ts";

/** Columns to fit. */
export const columns: OptionFlag = {
  flag: "--columns",
  value: "names",
  help: "columns to fit, such as a,b",
  usual: "all numeric ones",
};
/** Row weights. */
export const weights: OptionFlag = { flag: "--weights", value: "name", help: "column of row weights" };
/** Shares of a total. */
export const simplex: OptionFlag = {
  flag: "--simplex",
  value: "names",
  help: "columns that are shares of a total, such as sand,silt,clay",
  usual: "none",
};
/** What is done with missing cells. */
export const missing: OptionFlag = {
  flag: "--missing",
  value: "policy",
  help: "error, or drop rows with missing values",
  usual: "error",
};
/** The seed. */
export const seed: OptionFlag = {
  flag: "--seed",
  value: "n",
  help: "seed of every random choice",
  usual: `${fitDefaults.seed}`,
};
/** Threads of the engine. */
export const threads: OptionFlag = {
  flag: "--threads",
  value: "n",
  help: "threads to use",
  usual: "those of the machine, at most 8",
};
/** Wide SIMD. */
export const wide: OptionFlag = {
  flag: "--wide-simd",
  help: "twice as wide registers, experimental in V8 (Node 22 or newer)",
  usual: "for long work on the command line, where a trial passes",
  negated: "plain registers",
};
/** What computes. */
export const engine: OptionFlag = {
  flag: "--engine",
  value: "name",
  help: "wasm, or reference: float64 in plain TypeScript, slow",
  usual: "wasm",
};
/** Numbers of a training. */
export const precision: OptionFlag = {
  flag: "--precision",
  value: "type",
  help: "numbers of the training: float32 or float64",
};
/** The learning rate. */
export const learningRate: OptionFlag = { flag: "--lr", value: "rate", help: "peak learning rate" };
/** Values of given columns. */
export const given: OptionFlag = {
  flag: "--given",
  value: "values",
  help: 'values to condition on, such as "c=1.5,d=2"',
  read: givenValues,
};
