/**
 * What tells nodes of one operation apart.
 *
 * @module
 */

import { type Expr, unreachable } from "./expr.ts";

/** What says, beside operation, shape and inputs, which value a node is: numbers, words, arrays; of slots and bodies the node itself. */
export function factsOf(node: Expr): readonly unknown[] {
  switch (node.op) {
    case "constant":
      return [node.data];
    case "elementwise":
      return [node.name];
    case "gather":
    case "scatter":
      return [node.indices];
    case "sum":
      return [node.outer, node.count, node.inner];
    case "linear":
      return [node.transposed];
    case "solveTriangular":
      return [node.lower, node.transposed];
    case "random":
      return [node.stream];
    case "project":
      return [node.index];
    case "rowMark":
    case "reshape":
    case "concatenate":
    case "sumRows":
    case "sumOuter":
    case "matrixProduct":
      return [];
    case "input":
    case "parameter":
    case "stepInput":
      // Of one name they are one, however often it was written.
      return [node.name];
    case "slot":
    case "map":
    case "fixedPoint":
    case "scan":
    case "iterate":
    case "implicit":
    case "odeSolution":
      // A slot is itself; bodies are compared by identity.
      return [node];
    default:
      return unreachable(node);
  }
}
