/**
 * Padding: a tile has lanes without a row. A sum over rows must not see them. Gradients start from the row mark and
 * are zero there by linearity; what is not known to be zero is made so before it is summed.
 *
 * @module
 */

import { type Expr, topologicalOrder } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { substitute, withInputs } from "../../graph/rebuild.ts";

/** The outputs, with a selection by row mark in front of every sum over rows that might see padding. */
export function guardPadding(outputs: readonly Expr[]): Expr[] {
  const zero = new Map<Expr, boolean>();
  const guards = new Map<Expr, Expr>();
  let current = outputs.slice();
  for (const node of topologicalOrder(outputs)) {
    const isZero = isZeroInPadding(node, zero);
    zero.set(node, isZero);
    if (node.op !== "sumRows" && node.op !== "sumOuter") continue;
    if (node.inputs.some((input) => zero.get(input))) continue;
    const [first, ...rest] = node.inputs as [Expr, ...Expr[]];
    guards.set(node, withInputs(node, [g.select(g.rowMark(), first, 0), ...rest]));
  }
  // One at a time, inner first: a guarded sum may contain another.
  for (const [node, guarded] of guards) current = substitute(current, new Map([[node, guarded]]));
  return current;
}

/** Whether a value is known to be zero in padded lanes, from what is known of its operands. */
function isZeroInPadding(node: Expr, known: ReadonlyMap<Expr, boolean>): boolean {
  const isZero = (operand: Expr | undefined): boolean =>
    operand !== undefined &&
    (known.get(operand) ?? (operand.op === "constant" && operand.data.every((x) => x === 0)));
  const [a, b, c] = node.inputs;
  switch (node.op) {
    case "rowMark":
      return true;
    case "constant":
      return node.data.every((x) => x === 0);
    case "elementwise":
      switch (node.name) {
        case "mul":
          return isZero(a) || isZero(b);
        case "add":
        case "sub":
        case "max":
        case "min":
          return isZero(a) && isZero(b);
        case "div":
        case "neg":
        case "abs":
        case "sign":
        case "sqrt":
        case "tanh":
        case "stopGradient":
          return isZero(a);
        case "select":
          return (isZero(b) && isZero(c)) || (a?.op === "rowMark" && isZero(c));
        default:
          return false;
      }
    case "reshape":
    case "gather":
    case "scatter":
    case "sum":
      return isZero(a);
    case "concatenate":
      return node.inputs.every(isZero);
    case "linear":
      return isZero(a) && c === undefined;
    case "solveTriangular":
      return isZero(b);
    case "project": {
      const map = node.inputs[0]!;
      if (map.op !== "map") return false;
      const inside = new Map<Expr, boolean>();
      map.body.slots.forEach((block, k) => {
        for (const slot of block) inside.set(slot, isZero(map.inputs[k]));
      });
      const results = map.body.results[node.index]!;
      for (const scalar of topologicalOrder(results))
        if (!inside.has(scalar)) inside.set(scalar, isZeroInPadding(scalar, inside));
      return results.every((scalar) => inside.get(scalar));
    }
    case "map":
      return false;
    case "fixedPoint": {
      const inside = new Map<Expr, boolean>(node.inputs.map((outer) => [outer, isZero(outer)]));
      inside.set(node.slot, true);
      for (const inner of topologicalOrder([node.result]))
        if (!inside.has(inner)) inside.set(inner, isZeroInPadding(inner, inside));
      return isZero(node.inputs[0]) && inside.get(node.result) === true;
    }
    default:
      return false;
  }
}
