/**
 * Sums over axes, and over rows.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, type Node, sizeOf } from "../expr.ts";
import {
  copied,
  each,
  type Fault,
  type GraphRules,
  ifAllAreZero,
  noFacts,
  opaque,
  type PullBack,
  type PushForward,
  stepsOfEach,
} from "../rules.ts";
import { add, mul } from "./arithmetic.ts";
import { checkExpressions, rowMark } from "./leaves.ts";
import { gather, reshape } from "./moves.ts";

/** Sum over one axis of `[outer, count, inner]`. */
export interface SumExpr extends Node {
  readonly op: "sum";
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}
/** Shared sum of a value over its rows. */
export interface SumRowsExpr extends Node {
  readonly op: "sumRows";
}

/** Sum over one axis (negative: from the end), or over all elements to a scalar. */
export function sum(a: Expr, axis?: number): Expr {
  checkExpressions("sum", a);
  if (axis === undefined) {
    if (sizeOf(a.shape) === 1) return reshape(a, []);
    return {
      op: "sum",
      outer: 1,
      count: sizeOf(a.shape),
      inner: 1,
      shape: [],
      space: a.space,
      inputs: [a],
    };
  }
  const at = axis < 0 ? axis + a.shape.length : axis;
  const count = a.shape[at];
  if (count === undefined)
    throw new ShapeError({
      where: "sum",
      subject: "axis",
      expected: `one of ${formatShape(a.shape)}`,
      received: `${axis}`,
    });
  const leadingShape = a.shape.slice(0, at);
  const trailingShape = a.shape.slice(at + 1);
  const shape = [...leadingShape, ...trailingShape];
  if (count === 1) return reshape(a, shape);
  return {
    op: "sum",
    outer: sizeOf(leadingShape),
    count,
    inner: sizeOf(trailingShape),
    shape,
    space: a.space,
    inputs: [a],
  };
}

/** Shared sum over all rows. */
export function sumRows(a: Expr): Expr {
  checkExpressions("sumRows", a);
  if (a.space !== "row")
    throw new ShapeError({
      where: "sumRows",
      subject: "the value",
      expected: "one of each row",
      received: "a shared one, which has no rows",
    });
  return { op: "sumRows", shape: a.shape, space: "shared", inputs: [a] };
}

/** A value once per row: one of each row as it is. */
export function ofEachRow(value: Expr): Expr {
  return value.space === "row" ? value : mul(rowMark(), value);
}

/** The sum of some terms, from the first. */
export function totalOf(count: number, term: (k: number) => Expr): Expr {
  let sum = term(0);
  for (let k = 1; k < count; k++) sum = add(sum, term(k));
  return sum;
}

/** No operation of many rows can be part of what is done to one. */
export const rowSumRules: GraphRules<Expr> = {
  ...opaque,
  facts: noFacts,
  withInputs: (node, inputs) => ({ ...node, inputs }) as Expr,
};

// ---- sum

export const sumRules: GraphRules<SumExpr> = {
  facts: ({ outer, count, inner }) => [outer, count, inner],
  withInputs: copied,
  scalars: (node, [a]) =>
    each(node, (i) => {
      const [outer, inner] = [Math.floor(i / node.inner), i % node.inner];
      return totalOf(node.count, (k) => a![(outer * node.count + k) * node.inner + inner]!);
    }),
  isZero: ifAllAreZero,
  steps: (node, ready) =>
    stepsOfEach(node, (i) => {
      const [outer, inner] = [Math.floor(i / node.inner), i % node.inner];
      let last = 0;
      for (let k = 0; k < node.count; k++)
        last = Math.max(last, ready.at(node.inputs[0]!, (outer * node.count + k) * node.inner + inner));
      return last;
    }),
};

/** Repeated along the summed axis. */
export const pullBackSum: PullBack<SumExpr> = ({ count, inner, inputs: [a] }, cotangent, { send, mixed }) => {
  const indices = (): Int32Array =>
    Int32Array.from(
      { length: sizeOf(a!.shape) },
      (_, i) => Math.floor(i / (count * inner)) * inner + (i % inner),
    );
  send(
    a!,
    mixed(cotangent, (c) => gather(c, indices(), a!.shape)),
  );
};

export const pushForwardSum: PushForward<SumExpr> = (node, { orZero }) =>
  copied(node, [orZero(node.inputs[0]!)]);

export const faultOfSum: Fault<SumExpr> = ({ outer, count, inner }, { size, sizes, takes, follows }) =>
  outer * count * inner !== sizes[0] || outer * inner !== size
    ? `it sums ${outer} x ${count} x ${inner} of ${sizes[0]} numbers`
    : (takes(1) ?? follows);

// ---- sumRows

export const sumRowsRules: GraphRules<SumRowsExpr> = rowSumRules;

export const pullBackSumRows: PullBack<SumRowsExpr> = ({ inputs: [a] }, cotangent, { send }) =>
  send(a!, { ...cotangent, value: mul(rowMark(), cotangent.value) });

export const pushForwardSumRows: PushForward<SumRowsExpr> = ({ inputs: [a] }, { orZero }) =>
  sumRows(ofEachRow(orZero(a!)));

export const faultOfSumRows: Fault<SumRowsExpr> = ({ space }, { size, sizes, takes }) =>
  takes(1) ??
  (space !== "shared"
    ? "it is not shared"
    : sizes[0] === size
      ? undefined
      : `its input has ${sizes[0]} numbers`);
