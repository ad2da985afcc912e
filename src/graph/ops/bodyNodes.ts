/**
 * Nodes with a body, from ready slots and results, and what all have in common. Meant for graph transforms: what people write is in `bodies.ts`,
 * `iteration.ts` and `../library/ode.ts`.
 *
 * @module
 */

import { type Expr, type Node, sameShape } from "../expr.ts";
import { type Fault, type GraphRules, itself, opaque } from "../rules.ts";
import { checkInside, dependents, outerValues } from "../slots.ts";
import type { SlotExpr } from "./leaves.ts";

/**
 * The state after `iterations` applications of a body, from a first state. The body may use any outer value;
 * `inputs` are the first state and those outer values. Derivatives are those of the fixed point (implicit
 * function theorem), so the iteration must have reached it: a strictly triangular body of n features does in n.
 */
export interface FixedPointExpr extends Node {
  readonly op: "fixedPoint";
  readonly iterations: number;
  readonly slot: SlotExpr;
  readonly result: Expr;
}

/**
 * The state after a body was applied once for each slice of some stacked values, first to last or, `reversed`, last to
 * first. `inputs` are the first state, the stacked values (shared, with one more leading axis than their slots in
 * `slices`), and the outer values that the body uses.
 */
export interface ScanExpr extends Node {
  readonly op: "scan";
  readonly steps: number;
  readonly reversed: boolean;
  /** For the derivative a state is kept every so many steps; where undefined, its rule decides. */
  readonly keptEvery?: number | undefined;
  readonly slot: SlotExpr;
  /** One a stacked value; shared, the same in every row. Each is read beside the state: see `liftSlices`. */
  readonly slices: readonly SlotExpr[];
  readonly result: Expr;
}

/**
 * The state after a body was applied until the row is finished, at most `most` times. The state is a vector; its first
 * element is not 0 once the row is finished, and a finished row keeps its state (the body sees to both). `inputs` are the
 * first state and the outer values that the body uses. It has no derivative; {@link ImplicitExpr} and
 * {@link OdeSolutionExpr} give one to what it has found.
 */
export interface IterateExpr extends Node {
  readonly op: "iterate";
  readonly iterations: number;
  readonly slot: SlotExpr;
  readonly result: Expr;
}

/**
 * A value that was found by any means, with the derivative of the equation that it solves (implicit function theorem).
 * `inputs` are the value and the outer values of the equation.
 */
export interface ImplicitExpr extends Node {
  readonly op: "implicit";
  readonly slot: SlotExpr;
  readonly result: Expr;
  /**
   * What `result`, at y in the place of the slot, is: a residual that is 0 at the solution and whose element i depends on
   * element i of y alone (`diagonal`), or the image of y under a contraction whose fixed point is the solution.
   */
  readonly equation:
    | { readonly kind: "diagonal" }
    | { readonly kind: "contraction"; readonly iterations: number; readonly tolerance: number };
}

/**
 * The state at time `to` of an ordinary differential equation, found by any means, with the derivative that the adjoint
 * equation gives. `inputs` are the state, the first state, both times, and the outer values that the equation uses.
 */
export interface OdeSolutionExpr extends Node {
  readonly op: "odeSolution";
  readonly timeSlot: SlotExpr;
  readonly slot: SlotExpr;
  /** Derivative of the state by time. */
  readonly result: Expr;
  readonly tolerance: number;
  readonly most: number;
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
    inputs: [initial, ...outerValues([result], state)],
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
    inputs: [solution, ...outerValues([result], y)],
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
    inputs: [initial, ...outerValues([result], state)],
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
    inputs: [solution, ...initial, ...outerValues([result], timeSlot, state)],
  };
}

// ---- rules of nodes with a body; their derivatives are in `../derivative/`, as they are made of whole graphs

/** A body is compared by identity, rebuilt by `rebuildBody`, and computed when all that it reads is known. */
export const bodyRules: GraphRules<Expr> = {
  ...opaque,
  facts: itself,
  withInputs() {
    throw new Error("use rebuildBody");
  },
};

export const fixedPointRules: GraphRules<FixedPointExpr> = {
  ...bodyRules,
  isZero: ({ inputs, slot, result }, { of, zero, inBody }) =>
    zero(inputs[0]) &&
    // The outer values are known: a body is not left, or a chain of iterations would be walked once for each way through.
    inBody([result], () => [
      ...inputs.map((value) => [value, of(value)] as const),
      [slot, { zero: true, asInRow: false }],
    ]),
};

export const faultOfIteration: Fault<FixedPointExpr | IterateExpr | ScanExpr> = ({ result, slot }) =>
  sameShape(result.shape, slot.shape) ? undefined : "its body gives another shape than it takes";

export const faultOfSolution: Fault<ImplicitExpr | OdeSolutionExpr> = ({ result, slot }) =>
  sameShape(result.shape, slot.shape) ? undefined : "its equation has another shape than its solution";
