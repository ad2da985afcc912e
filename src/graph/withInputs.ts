/**
 * A node with other inputs: how to copy a node of every kind that has no body.
 *
 * @module
 */

import { type Expr, spaceOf, unreachable } from "./expr.ts";
import { project } from "./ops/bodyNodes.ts";
import { gather, reshape } from "./ops/movement.ts";

/** The node with other inputs, in the same order and of the same shapes. Bodies are kept. */
export function withInputs(node: Expr, inputs: readonly Expr[]): Expr {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  switch (node.op) {
    case "reshape":
      return reshape(inputs[0]!, node.shape);
    case "gather":
      return gather(inputs[0]!, node.indices, node.shape);
    case "project":
      return project(inputs[0]!, node.index);
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
      return { ...node, space: spaceOf(inputs), inputs };
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
