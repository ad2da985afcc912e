/**
 * Lowering of iterations: fixed points, whose elements are computed once where that can be, else in rounds; and loops
 * that end when all rows of a tile are finished.
 *
 * @module
 */

import { type FixedPointExpr, type IterateExpr, sizeOf } from "../../graph/expr.ts";
import type { Pieces } from "../../platform/pieces.ts";
import type { Unit } from "../analysis/fusion.ts";
import { type Readiness, type Run, readinessOf, runsOf } from "../analysis/readiness.ts";
import type { Item } from "../plan.ts";
import type { Scope } from "./scope.ts";
import type { TileLowering } from "./tileLowering.ts";

/** The items of an iteration to a fixed point. */
export function* lowerFixedPoint(tiles: TileLowering, node: FixedPointExpr): Pieces<Item[]> {
  const size = sizeOf(node.shape);
  const state = node.slot;
  const innerNodes = tiles.bodyNodes(node);
  yield;
  const once = yield* tiles.unitsOf(innerNodes, [node.result], false);
  const kernels = once.units.flatMap(({ nodes, features }) =>
    features === undefined ? [] : { nodes, features },
  );
  yield;
  const readiness = readinessOf(node, innerNodes, kernels);
  const finish = tiles.spread(size, state, 0, node, 0);
  if (readiness) return [...(yield* lowerOnce(tiles, node, once, readiness)), finish];
  const start = tiles.spread(size, node.inputs[0]!, 0, state, 0);
  const body = yield* tiles.lower(innerNodes, [node.result]);
  const next = tiles.spread(size, node.result, 0, state, 0);
  return [start, { iterations: node.iterations, items: [...body, next] }, finish];
}

/** The items of an iteration that goes on until all rows of the tile are finished. */
export function* lowerIterate(tiles: TileLowering, node: IterateExpr): Pieces<Item[]> {
  const size = sizeOf(node.shape);
  const start = tiles.spread(size, node.inputs[0]!, 0, node.slot, 0);
  const body = yield* tiles.lower(tiles.bodyNodes(node), [node.result]);
  const next = tiles.spread(size, node.result, 0, node.slot, 0);
  const finish = tiles.spread(size, node.slot, 0, node, 0);
  const until = tiles.call({ kind: "allLanes" }, tiles.tables.argument(node.slot));
  return [start, { iterations: node.iterations, until, items: [...body, next] }, finish];
}

/** An iteration whose elements can be computed one after another, each once. */
function* lowerOnce(
  tiles: TileLowering,
  node: FixedPointExpr,
  { units, scope }: { readonly units: readonly Unit[]; readonly scope: Scope },
  readiness: Readiness,
): Pieces<Item[]> {
  const schedule: { readonly unit: Unit; readonly runs: Run[][] }[] = [];
  for (const unit of units) {
    yield;
    schedule.push({ unit, runs: runsOf(stepsOfUnit(unit, readiness, scope)) });
  }
  const results = runsOf(readiness.get(node.result)!);
  const items: Item[] = [];
  for (let step = 0; step < results.length; step++) {
    yield;
    for (const { unit, runs } of schedule)
      for (const run of runs[step] ?? []) {
        const lowered = tiles.lowerUnit(unit, scope, run);
        items.push(...(Array.isArray(lowered) ? lowered : yield* lowered));
      }
    for (const { start, end } of results[step] ?? [])
      items.push(tiles.spread(end - start, node.result, start, node.slot, start));
  }
  return items;
}

/** When each feature of a unit, or each element of its node, is known; all at once where it cannot be divided. */
function stepsOfUnit(unit: Unit, readiness: Readiness, { finished }: Scope): Int32Array {
  const { features } = unit;
  if (features !== undefined)
    return Int32Array.from({ length: features }, (_, feature) =>
      Math.max(
        ...unit.nodes.map((node) => {
          const steps = readiness.get(node)!;
          return steps[(feature * steps.length) / features]!;
        }),
      ),
    );
  const node = unit.nodes[0]!;
  const steps = readiness.get(node)!;
  const isDivisible =
    node.op === "linear" || node.op === "gather" || node.op === "concatenate" || finished.has(node);
  return isDivisible ? steps : Int32Array.of(Math.max(...steps));
}
