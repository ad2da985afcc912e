/**
 * The body of a map as scalars alone: what a body does with small vectors (a `logSumExp` of three numbers, a product with a
 * constant matrix, a map within the map) is written out, element by element, so that an engine's kernel for maps has scalar
 * operations and constants to know, and nothing else.
 *
 * @module
 */

import { type Expr, type MapExpr, topologicalOrder } from "./expr.ts";
import { rulesOf } from "./graphRules.ts";
import { substitute } from "./rebuild.ts";

/**
 * The scalars that the results are, each of size 1, computed from the slots by element-wise operations of shape `[]`.
 * @throws {@link ShapeError} if a body reads a leaf other than its slots and constants, or needs rows or rounds.
 */
export function scalarize(results: readonly Expr[], slots: ReadonlySet<Expr>): Expr[] {
  const elements = new Map<Expr, readonly Expr[]>();
  for (const node of topologicalOrder(results, slots))
    elements.set(node, slots.has(node) ? [node] : elementsOf(node, elements));
  return results.map((result) => elements.get(result)![0]!);
}

function elementsOf(node: Expr, elements: ReadonlyMap<Expr, readonly Expr[]>): readonly Expr[] {
  if (node.op === "map") return [];
  if (node.op !== "project")
    return rulesOf(node).scalars(
      node,
      node.inputs.map((input) => elements.get(input)!),
    );
  const map = node.inputs[0] as MapExpr;
  return Array.from({ length: map.features }, (_, feature) => {
    const values = map.body.slots.flatMap((block, k) =>
      block.map((slot, j) => [slot, elements.get(map.inputs[k]!)![feature * block.length + j]!] as const),
    );
    return substitute(map.body.results[node.index]!, new Map<Expr, Expr>(values));
  }).flat();
}
