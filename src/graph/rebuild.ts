/**
 * Rebuilding a graph with other inputs: the one place that knows how to copy a node of every kind. Substitution
 * and simplification stand on it.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, type ScanExpr, topologicalOrder } from "./expr.ts";
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
    case "scan":
      throw new Error("an iteration is rebuilt with its body; use rebuildIteration");
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

/**
 * An iteration whose outer values are replaced by `replace`, and its body then by `body`; slots are kept.
 */
export function rebuildIteration(
  node: FixedPointExpr | ScanExpr,
  replace: (outer: Expr) => Expr,
  body: (result: Expr, outer: readonly Expr[]) => Expr = (result) => result,
): Expr {
  const stackedCount = node.op === "scan" ? node.slices.length : 0;
  const outer = node.inputs.slice(1 + stackedCount);
  const replaced = outer.map(replace);
  const [result] = substitute([node.result], new Map(outer.map((value, i) => [value, replaced[i]!])));
  const next = body(result!, replaced);
  const initial = replace(node.inputs[0]!);
  if (node.op === "fixedPoint") return ops.fixedPointOf(initial, node.iterations, node.slot, next);
  const stacked = node.inputs.slice(1, 1 + stackedCount).map(replace);
  return ops.scanOf(initial, { ...node, result: next, stacked });
}

/** The outputs with every node in `replacements` replaced, wherever it occurs. */
export function substitute(outputs: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map<Expr, Expr>(replacements);
  for (const node of topologicalOrder(outputs, new Set(replacements.keys()))) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((input) => done.get(input)!);
    if (inputs.every((input, i) => input === node.inputs[i])) done.set(node, node);
    else if (node.op === "fixedPoint" || node.op === "scan")
      done.set(
        node,
        rebuildIteration(node, (outer) => done.get(outer) ?? outer),
      );
    else done.set(node, withInputs(node, inputs));
  }
  return outputs.map((output) => done.get(output)!);
}
