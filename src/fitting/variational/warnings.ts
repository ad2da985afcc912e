/**
 * What should be known before an approximation is believed: warnings with stable codes, and whether it is reliable.
 *
 * @module
 */

/**
 * Kinds of warnings. All but `no-mass` make an approximation unreliable:
 *
 * - `improper`: the density may have no integral; the probe of its tails cannot tell.
 * - `heavy-tails`: tails of the density are heavier than those of the flow.
 * - `modes-disagree`: separate starts lead to places of which the flow misses some.
 * - `weights`: the importance weights have a tail too heavy for estimates (k-hat).
 * - `not-converged`: the last step was reached while the approximation was still improving.
 * - `not-a-number`: the density is not a number at some samples.
 * - `no-mass`: the density is 0 at some samples, such as beyond a bound that was not declared.
 */
export type WarningCode =
  | "improper"
  | "heavy-tails"
  | "modes-disagree"
  | "weights"
  | "not-converged"
  | "not-a-number"
  | "no-mass";

/** One thing that should be known. */
export interface ApproximationWarning {
  /** Stable, for programs. */
  readonly code: WarningCode;
  /** One line for people; it may change. */
  readonly message: string;
}

/** Whether numbers with these warnings can be believed. */
export function isReliableWith(warnings: readonly ApproximationWarning[]): boolean {
  return warnings.every(({ code }) => code === "no-mass");
}
