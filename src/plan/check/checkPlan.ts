/**
 * The rules that every plan obeys, whatever program it is of. Each was once broken by a stage that did not know what another one relied
 * on, and gave wrong numbers without a word.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Plan } from "../plan.ts";
import { faultsOfLevels } from "./checkLevels.ts";
import { faultsOfOperands } from "./checkOperands.ts";
import { faultsOfPadding } from "./checkPadding.ts";
import { faultsOfReads } from "./checkWritten.ts";
import { touchesIn } from "./touches.ts";

/**
 * What is wrong with a plan, each fault in a line that begins with its pass: `operands` that are not laid out as the kernel's descriptor
 * says, `reads` of what was not written or is gone, `levels` whose calls need each other, are empty, or wait without need, and `padding`
 * that is summed. Cost: that of the calls' operands, twice for each loop around them.
 */
export function faultsOfPlan(plan: Plan): string[] {
  const passes = {
    operands: faultsOfOperands,
    reads: faultsOfReads,
    levels: faultsOfLevels,
    padding: faultsOfPadding,
  };
  const touches = touchesIn(plan);
  return Object.entries(passes).flatMap(([pass, faultsOf]) =>
    faultsOf(plan, touches).map((fault) => `${pass}: ${fault}`),
  );
}

/**
 * Refuses a plan that breaks a rule.
 * @throws {@link ShapeError} that names the kernel, the value and the rule.
 */
export function checkPlan(plan: Plan): void {
  const faults = faultsOfPlan(plan);
  if (faults.length > 0)
    throw new ShapeError({
      where: "plan",
      problem: faults.join("; "),
      expected: "a sound plan",
      received: `${faults.length} faults`,
    });
}
