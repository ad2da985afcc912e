/**
 * What plans are made, for who wants to look at them: tests check each by `checkPlan`. Nobody looks otherwise.
 *
 * @module
 */

import type { Plan } from "./plan.ts";

/** Gets a plan. */
export type PlanObserver = (plan: Plan) => void;

let observer: PlanObserver | undefined;

/** Looks at every plan from now on; `undefined` ends it. */
export function observePlans(look: PlanObserver | undefined): void {
  observer = look;
}

/** Says that a plan is made; gives it back. */
export function planned(plan: Plan): Plan {
  observer?.(plan);
  return plan;
}
