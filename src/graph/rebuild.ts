/**
 * Rebuilding a graph with other inputs: the one place that knows how to copy a node of every kind. Substitution
 * and simplification stand on it.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, topologicalOrder } from "./expr.ts";
import * as ops from "./ops.ts";

/** The node with other inputs, in the same order and of the same shapes. Bodies are kept. */
export function withInputs(node: Expr, inputs: readonly Expr[]): Expr {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  switch (node.op) {
    case "reshape":
      return ops.reshape(inputs[0]!, node.shape);
    case "gather":
      return ops.gather(inputs[0]!, node.indices, node.shape);
    case "project":
      return ops.project(inputs[0]!, node.index);
    case "fixedPoint":
      throw new Error("a fixed point is rebuilt with its body; use rebuildFixedPoint");
    case "sumRows":
    case "sumOuter":
      return { ...node, inputs };
    default:
      return {
        ...node,
        batched: inputs.length > 0 ? inputs.some((input) => input.batched) : node.batched,
        inputs,
      };
  }
}

/** A fixed point whose outer values are replaced by `replace`; its slot is kept. */
export function rebuildFixedPoint(node: FixedPointExpr, replace: (outer: Expr) => Expr): Expr {
  const replacements = new Map<Expr, Expr>(node.inputs.slice(1).map((outer) => [outer, replace(outer)]));
  const [result] = substitute([node.result], replacements);
  return ops.fixedPointOf(replace(node.inputs[0]!), node.iterations, node.slot, result!);
}

/** The outputs with every node in `replacements` replaced, wherever it occurs. */
export function substitute(outputs: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map<Expr, Expr>(replacements);
  for (const node of topologicalOrder(outputs, new Set(replacements.keys()))) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((input) => done.get(input)!);
    if (inputs.every((input, i) => input === node.inputs[i])) done.set(node, node);
    else if (node.op === "fixedPoint")
      done.set(
        node,
        rebuildFixedPoint(node, (outer) => done.get(outer) ?? outer),
      );
    else done.set(node, withInputs(node, inputs));
  }
  return outputs.map((output) => done.get(output)!);
}
