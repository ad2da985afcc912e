/**
 * The leaves of a graph: inputs, parameters, constants, and the stand-ins of bodies.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { numbers as aList, checkArgument, type OptionKind, text } from "../../options.ts";
import {
  checkShape,
  type Expr,
  formatShape,
  type Node,
  type Shape,
  type Space,
  sameShape,
  sizeOf,
  unreachable,
} from "../expr.ts";
import {
  type Fault,
  type GraphRules,
  itself,
  never,
  noFacts,
  type PushForward,
  refusedInMaps,
} from "../rules.ts";

/** Value given with every row. */
export interface InputExpr extends Node {
  readonly op: "input";
  readonly name: string;
}
/** Shared value that the engine keeps between runs: a trained parameter, a state, a statistic. */
export interface ParameterExpr extends Node {
  readonly op: "parameter";
  readonly name: string;
  /** Of one that is made of others: those, whose numbers it has one after another. */
  readonly parts?: readonly ParameterExpr[];
  /** Of a part of another parameter, whose numbers from `start` on it is. */
  readonly part?: { readonly of: ParameterExpr; readonly start: number };
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
/** 1 for a row; 0 in a lane that an engine pads a tile with. Gradients of sums over rows start from it. */
export interface RowMarkExpr extends Node {
  readonly op: "rowMark";
}

/** An expression, or a number that stands for a scalar constant. */
export type Value = Expr | number;

/** A value of each row, of the given shape, supplied with every row under this name. */
export function input(name: string, shape: Shape): InputExpr {
  checkArgument("ops.input", "name", name, text);
  checkShape(`input "${name}"`, shape);
  return { op: "input", name, shape, space: "row", inputs: [] };
}

/** A shared value that the engine keeps: a trained parameter, a state or a statistic. */
export function parameter(name: string, shape: Shape): ParameterExpr {
  checkArgument("ops.parameter", "name", name, text);
  checkShape(`parameter "${name}"`, shape);
  return { op: "parameter", name, shape, space: "shared", inputs: [] };
}

/**
 * A vector of the numbers of several parameters, one after another. They are its parts: {@link partsOf} has them to be read. Each is set
 * and got by its own name, whether anything reads it or not, and gets new values with the whole alone, which cannot be set or got.
 * Derivatives do not pass from one to the other.
 */
export function joinedParameter(name: string, parts: readonly ParameterExpr[]): ParameterExpr {
  return { ...parameter(name, [parts.reduce((sum, { shape }) => sum + sizeOf(shape), 0)]), parts };
}

/** The parts of a parameter, in order; none of one that is not made of others. */
export function partsOf(of: ParameterExpr): ParameterExpr[] {
  let start = 0;
  return (of.parts ?? []).map((leaf) => {
    const part = { of, start };
    start += sizeOf(leaf.shape);
    return { ...leaf, part };
  });
}

/** A shared value supplied with every step. */
export function stepInput(name: string, shape: Shape = []): StepInputExpr {
  checkArgument("ops.stepInput", "name", name, text);
  checkShape(`stepInput "${name}"`, shape);
  return { op: "stepInput", name, shape, space: "shared", inputs: [] };
}

/**
 * A shared constant: a number (scalar), or numbers with a shape (default: a vector). The array is kept, not copied.
 * @throws ShapeError if the count of numbers is not that of the shape.
 */
export function constant(data: number | ArrayLike<number>, shape?: Shape): Expr {
  if (typeof data !== "number") checkArgument("ops.constant", "data", data, aList);
  const numbers = typeof data === "number" ? Float64Array.of(data) : data;
  const extents = shape ?? (typeof data === "number" ? [] : [numbers.length]);
  checkShape("constant", extents);
  if (numbers.length !== sizeOf(extents))
    throw new ShapeError({
      where: "constant",
      problem: `${numbers.length} numbers do not fill the shape ${formatShape(extents)}`,
      expected: `${sizeOf(extents)} numbers`,
      received: `${numbers.length}`,
    });
  const array = numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  return { op: "constant", data: array, shape: extents, space: "shared", inputs: [] };
}

/** A constant of zeros. */
export function zeros(shape: Shape): Expr {
  checkShape("zeros", shape);
  return constant(new Float64Array(sizeOf(shape)), shape);
}

/** A stand-in that an enclosing operation supplies. */
export function slot(shape: Shape, space: Space): SlotExpr {
  return { op: "slot", shape, space, inputs: [] };
}

/** 1 for every row, 0 in padding; see `RowMarkExpr`. */
export function rowMark(): Expr {
  return { op: "rowMark", shape: [], space: "row", inputs: [] };
}

/** What an expression is, for checks of arguments. */
export const anExpression: OptionKind = {
  expected: "an expression or a number",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Expr).op === "string" &&
    Array.isArray((value as Expr).shape) &&
    Array.isArray((value as Expr).inputs),
};

/**
 * Refuses what is not an expression.
 * @throws UsageError that names the operation.
 */
export function checkExpressions(where: string, ...values: readonly unknown[]): void {
  // Each move is checked, those of derivatives as well: nothing is made before something is wrong.
  for (const value of values)
    if (!anExpression.accepts(value))
      checkArgument(`ops.${where}`, "an operand", value, { ...anExpression, expected: "an expression" });
}

/**
 * Checks one value of what a function of a user's own returned; a number stands for a scalar.
 * @throws UsageError for what is not an expression, ShapeError for another shape.
 */
export function checkReturned(where: string, name: string, value: unknown, shape: Shape): void {
  const received = typeof value === "number" ? [] : (value as Expr | undefined)?.shape;
  if (typeof value !== "number") checkArgument(where, name, value, anExpression);
  if (!sameShape(received!, shape))
    throw new ShapeError({
      where,
      subject: name,
      expected: `of the shape ${formatShape(shape)}`,
      received: formatShape(received!),
    });
}

/**
 * The expression of a value: numbers become constants.
 * @throws UsageError for what is neither.
 */
export function asExpr(value: Value): Expr {
  if (typeof value === "number") return constant(value);
  if (!anExpression.accepts(value)) checkArgument("ops", "an operand", value, anExpression);
  return value;
}

/** The number that a scalar constant, or a constant of equal numbers, holds; undefined for anything else. */
export function uniformConstant(value: Expr): number | undefined {
  checkExpressions("uniformConstant", value);
  if (value.op !== "constant") return undefined;
  const first = value.data[0]!;
  for (let i = 1; i < value.data.length; i++) if (!Object.is(value.data[i], first)) return undefined;
  return first;
}

// ---- rules of leaves: nothing is behind them, and nothing flows back from them

/** Of what a map's body cannot read from outside. */
export const leafRules: GraphRules<Expr> = {
  facts: itself,
  // It has none that could be replaced.
  withInputs: unreachable as GraphRules<Expr>["withInputs"],
  scalars: (node) =>
    refusedInMaps(
      node,
      `a body cannot read a ${node.op} from outside`,
      "scalars from outside",
      "make it a block",
    ),
  isZero: never,
  steps: ({ shape }) => new Int32Array(sizeOf(shape)),
};

/** Of one name they are one, however often it was written. */
export const namedLeafRules: GraphRules<InputExpr | ParameterExpr | StepInputExpr> = {
  ...leafRules,
  facts: ({ name }) => [name],
};

export const constantRules: GraphRules<ConstantExpr> = {
  ...leafRules,
  facts: ({ data }) => [data],
  scalars: (node) => (node.shape.length === 0 ? [node] : Array.from(node.data, (number) => constant(number))),
  isZero: ({ data }) => data.every((x) => x === 0),
};

export const rowMarkRules: GraphRules<RowMarkExpr> = { ...leafRules, facts: noFacts, isZero: () => true };

/** Forward mode starts at nodes that move; others stand still. */
export const pushForwardLeaf: PushForward<Expr> = (_, { sum }) => sum();

export const faultOfRowLeaf: Fault<Expr> = ({ space }, { takes }) =>
  takes(0) ?? (space === "row" ? undefined : "it is not of each row");

export const faultOfSharedLeaf: Fault<Expr> = ({ space }, { takes }) =>
  takes(0) ?? (space === "shared" ? undefined : "it is not shared");

export const faultOfConstant: Fault<ConstantExpr> = (node, soundness) =>
  node.data.length !== soundness.size
    ? `it holds ${node.data.length} numbers`
    : faultOfSharedLeaf(node, soundness);

export const faultOfSlot: Fault<SlotExpr> = (_, { takes }) => takes(0);
