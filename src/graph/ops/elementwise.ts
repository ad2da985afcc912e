/**
 * The element-wise operations: for each its number of operands, its value in float64 (the oracle of every engine),
 * and its partial derivatives as expressions. A new operation is one row here and one kernel line per engine.
 *
 * @module
 */

import { erf, normalExcess, normalQuantile, sigmoid, softplus } from "../../numerics/special.ts";
import { type Expr, formatShape, type Node, sameShape, sizeOf } from "../expr.ts";
import { copied, each, type Fault, type GraphRules, type Padding, type PullBack } from "../rules.ts";
import * as ops from "./arithmetic.ts";
import { constant } from "./leaves.ts";

/** An element-wise operation; operands have the shape of the result or are scalars. */
export interface ElementwiseExpr extends Node {
  readonly op: "elementwise";
  readonly name: ElementwiseName;
}

/** One row of the table. */
interface Rule {
  readonly arity: number;
  /** Float64 value. Comparisons give 1 or 0. */
  readonly value: (a: number, b: number, c: number) => number;
  /**
   * Partial derivative by operand, given the operands and the result; `null` where it is zero everywhere. Written
   * so that a finite operand gives a finite partial wherever the derivative is finite, and so that small ones keep their
   * digits: logarithms are taken of them.
   */
  readonly partials: readonly (((out: Expr, a: Expr, b: Expr, c: Expr) => Expr) | null)[];
  /**
   * Whether it is 0 in lanes without a row, from what is known of the operands (and of whether the first is the row mark); never if absent.
   * By linearity alone: a function that makes a finite number of infinity would hide that the row is lost.
   */
  readonly isZero?: (a: Padding, b: Padding, c: Padding, isMark: boolean) => boolean;
  /** The largest magnitude, from those of the operands; infinite if absent. NaN aside. */
  readonly bound?: (a: number, b: number, c: number) => number;
}

const upToOne = (): number => 1;
const first = (a: number): number => a;
const isFirstZero = (a: Padding): boolean => a.zero;
const areBothZero = (a: Padding, b: Padding): boolean => a.zero && b.zero;
const totalBound = (a: number, b: number): number => a + b;

/** 0 times what has no bound has none. */
const productBound = (a: number, b: number): number =>
  Number.isNaN(a * b) ? Number.POSITIVE_INFINITY : a * b;
const finiteOrZero = (a: Expr): Expr => ops.select(ops.less(ops.abs(a), Number.POSITIVE_INFINITY), a, 0);

const isZero = (x: Expr): boolean => x.op === "constant" && x.data.every((element) => element === 0);
const one = (): Expr => constant(1);
const twoOverRootPi = 2 / Math.sqrt(Math.PI);
const rootTwoPi = Math.sqrt(2 * Math.PI);

/**
 * 1 - tanh^2 a as (1 + tanh |a|) 2 sigmoid(-2 |a|), which keeps its digits where it is small; written by cases, so that derivatives at 0 are those of
 * one of them.
 * @param out - tanh a.
 */
export function hyperbolicSlope(out: Expr, a: Expr): Expr {
  const isBelow = ops.less(a, 0);
  const twice = ops.mul(2, a);
  const small = ops.sigmoid(ops.select(isBelow, twice, ops.neg(twice)));
  return ops.mul(ops.add(1, ops.select(isBelow, ops.neg(out), out)), ops.mul(2, small));
}

/** Names of the element-wise operations. */
export type ElementwiseName =
  | "neg"
  | "abs"
  | "sign"
  | "floor"
  | "sqrt"
  | "exp"
  | "log"
  | "log1p"
  | "expm1"
  | "tanh"
  | "sigmoid"
  | "softplus"
  | "sin"
  | "cos"
  | "erf"
  | "normalExcess"
  | "normalQuantile"
  | "stopGradient"
  | "add"
  | "sub"
  | "mul"
  | "mulOrZero"
  | "div"
  | "max"
  | "min"
  | "less"
  | "lessEqual"
  | "select";

/** The table of element-wise operations, by name. */
export const elementwise: Readonly<Record<ElementwiseName, Rule>> = {
  neg: { arity: 1, value: (a) => -a, partials: [() => constant(-1)], isZero: isFirstZero, bound: first },
  abs: { arity: 1, value: Math.abs, partials: [(_, a) => ops.sign(a)], bound: first },
  sign: { arity: 1, value: (a) => (a > 0 ? 1 : a < 0 ? -1 : 0), partials: [null], bound: upToOne },
  floor: { arity: 1, value: Math.floor, partials: [null] },
  sqrt: { arity: 1, value: Math.sqrt, partials: [(out) => ops.div(0.5, out)] },
  exp: { arity: 1, value: Math.exp, partials: [(out) => out] },
  log: { arity: 1, value: Math.log, partials: [(_, a) => ops.div(1, a)] },
  log1p: { arity: 1, value: Math.log1p, partials: [(_, a) => ops.div(1, ops.add(1, a))] },
  expm1: { arity: 1, value: Math.expm1, partials: [(_, a) => ops.exp(a)] },
  tanh: { arity: 1, value: Math.tanh, partials: [hyperbolicSlope], bound: upToOne },
  sigmoid: {
    arity: 1,
    value: sigmoid,
    partials: [(out, a) => ops.mul(out, ops.sigmoid(ops.neg(a)))],
    bound: upToOne,
  },
  softplus: { arity: 1, value: softplus, partials: [(_, a) => ops.sigmoid(a)] },
  sin: { arity: 1, value: Math.sin, partials: [(_, a) => ops.cos(a)], bound: upToOne },
  cos: { arity: 1, value: Math.cos, partials: [(_, a) => ops.neg(ops.sin(a))], bound: upToOne },
  erf: {
    arity: 1,
    value: erf,
    partials: [(_, a) => ops.mul(twoOverRootPi, ops.exp(ops.neg(ops.mul(a, a))))],
    bound: upToOne,
  },
  // The density over the upper tail of a standard normal number, less the number: all of log Phi that is not elementary.
  normalExcess: {
    arity: 1,
    value: normalExcess,
    partials: [(out, a) => ops.sub(ops.mul(out, ops.add(out, a)), 1)],
  },
  normalQuantile: {
    arity: 1,
    value: normalQuantile,
    partials: [(out) => ops.mul(rootTwoPi, ops.exp(ops.mul(0.5, ops.mul(out, out))))],
  },
  stopGradient: { arity: 1, value: (a) => a, partials: [null], isZero: isFirstZero, bound: first },
  add: { arity: 2, value: (a, b) => a + b, partials: [one, one], isZero: areBothZero, bound: totalBound },
  sub: {
    arity: 2,
    value: (a, b) => a - b,
    partials: [one, () => constant(-1)],
    isZero: areBothZero,
    bound: totalBound,
  },
  mul: {
    arity: 2,
    value: (a, b) => a * b,
    partials: [(_, _a, b) => b, (_, a) => a],
    isZero: (a, b) => (a.zero && (b.zero || b.asInRow)) || (b.zero && a.asInRow),
    bound: productBound,
  },
  // Where the second operand is 0, what the first is does not matter: `pullBackElementwise` and `pushForwardElementwise` have a case for it.
  mulOrZero: {
    arity: 2,
    value: (a, b) => (b === 0 ? 0 : a * b),
    partials: [(_, _a, b) => b, (_, a, b) => ops.select(b, a, finiteOrZero(a))],
    isZero: (a, b) => b.zero || (a.zero && b.asInRow),
    bound: productBound,
  },
  div: {
    arity: 2,
    value: (a, b) => a / b,
    partials: [(_, _a, b) => ops.div(1, b), (out, _a, b) => ops.neg(ops.div(out, b))],
    isZero: (a, b) => a.zero && b.asInRow,
  },
  // On a tie the first operand takes the whole derivative, so that the partials always add up to one; against 0, the
  // rectifier's, none, as is usual: then the result alone tells, and its argument need not be kept.
  max: {
    arity: 2,
    value: (a, b) => Math.max(a, b),
    partials: [
      (out, a, b) => (isZero(b) ? ops.less(b, out) : ops.lessEqual(b, a)),
      (_, a, b) => ops.less(a, b),
    ],
  },
  min: {
    arity: 2,
    value: (a, b) => Math.min(a, b),
    partials: [(_, a, b) => ops.lessEqual(a, b), (_, a, b) => ops.less(b, a)],
  },
  less: { arity: 2, value: (a, b) => (a < b ? 1 : 0), partials: [null, null], bound: upToOne },
  lessEqual: { arity: 2, value: (a, b) => (a <= b ? 1 : 0), partials: [null, null], bound: upToOne },
  select: {
    arity: 3,
    value: (condition, a, b) => (condition !== 0 ? a : b),
    // Not used by the derivatives, which route what they carry through a select: 0 * infinity is NaN.
    partials: [null, (_, condition) => condition, (_, condition) => ops.sub(1, condition)],
    isZero: (a, b, c, isMark) => (b.zero && c.zero && a.asInRow) || (isMark && c.zero),
    bound: (_, a, b) => Math.max(a, b),
  },
};

export const elementwiseRules: GraphRules<ElementwiseExpr> = {
  facts: ({ name }) => [name],
  withInputs: copied,
  scalars(node, operands) {
    if (node.shape.length === 0 && node.inputs.every((input, k) => operands[k]![0] === input)) return [node];
    return each(node, (i) =>
      ops.apply(node.name, ...operands.map((operand) => operand[operand.length === 1 ? 0 : i]!)),
    );
  },
  isZero({ name, inputs }, { of }) {
    const [a, b, c] = inputs.map(of) as [Padding, Padding, Padding];
    return elementwise[name]?.isZero?.(a, b, c, inputs[0]!.op === "rowMark") ?? false;
  },
  steps(node, ready) {
    const out = new Int32Array(sizeOf(node.shape));
    for (const operand of node.inputs) {
      const steps = ready.of(operand);
      if (!steps) continue;
      const isScalar = steps.length === 1;
      for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i]!, steps[isScalar ? 0 : i]!);
    }
    return out;
  },
};

/** Whether a partial derivative is 1 in one case and 0 in the other, as those of a maximum are. */
export function isComparison(partial: Expr): boolean {
  return partial.op === "elementwise" && (partial.name === "less" || partial.name === "lessEqual");
}

/** To the operands, by the partial derivatives of the table: what is zero because a branch was not taken is the second of `mulOrZero`. */
export const pullBackElementwise: PullBack<ElementwiseExpr> = (
  node,
  cotangent,
  { active, send, restricted, scaled },
) => {
  const [a, b, c] = node.inputs as [Expr, Expr, Expr];
  if (node.name === "select") {
    if (active.has(b)) send(b, restricted(cotangent, { on: a, when: true }));
    if (active.has(c)) send(c, restricted(cotangent, { on: a, when: false }));
    return;
  }
  node.inputs.forEach((input, i) => {
    const partial = elementwise[node.name].partials[i];
    if (!partial || !active.has(input)) return;
    const value = partial(node, a, b, c);
    const isCase = isComparison(value);
    if (isCase) send(input, restricted(cotangent, { on: value, when: true }));
    else {
      // Zero wins on the way to what it has won over, too, whatever the cotangent is.
      if (node.name === "mulOrZero" && i === 0)
        send(input, { ...cotangent, value: ops.apply("mulOrZero", cotangent.value, value), hasZeros: true });
      else send(input, scaled(cotangent, value));
    }
  });
};

export const faultOfElementwise: Fault<ElementwiseExpr> = ({ name, inputs, shape }, { takes, follows }) => {
  if (!Object.hasOwn(elementwise, name)) return `there is no operation "${name}"`;
  const wrong = inputs.find((input) => input.shape.length > 0 && !sameShape(input.shape, shape));
  if (wrong) return `an input of it has the shape ${formatShape(wrong.shape)}`;
  return takes(elementwise[name].arity) ?? follows;
};
