/**
 * Dense layers that end in an activation, or in the gradient of one: what follows the product element by element is
 * done as it is stored, and the product's own value is not kept.
 *
 * @module
 */

import { type Expr, type LinearExpr, sameShape } from "../../graph/expr.ts";

/** A dense layer and the node that alone reads it. */
export interface FinishedLayer {
  readonly layer: LinearExpr;
  /** For the gradient of a rectifier: its result, which lets through where it is above 0. Else the node is max(., 0). */
  readonly gate?: Expr | undefined;
}

/**
 * The nodes that can be done by the kernel of the layer before them.
 *
 * @param outputs - What is read besides by the nodes.
 * @param gates - Whether gradients of rectifiers are among them.
 */
export function finishedLayers(
  nodes: readonly Expr[],
  outputs: readonly Expr[],
  gates: boolean,
): Map<Expr, FinishedLayer> {
  const members = new Set(nodes);
  const uses = new Map<Expr, number>();
  for (const value of [...outputs, ...nodes.flatMap((node) => node.inputs)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const isUsedOnce = (layer: Expr | undefined): layer is LinearExpr =>
    layer?.op === "linear" && members.has(layer) && uses.get(layer) === 1;
  const finished = new Map<Expr, FinishedLayer>();
  for (const node of nodes) {
    if (node.op !== "elementwise") continue;
    const [a, b, c] = node.inputs;
    if (node.name === "max" && isUsedOnce(a) && isZero(b)) finished.set(node, { layer: a });
    if (!gates || node.name !== "select" || !isUsedOnce(b) || b.inputs.length > 2 || !isZero(c)) continue;
    if (a?.op !== "elementwise" || a.name !== "less" || !isZero(a.inputs[0])) continue;
    const gate = a.inputs[1]!;
    if (gate.space === "row" && sameShape(gate.shape, b.shape)) finished.set(node, { layer: b, gate });
  }
  return finished;
}

function isZero(value: Expr | undefined): boolean {
  return value?.op === "constant" && value.data.every((x) => x === 0);
}
