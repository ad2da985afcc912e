/**
 * How large a value can be, as far as its expression shows: functions whose arguments are bounded need no code for
 * the ends of their range.
 *
 * @module
 */

import { type Expr, topologicalOrder } from "../../graph/expr.ts";
import { elementwise } from "../../graph/ops/elementwise.ts";

const boundOf = new WeakMap<Expr, number>();

/**
 * An upper bound of the magnitude of all elements of a value, NaN aside; infinity where none is known. What relies on it
 * must let NaN through.
 */
export function largestMagnitude(value: Expr): number {
  const bound = boundOf.get(value);
  if (bound !== undefined) return bound;
  // Operands first, and one by one: a chain of thousands of operations would overflow the call stack.
  for (const node of topologicalOrder([value], {
    has: (inner) => boundOf.has(inner) || inner.op !== "elementwise",
  }))
    if (!boundOf.has(node)) boundOf.set(node, findBound(node));
  return boundOf.get(value)!;
}

function findBound(value: Expr): number {
  if (value.op === "constant") return value.data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  if (value.op !== "elementwise") return Number.POSITIVE_INFINITY;
  const [a, b, c] = value.inputs as [Expr, Expr, Expr];
  if (value.name === "div") return softLimit(a, b);
  const bound = (operand: Expr | undefined): number => (operand ? boundOf.get(operand)! : 0);
  return elementwise[value.name].bound?.(bound(a), bound(b), bound(c)) ?? Number.POSITIVE_INFINITY;
}

/** The bound of a / (1 + |a| k), which is 1 / k. */
function softLimit(numerator: Expr, denominator: Expr): number {
  for (const [term, scaled] of pairs(denominator, "add"))
    if (isNumber(term) && term.data[0]! >= 1)
      for (const [magnitude, factor] of pairs(scaled, "mul"))
        if (isNumber(factor) && factor.data[0]! > 0 && isMagnitudeOf(magnitude, numerator))
          return 1 / factor.data[0]!;
  return Number.POSITIVE_INFINITY;
}

/** The operands of a commutative operation, in both orders; none if it is another one. */
function pairs(value: Expr, name: "add" | "mul"): readonly (readonly [Expr, Expr])[] {
  if (value.op !== "elementwise" || value.name !== name) return [];
  const [a, b] = value.inputs as [Expr, Expr];
  return [
    [a, b],
    [b, a],
  ];
}

function isNumber(value: Expr): value is Extract<Expr, { op: "constant" }> {
  return value.op === "constant" && value.data.length === 1;
}

function isMagnitudeOf(value: Expr, of: Expr): boolean {
  return value.op === "elementwise" && value.name === "abs" && value.inputs[0] === of;
}
