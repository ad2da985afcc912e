/**
 * The bases by name. Nothing else is loaded with them.
 *
 * @module
 */

/** Names of bases, in the order in which help shows them. */
export const baseNames = [
  "normal",
  "diagonal-normal",
  "low-rank-normal",
  "student-t",
  "laplace",
  "logistic",
  "mixture",
  "resampled",
] as const;

/** Name of a base: all but `normal` are trained with the flow. */
export type BaseName = (typeof baseNames)[number];
