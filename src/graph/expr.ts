/**
 * The values of a per-sample program.
 *
 * An `Expr` is one value of one sample, of a static shape, written symbolically: a node of a graph whose edges
 * are its `inputs`. Nothing here knows a batch axis, an engine or a number type. Each value has a space ({@link Space}): `row`
 * (one a sample) or `shared` (the same for all: parameters, constants, and sums over rows), and in the body of a scan `step`. Nodes are
 * immutable, and a node used twice is computed once.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { refuse } from "../options.ts";
import type { ElementwiseName } from "./ops/elementwise.ts";

/** Per-sample shape, row-major; `[]` is a scalar. */
export type Shape = readonly number[];

/**
 * Where a value lives: `row`, one for each row; `shared`, the same for all rows; `step`, the same for all rows and another one in each round
 * of a scan: a slice of what is stacked, and what is computed of slices and shared values alone.
 */
export type Space = "row" | "step" | "shared";

/** The space of what is computed of some values. */
export function spaceOf(inputs: readonly { readonly space: Space }[]): Space {
  let result: Space = "shared";
  for (const { space } of inputs) {
    if (space === "row") return space;
    if (space === "step") result = space;
  }
  return result;
}

/** The scalar program of a {@link MapExpr}: what happens to one feature, written on scalars. */
export interface ScalarBody {
  /** One list a block: the scalar slots that stand for the numbers of one feature. */
  readonly slots: readonly (readonly SlotExpr[])[];
  /** One list a result: the scalars that one feature yields. */
  readonly results: readonly (readonly Expr[])[];
}

interface Node {
  readonly shape: Shape;
  readonly space: Space;
  readonly inputs: readonly Expr[];
}

/** Value given with every row. */
export interface InputExpr extends Node {
  readonly op: "input";
  readonly name: string;
}
/** Shared value that the engine keeps between runs: a trained parameter, a state, a statistic. */
export interface ParameterExpr extends Node {
  readonly op: "parameter";
  readonly name: string;
}
/** Shared value given anew with every step: a learning rate, a drawn depth. */
export interface StepInputExpr extends Node {
  readonly op: "stepInput";
  readonly name: string;
}
/** Shared value known when the graph is written. */
export interface ConstantExpr extends Node {
  readonly op: "constant";
  readonly data: Float64Array;
}
/** Stand-in for a value that an enclosing operation supplies: the argument of a map's or an iteration's body. */
export interface SlotExpr extends Node {
  readonly op: "slot";
}
/**
 * Independent uniform numbers on (0, 1), drawn anew for each row and each step; see `randomUniform`. Nodes of one stream are
 * the same numbers.
 */
export interface RandomExpr extends Node {
  readonly op: "random";
  readonly stream: string;
}
/** 1 for a row; 0 in a lane that an engine pads a tile with. Gradients of sums over rows start from it. */
export interface RowMarkExpr extends Node {
  readonly op: "rowMark";
}
/** An element-wise operation; operands have the shape of the result or are scalars. */
export interface ElementwiseExpr extends Node {
  readonly op: "elementwise";
  readonly name: ElementwiseName;
}
/** The same elements in the same order under another shape. */
export interface ReshapeExpr extends Node {
  readonly op: "reshape";
}
/** `out[i] = x[indices[i]]` on row-major elements; index -1 gives 0. */
export interface GatherExpr extends Node {
  readonly op: "gather";
  readonly indices: Int32Array;
}
/** `out[indices[i]] += x[i]` on row-major elements, from zeros: the transpose of a gather; index -1 is dropped. */
export interface ScatterExpr extends Node {
  readonly op: "scatter";
  readonly indices: Int32Array;
}
/** The row-major elements of all inputs, one after another. */
export interface ConcatenateExpr extends Node {
  readonly op: "concatenate";
}
/** Sum over one axis of `[outer, count, inner]`. */
export interface SumExpr extends Node {
  readonly op: "sum";
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}
/** Dense layer: inputs x `[in]`, shared W `[out, in]` (`[in, out]` when transposed), and a bias `[out]` or none. */
export interface LinearExpr extends Node {
  readonly op: "linear";
  readonly transposed: boolean;
}
/** Shared sum of a value over its rows. */
export interface SumRowsExpr extends Node {
  readonly op: "sumRows";
}
/** Shared sum over the rows of the outer product of y `[m]` and x `[n]`: the gradient of a dense layer's weights. */
export interface SumOuterExpr extends Node {
  readonly op: "sumOuter";
}
/** Product of two shared matrices. */
export interface MatrixProductExpr extends Node {
  readonly op: "matrixProduct";
}
/** Solution x of A x = b, or of its transpose, with A shared `[n, n]` and triangular; b `[n]`. */
export interface SolveTriangularExpr extends Node {
  readonly op: "solveTriangular";
  readonly lower: boolean;
  readonly transposed: boolean;
}
/**
 * One scalar program applied to each of `features` features. Input block i has `features * slots[i].length`
 * elements, those of one feature adjacent; its results are read by {@link ProjectExpr}. A map is what an engine
 * compiles into one kernel, so that a spline with its gradient is written in ordinary scalars and runs fused.
 */
export interface MapExpr extends Node {
  readonly op: "map";
  readonly features: number;
  readonly body: ScalarBody;
}
/** Result number `index` of a map: shape `[features, k]`. */
export interface ProjectExpr extends Node {
  readonly op: "project";
  readonly index: number;
}
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

/** A symbolic value of one sample; see the file's head. */
export type Expr =
  | InputExpr
  | ParameterExpr
  | StepInputExpr
  | ConstantExpr
  | SlotExpr
  | RowMarkExpr
  | RandomExpr
  | ElementwiseExpr
  | ReshapeExpr
  | GatherExpr
  | ScatterExpr
  | ConcatenateExpr
  | SumExpr
  | LinearExpr
  | SumRowsExpr
  | SumOuterExpr
  | MatrixProductExpr
  | SolveTriangularExpr
  | MapExpr
  | ProjectExpr
  | FixedPointExpr
  | ScanExpr
  | IterateExpr
  | ImplicitExpr
  | OdeSolutionExpr;

/** An operation with a body of its own graph; `result` is the body's, and `slot` stands for what it is applied to. */
export type BodyExpr = FixedPointExpr | ScanExpr | IterateExpr | ImplicitExpr | OdeSolutionExpr;

/** Whether a node has a body. */
export function hasBody(node: Expr): node is BodyExpr {
  switch (node.op) {
    case "fixedPoint":
    case "scan":
    case "iterate":
    case "implicit":
    case "odeSolution":
      return true;
    default:
      return false;
  }
}

/** The end of a `switch` over all operations: an operation without a case of its own does not compile. */
export function unreachable(node: never): never {
  const { op, name } = node as ElementwiseExpr;
  throw new Error(`no rule for the operation "${op === "elementwise" ? name : op}"`);
}

/** How many inputs of a node with a body come before the outer values that the body uses. */
export function firstOuterInput(node: BodyExpr): number {
  if (node.op === "scan") return 1 + node.slices.length;
  return node.op === "odeSolution" ? 4 : 1;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** `[2, 3]` as people write it. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same, extent by extent. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/**
 * Refuses a shape with an extent that is not a positive integer.
 * @throws {@link ShapeError}
 */
export function checkShape(where: string, shape: Shape): void {
  if (!Array.isArray(shape) || !shape.every((extent) => typeof extent === "number"))
    refuse(where, "the shape", "an array of extents, such as [2, 3]", shape);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    throw new ShapeError({
      where,
      subject: "extents",
      expected: "positive integers",
      received: formatShape(shape),
    });
}

/**
 * All nodes that the outputs depend on, each after its inputs; nodes in `leaves` are not entered. Bodies of maps
 * and iterations are not entered either.
 */
export function topologicalOrder(outputs: readonly Expr[], leaves?: Pick<ReadonlySet<Expr>, "has">): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  // An explicit stack: a chain of hundreds of maps would overflow the call stack.
  const stack: { node: Expr; next: number }[] = [];
  for (const output of outputs) {
    if (seen.has(output)) continue;
    seen.add(output);
    stack.push({ node: output, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const inputs = leaves?.has(top.node) ? [] : top.node.inputs;
      const input = inputs[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}
