/**
 * What options of diagnostics are where they are left out; code, and the help of the command line, take them from here.
 *
 * @module
 */

import { checkCount } from "../options.ts";

/** Defaults of options of `compare`. */
export const compareDefaults = {
  /** Share of the rows that are held out. */
  test: 0.2,
} as const;

/** Defaults of options of `anomalies`. */
export const anomaliesDefaults = {
  /** Parts that the rows are dealt into. */
  folds: 5,
  /** Share of the reference rows that are left out as too strange. */
  trim: 0.2,
  /** Seed of all that is random. */
  seed: 0,
} as const;

/** Defaults of options of `klDivergence`. */
export const klDivergenceDefaults = {
  /** Samples of the first flow. */
  draws: 10_000,
  /** Seed of the samples. */
  seed: 0,
} as const;

/** Defaults of options of `evaluate`. */
export const evaluateDefaults = {
  /** Seed of all that is random. */
  seed: 0,
} as const;

/** Samples that `evaluate` draws at most where their number is left out: as many as there are rows. */
export const mostSamples = 20_000;

/** Rows that `evaluate` compares samples with at most, drawn at random of more: five times as many as there are samples, whose chance is larger. */
export const mostCompared: number = 5 * mostSamples;

/** Parts that `information` deals rows into where their number is left out. */
export function informationFolds(rows: number): number {
  checkCount("informationFolds", "rows", rows);
  return rows < 20_000 ? 5 : 2;
}
