/**
 * The element-wise operations: for each its number of operands, its value in float64 (the oracle of every engine),
 * and its partial derivatives as expressions. A new operation is one row here and one kernel line per engine.
 *
 * @module
 */

import { erf, normalQuantile, sigmoid, softplus } from "../../numerics/special.ts";
import type { Expr } from "../expr.ts";
import * as ops from "./arithmetic.ts";
import { constant } from "./leaves.ts";

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
}

const isZero = (x: Expr): boolean => x.op === "constant" && x.data.every((element) => element === 0);
const one = (): Expr => constant(1);
const twoOverRootPi = 2 / Math.sqrt(Math.PI);
const rootTwoPi = Math.sqrt(2 * Math.PI);

/** 1 - tanh^2 as (1 + tanh |a|) 2 sigmoid(-2 |a|); written by cases, so that derivatives at 0 are those of one of them. */
function hyperbolicSlope(out: Expr, a: Expr): Expr {
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
  | "normalQuantile"
  | "stopGradient"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "max"
  | "min"
  | "less"
  | "lessEqual"
  | "select";

/** The table of element-wise operations, by name. */
export const elementwise: Readonly<Record<ElementwiseName, Rule>> = {
  neg: { arity: 1, value: (a) => -a, partials: [() => constant(-1)] },
  abs: { arity: 1, value: Math.abs, partials: [(_, a) => ops.sign(a)] },
  sign: { arity: 1, value: (a) => (a > 0 ? 1 : a < 0 ? -1 : 0), partials: [null] },
  floor: { arity: 1, value: Math.floor, partials: [null] },
  sqrt: { arity: 1, value: Math.sqrt, partials: [(out) => ops.div(0.5, out)] },
  exp: { arity: 1, value: Math.exp, partials: [(out) => out] },
  log: { arity: 1, value: Math.log, partials: [(_, a) => ops.div(1, a)] },
  log1p: { arity: 1, value: Math.log1p, partials: [(_, a) => ops.div(1, ops.add(1, a))] },
  expm1: { arity: 1, value: Math.expm1, partials: [(_, a) => ops.exp(a)] },
  tanh: { arity: 1, value: Math.tanh, partials: [hyperbolicSlope] },
  sigmoid: { arity: 1, value: sigmoid, partials: [(out, a) => ops.mul(out, ops.sigmoid(ops.neg(a)))] },
  softplus: { arity: 1, value: softplus, partials: [(_, a) => ops.sigmoid(a)] },
  sin: { arity: 1, value: Math.sin, partials: [(_, a) => ops.cos(a)] },
  cos: { arity: 1, value: Math.cos, partials: [(_, a) => ops.neg(ops.sin(a))] },
  erf: {
    arity: 1,
    value: erf,
    partials: [(_, a) => ops.mul(twoOverRootPi, ops.exp(ops.neg(ops.mul(a, a))))],
  },
  normalQuantile: {
    arity: 1,
    value: normalQuantile,
    partials: [(out) => ops.mul(rootTwoPi, ops.exp(ops.mul(0.5, ops.mul(out, out))))],
  },
  stopGradient: { arity: 1, value: (a) => a, partials: [null] },
  add: { arity: 2, value: (a, b) => a + b, partials: [one, one] },
  sub: { arity: 2, value: (a, b) => a - b, partials: [one, () => constant(-1)] },
  mul: { arity: 2, value: (a, b) => a * b, partials: [(_, _a, b) => b, (_, a) => a] },
  div: {
    arity: 2,
    value: (a, b) => a / b,
    partials: [(_, _a, b) => ops.div(1, b), (out, _a, b) => ops.neg(ops.div(out, b))],
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
  less: { arity: 2, value: (a, b) => (a < b ? 1 : 0), partials: [null, null] },
  lessEqual: { arity: 2, value: (a, b) => (a <= b ? 1 : 0), partials: [null, null] },
  select: {
    arity: 3,
    value: (condition, a, b) => (condition !== 0 ? a : b),
    // Not used by the derivatives, which route what they carry through a select: 0 * infinity is NaN.
    partials: [null, (_, condition) => condition, (_, condition) => ops.sub(1, condition)],
  },
};
