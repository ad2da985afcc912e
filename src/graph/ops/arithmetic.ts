/**
 * Element-wise operations. Operands broadcast as NumPy does: trailing axes, extents of one.
 *
 * @module
 */

import { type Expr, scalarOf, spaceOf } from "../expr.ts";
import type { ElementwiseName } from "./elementwise.ts";
import { asExpr, type Value } from "./leaves.ts";
import { broadcastShape, broadcastTo } from "./movement.ts";
import { repeatedScalar } from "./repeatedScalar.ts";

/** An element-wise operation by name; operands broadcast. */
export function apply(name: ElementwiseName, ...values: readonly Value[]): Expr {
  const operands = values.map(asExpr);
  // As bodies of maps are: nothing broadcasts.
  if (operands.every((operand) => operand.shape.length === 0)) return scalarOf(name, operands);
  const shape = broadcastShape(name, operands);
  const inputs = operands.map((operand) => repeatedScalar(operand) ?? broadcastTo(operand, shape));
  if (inputs.every((operand) => operand.shape.length === 0))
    return broadcastTo(scalarOf(name, inputs), shape);
  return { op: "elementwise", name, shape, space: spaceOf(inputs), inputs };
}

/** a + b. */
export function add(a: Value, b: Value): Expr {
  return apply("add", a, b);
}
/** a - b. */
export function sub(a: Value, b: Value): Expr {
  return apply("sub", a, b);
}
/** a * b. */
export function mul(a: Value, b: Value): Expr {
  return apply("mul", a, b);
}
/** a / b. */
export function div(a: Value, b: Value): Expr {
  return apply("div", a, b);
}
/** a + b + ..., from the left: `total(a, b, c)` is `add(add(a, b), c)`, to the bit. */
export function total(first: Value, ...others: readonly Value[]): Expr {
  return others.reduce<Expr>((sum, value) => add(sum, value), asExpr(first));
}
/** a * b * ..., from the left: `product(a, b, c)` is `mul(mul(a, b), c)`, to the bit. */
export function product(first: Value, ...others: readonly Value[]): Expr {
  return others.reduce<Expr>((result, value) => mul(result, value), asExpr(first));
}
/** The larger of two; NaN if either is. */
export function max(a: Value, b: Value): Expr {
  return apply("max", a, b);
}
/** The smaller of two; NaN if either is. */
export function min(a: Value, b: Value): Expr {
  return apply("min", a, b);
}
/** a, but not below `low` nor above `high`; NaN if it is NaN. Where it is clamped its derivative is 0. */
export function clamp(a: Value, low: Value, high: Value): Expr {
  return min(max(a, low), high);
}
/** 1 where a < b, else 0. */
export function less(a: Value, b: Value): Expr {
  return apply("less", a, b);
}
/** 1 where a <= b, else 0. */
export function lessEqual(a: Value, b: Value): Expr {
  return apply("lessEqual", a, b);
}
/** a where the condition is not 0, else b. A derivative flows only through the branch taken. */
export function select(condition: Value, a: Value, b: Value): Expr {
  return apply("select", condition, a, b);
}
/** -a. */
export function neg(a: Value): Expr {
  return apply("neg", a);
}
/** Absolute value; its derivative at 0 is taken as 0. */
export function abs(a: Value): Expr {
  return apply("abs", a);
}
/** -1, 0 or 1. */
export function sign(a: Value): Expr {
  return apply("sign", a);
}
/** The largest integer not above a. */
export function floor(a: Value): Expr {
  return apply("floor", a);
}
/** Square root. */
export function sqrt(a: Value): Expr {
  return apply("sqrt", a);
}
/** a * a. */
export function square(a: Value): Expr {
  return mul(a, a);
}
/** e^a. */
export function exp(a: Value): Expr {
  return apply("exp", a);
}
/** Natural logarithm. */
export function log(a: Value): Expr {
  return apply("log", a);
}
/** log(1 + a), precise near 0. */
export function log1p(a: Value): Expr {
  return apply("log1p", a);
}
/** e^a - 1, precise near 0. */
export function expm1(a: Value): Expr {
  return apply("expm1", a);
}
/** Hyperbolic tangent. */
export function tanh(a: Value): Expr {
  return apply("tanh", a);
}
/** Logistic function. */
export function sigmoid(a: Value): Expr {
  return apply("sigmoid", a);
}
/** log(1 + e^a), without overflow. */
export function softplus(a: Value): Expr {
  return apply("softplus", a);
}
/** Sine. */
export function sin(a: Value): Expr {
  return apply("sin", a);
}
/** Cosine. */
export function cos(a: Value): Expr {
  return apply("cos", a);
}
/** Error function. */
export function erf(a: Value): Expr {
  return apply("erf", a);
}
/** Standard normal quantile of a in (0, 1). */
export function normalQuantile(a: Value): Expr {
  return apply("normalQuantile", a);
}
/** a, with a derivative of zero. */
export function stopGradient(a: Value): Expr {
  return apply("stopGradient", a);
}
/** Rectifier max(a, 0). */
export function relu(a: Value): Expr {
  return max(a, 0);
}
/** log(e^a + e^b), without overflow; right for operands that are infinite. */
export function logAddExp(a: Value, b: Value): Expr {
  // By cases, and not by a maximum and an absolute value: where both are equal, the derivatives of the two must be of one case.
  const isBelow = less(a, b);
  const top = select(isBelow, b, a);
  // log1p(e^-|a - b|); where both are the same infinity, their difference must not reach the result.
  const difference = select(isBelow, sub(b, a), sub(a, b));
  const gap = select(less(abs(top), Number.POSITIVE_INFINITY), difference, 1e3);
  return add(top, log1p(exp(neg(gap))));
}
