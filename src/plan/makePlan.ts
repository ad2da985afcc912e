/**
 * From a program to its plan, at once.
 *
 * @module
 */

import type { PreparedProgram } from "../graph/program.ts";
import { inOnePiece } from "../platform/pieces.ts";
import { overRows } from "./lowering/overRows.ts";
import type { Plan, PlanTarget } from "./plan.ts";
import { planning } from "./planning.ts";

/** The plan of a prepared program. Cost: that of a few visits of each node; see `docs/engine.md`. */
export function makePlan(program: PreparedProgram, target: PlanTarget): Plan {
  return inOnePiece(planning(program, target, overRows));
}
