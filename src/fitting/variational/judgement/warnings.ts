/**
 * What should be known before an approximation is believed: warnings with stable codes, and whether it is reliable.
 *
 * @module
 */

import type { ReportWarning } from "../../fitReport.ts";

/**
 * Kinds of warnings. All but `no-mass`, `reverse`, and `modes-disagree` where the flow has all the modes, make an approximation unreliable:
 *
 * - `improper`: the density may have no integral; the probe of its tails cannot tell.
 * - `heavy-tails`: tails of the density are heavier than those of the flow.
 * - `modes-disagree`: separate starts lead to separate places.
 * - `weights`: the importance weights have a tail too heavy for estimates (k-hat).
 * - `not-a-number`: the density is not a number at some samples.
 * - `reverse`: a forward divergence, or one of an order, was asked for, and too few samples were effective for it: the steps at the end were
 *   those of the reverse one.
 * - `no-mass`: the density is 0 at some samples, such as beyond a bound that was not declared.
 */
export type WarningCode =
  | "improper"
  | "heavy-tails"
  | "modes-disagree"
  | "weights"
  | "not-a-number"
  | "reverse"
  | "no-mass";

/** One thing that should be known. */
export interface ApproximationWarning extends ReportWarning {
  /** Stable, for programs. */
  readonly code: WarningCode;
}
