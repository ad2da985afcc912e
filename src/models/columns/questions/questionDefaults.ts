/**
 * What options of questions are where they are left out; code, and the help of the command line, take them from here.
 *
 * @module
 */

/** How many draws an answer that is not exact takes unless somebody says otherwise. */
export const questionDefaults = {
  /** Of each row of `marginal`. */
  rowDraws: 256,
  /** Of each condition of `quantile` and `cdf`, and of rows that are sampled given values. */
  draws: 1024,
} as const;

/** Defaults of options of `impute`. */
export const imputeDefaults = {
  /** How often each table is filled in. */
  draws: 1,
  /** Candidates that are weighed per row. */
  candidates: 1024,
  /** Seed of the draws. */
  seed: 0,
} as const;
