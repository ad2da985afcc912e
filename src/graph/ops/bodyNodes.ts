/**
 * Nodes with a body, from ready slots and results. Meant for graph transforms: what people write is in `bodies.ts`,
 * `iteration.ts` and `../library/ode.ts`.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr, ImplicitExpr, OdeSolutionExpr, SlotExpr } from "../expr.ts";
import { checkInside, dependents, outerValues } from "../slots.ts";
import { checkExpressions } from "./leaves.ts";

/** Result `index` of a map. */
export function project(map: Expr, index: number): Expr {
  checkExpressions("project", map);
  if (map.op !== "map")
    throw new ShapeError({ where: "project", subject: "the value", expected: "a map", received: map.op });
  const count = map.body.results[index]!.length;
  return { op: "project", index, shape: [map.features, count], space: map.space, inputs: [map] };
}

/** An iteration from a ready slot and result. */
export function iterateOf(initial: Expr, iterations: number, state: SlotExpr, result: Expr): Expr {
  checkInside("iterate", result, state);
  return {
    op: "iterate",
    iterations,
    slot: state,
    result,
    shape: initial.shape,
    space: "row",
    inputs: [initial, ...outerValues(result, state)],
  };
}

/** An implicit value from a ready slot and result. */
export function implicitOf(
  solution: Expr,
  y: SlotExpr,
  result: Expr,
  equation: ImplicitExpr["equation"],
): Expr {
  return {
    op: "implicit",
    slot: y,
    result,
    equation,
    shape: solution.shape,
    space: "row",
    inputs: [solution, ...outerValues(result, y)],
  };
}

/** A fixed point after a number of rounds, from a ready slot and result. */
export function fixedPointOf(initial: Expr, iterations: number, state: SlotExpr, result: Expr): Expr {
  if (!dependents([result], state).has(result)) return result;
  checkInside("fixedPoint", result, state);
  return {
    op: "fixedPoint",
    iterations,
    slot: state,
    result,
    shape: initial.shape,
    space: "row",
    inputs: [initial, ...outerValues(result, state)],
  };
}

/** A solution from ready slots and result; `initial` holds the first state and both times. */
export function odeSolutionOf(
  solution: Expr,
  initial: readonly [state: Expr, from: Expr, to: Expr],
  equation: Pick<OdeSolutionExpr, "timeSlot" | "slot" | "result" | "tolerance" | "most">,
): Expr {
  const { timeSlot, slot: state, result, tolerance, most } = equation;
  return {
    op: "odeSolution",
    timeSlot,
    slot: state,
    result,
    tolerance,
    most,
    shape: solution.shape,
    space: "row",
    inputs: [solution, ...initial, ...outerValues(result, timeSlot, state)],
  };
}
