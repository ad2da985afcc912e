/**
 * Operations with a body: maps over features, and iterations to a fixed point.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import {
  dependents,
  type Expr,
  formatShape,
  type MapExpr,
  type SlotExpr,
  sameShape,
  sizeOf,
  topologicalOrder,
} from "./expr.ts";
import { asExpr, slot, type Value } from "./leaves.ts";
import { reshape } from "./movement.ts";

/**
 * Applies a scalar program to each feature.
 *
 * Each block is `[features]` or `[features, k]`; the body gets, block by block, the k scalars of one feature (one
 * for `[features]`), and returns its results, one list of scalars a result. Returned values have shape `[features]`
 * for a list of one scalar and `[features, k]` otherwise.
 */
export function mapFeatures(
  blocks: readonly Expr[],
  body: (...slots: (readonly Expr[])[]) => readonly (readonly Value[])[],
): Expr[] {
  const features = blocks[0]?.shape[0];
  if (features === undefined)
    throw new ShapeError("mapFeatures: the first block must be [features] or [features, k].");
  const slots = blocks.map((block) => {
    if (block.shape[0] !== features || block.shape.length > 2)
      throw new ShapeError(
        `mapFeatures: a block of shape ${formatShape(block.shape)} for ${features} features.`,
      );
    return Array.from({ length: block.shape[1] ?? 1 }, () => slot([], true));
  });
  const results = body(...slots).map((result) => result.map(asExpr));
  return mapOf(blocks, features, slots, results).map((result) =>
    result.shape[1] === 1 ? reshape(result, [features]) : result,
  );
}

/** A map from ready slots and results; each result has shape `[features, k]`. Meant for graph transforms. */
export function mapOf(
  blocks: readonly Expr[],
  features: number,
  slots: readonly (readonly SlotExpr[])[],
  results: readonly (readonly Expr[])[],
): Expr[] {
  for (const scalar of results.flat())
    if (sizeOf(scalar.shape) !== 1)
      throw new ShapeError(`mapFeatures: a body yields scalars, got ${formatShape(scalar.shape)}.`);
  const map: MapExpr = {
    op: "map",
    features,
    body: { slots, results },
    shape: [],
    batched: blocks.some((block) => block.batched),
    inputs: blocks,
  };
  return results.map((_, index) => project(map, index));
}

/** Result `index` of a map. */
export function project(map: Expr, index: number): Expr {
  if (map.op !== "map") throw new ShapeError("project: the value is not a map.");
  const count = map.body.results[index]!.length;
  return { op: "project", index, shape: [map.features, count], batched: map.batched, inputs: [map] };
}

/**
 * `iterations` applications of `body` from `initial`; derivatives are those of the fixed point, which must have
 * been reached by then. A body that depends on its state through a strictly triangular map of n features reaches
 * it in n.
 */
export function fixedPoint(initial: Expr, iterations: number, body: (state: Expr) => Expr): Expr {
  const state = slot(initial.shape, true);
  const result = body(state);
  if (!sameShape(result.shape, initial.shape))
    throw new ShapeError(
      `fixedPoint: the body maps ${formatShape(initial.shape)} to ${formatShape(result.shape)}.`,
    );
  return fixedPointOf(initial, iterations, state, result);
}

/** A fixed point from a ready slot and result. Meant for graph transforms. */
export function fixedPointOf(initial: Expr, iterations: number, state: SlotExpr, result: Expr): Expr {
  const inside = dependents([result], state);
  const outer = new Set<Expr>();
  for (const node of topologicalOrder([result]))
    if (inside.has(node)) for (const operand of node.inputs) if (!inside.has(operand)) outer.add(operand);
  if (!inside.has(result)) return result;
  return {
    op: "fixedPoint",
    iterations,
    slot: state,
    result,
    shape: initial.shape,
    batched: true,
    inputs: [initial, ...outer],
  };
}
