/**
 * Rebuilding a graph with other inputs: the one place that knows how to copy a node of every kind. Substitution
 * and simplification stand on it.
 *
 * @module
 */

import { type BodyExpr, type Expr, hasBody, ownInputs, topologicalOrder, unreachable } from "./expr.ts";
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
    case "iterate":
    case "implicit":
    case "odeSolution":
      throw new Error("a node with a body is rebuilt with it; use rebuildBody");
    case "sumRows":
    case "sumOuter":
      return { ...node, inputs };
    case "elementwise":
    case "scatter":
    case "concatenate":
    case "sum":
    case "linear":
    case "matrixProduct":
    case "solveTriangular":
    case "map":
      return { ...node, batched: inputs.some((input) => input.batched), inputs };
    case "input":
    case "parameter":
    case "stepInput":
    case "constant":
    case "slot":
    case "rowMark":
    case "random":
      throw new Error(`a ${node.op} has no inputs that could be replaced`);
    default:
      return unreachable(node);
  }
}

/** A node with a body whose inputs are replaced by `replace`, and its body then by `body`; slots are kept. */
export function rebuildBody(
  node: BodyExpr,
  replace: (input: Expr) => Expr,
  body: (result: Expr, outer: readonly Expr[]) => Expr = (result) => result,
): Expr {
  const own = ownInputs(node);
  const outer = node.inputs.slice(own);
  const replaced = outer.map(replace);
  const [result] = substitute([node.result], new Map(outer.map((value, i) => [value, replaced[i]!])));
  const next = body(result!, replaced);
  const [first, ...rest] = node.inputs.slice(0, own).map(replace) as [Expr, ...Expr[]];
  switch (node.op) {
    case "fixedPoint":
      return ops.fixedPointOf(first, node.iterations, node.slot, next);
    case "scan":
      return ops.scanOf(first, { ...node, result: next, stacked: rest });
    case "iterate":
      return ops.iterateOf(first, node.most, node.slot, next);
    case "implicit":
      return ops.implicitOf(first, node.slot, next, node.equation);
    case "odeSolution":
      return ops.odeSolutionOf(first, rest as [Expr, Expr, Expr], { ...node, result: next });
  }
}

/** The outputs with every node in `replacements` replaced, wherever it occurs. */
export function substitute(outputs: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map<Expr, Expr>(replacements);
  for (const node of topologicalOrder(outputs, new Set(replacements.keys()))) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((input) => done.get(input)!);
    if (inputs.every((input, i) => input === node.inputs[i])) done.set(node, node);
    else if (hasBody(node))
      done.set(
        node,
        rebuildBody(node, (outer) => done.get(outer) ?? outer),
      );
    else done.set(node, withInputs(node, inputs));
  }
  return outputs.map((output) => done.get(output)!);
}
