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
import type { ScanGradientExpr, SumOfScanExpr } from "./derivative/scanGradient.ts";
import type {
  FixedPointExpr,
  ImplicitExpr,
  IterateExpr,
  OdeSolutionExpr,
  ScanExpr,
} from "./ops/bodyNodes.ts";
import type { ConnectedExpr, SumConnectedExpr } from "./ops/connected.ts";
import type { ElementwiseExpr, ElementwiseName } from "./ops/elementwise.ts";
import type {
  ConstantExpr,
  InputExpr,
  ParameterExpr,
  RowMarkExpr,
  SlotExpr,
  StepInputExpr,
} from "./ops/leaves.ts";
import type { LinearExpr, SumOuterExpr } from "./ops/linear.ts";
import type { MapExpr, ProjectExpr } from "./ops/maps.ts";
import type { MatrixProductExpr, SolveTriangularExpr } from "./ops/matrices.ts";
import type { ConcatenateExpr, GatherExpr, ReshapeExpr, ScatterExpr } from "./ops/moves.ts";
import type { RandomExpr } from "./ops/randomness.ts";
import type { SumExpr, SumRowsExpr } from "./ops/sums.ts";

export type {
  ConcatenateExpr,
  ConnectedExpr,
  ConstantExpr,
  ElementwiseExpr,
  FixedPointExpr,
  GatherExpr,
  ImplicitExpr,
  InputExpr,
  IterateExpr,
  LinearExpr,
  MapExpr,
  MatrixProductExpr,
  OdeSolutionExpr,
  ParameterExpr,
  ProjectExpr,
  RandomExpr,
  ReshapeExpr,
  RowMarkExpr,
  ScanExpr,
  ScanGradientExpr,
  ScatterExpr,
  SlotExpr,
  SolveTriangularExpr,
  StepInputExpr,
  SumConnectedExpr,
  SumExpr,
  SumOfScanExpr,
  SumOuterExpr,
  SumRowsExpr,
};

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
  for (let i = 0; i < inputs.length; i++) {
    const { space } = inputs[i]!;
    if (space === "row") return space;
    if (space === "step") result = space;
  }
  return result;
}

/** What every node has; the nodes of each operation are in its file in `ops/`. */
export interface Node {
  readonly shape: Shape;
  readonly space: Space;
  readonly inputs: readonly Expr[];
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
  | ConnectedExpr
  | SumConnectedExpr
  | MatrixProductExpr
  | SolveTriangularExpr
  | MapExpr
  | ProjectExpr
  | FixedPointExpr
  | ScanExpr
  | ScanGradientExpr
  | SumOfScanExpr
  | IterateExpr
  | ImplicitExpr
  | OdeSolutionExpr;

/** An operation with a body of its own graph; `result` is the body's, and `slot` stands for what it is applied to. */
export type BodyExpr =
  | FixedPointExpr
  | ScanExpr
  | ScanGradientExpr
  | IterateExpr
  | ImplicitExpr
  | OdeSolutionExpr;

/** Whether a node has a body. */
export function hasBody(node: Expr): node is BodyExpr {
  return "result" in node;
}

/** What a body gives: its result, and what else is read of it. */
export function resultsOf(node: BodyExpr): Expr[] {
  return node.op === "scanGradient" ? [node.result, ...node.sums] : [node.result];
}

/** What a body is given. */
export function slotsOf(node: BodyExpr): SlotExpr[] {
  const slots = [node.slot];
  if (node.op === "odeSolution") slots.push(node.timeSlot);
  if (node.op === "scanGradient") slots.push(node.cotangentSlot);
  if ("slices" in node) slots.push(...node.slices);
  return slots;
}

/** Whether a node is a sum over rows. */
export function isSumOverRows({ op }: Expr): boolean {
  return op === "sumRows" || op === "sumOuter" || op === "sumConnected" || op === "sumOfScan";
}

/** The end of a `switch` over all operations: an operation without a case of its own does not compile. */
export function unreachable(node: never): never {
  const { op, name } = node as ElementwiseExpr;
  throw new Error(`no rule for the operation "${op === "elementwise" ? name : op}"`);
}

/** How many inputs of a node with a body come before the outer values that the body uses. */
export function firstOuterInput(node: BodyExpr): number {
  if (node.op === "scan") return 1 + node.slices.length;
  if (node.op === "scanGradient") return 2 + node.slices.length;
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
  return a === b || (a.length === b.length && a.every((extent, i) => extent === b[i]));
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
  const stack: Expr[] = [];
  /** By node of the stack, the next of its inputs. */
  const next: number[] = [];
  let inputs = outputs;
  for (let at = 0; ; ) {
    if (at < inputs.length) {
      const node = inputs[at++]!;
      if (seen.has(node)) continue;
      seen.add(node);
      if (node.inputs.length === 0 || leaves?.has(node)) order.push(node);
      else {
        stack.push(node);
        next.push(at);
        at = 0;
        inputs = node.inputs;
      }
    } else {
      const done = stack.pop();
      if (!done) return order;
      order.push(done);
      at = next.pop()!;
      inputs = stack.at(-1)?.inputs ?? outputs;
    }
  }
}

/** An element-wise operation on scalars. */
export function scalarOf(name: ElementwiseName, inputs: readonly Expr[]): Expr {
  return { op: "elementwise", name, shape: [], space: spaceOf(inputs), inputs };
}
