/**
 * Lowering of scans, whose rounds each read another slice.
 *
 * @module
 */

import { type Expr, type ScanExpr, sizeOf } from "../../graph/expr.ts";
import type { Pieces } from "../../platform/pieces.ts";
import type { Item } from "../plan.ts";
import type { Rounds } from "./planTables.ts";
import type { TileLowering } from "./tileLowering.ts";

/** Places of the steps' slices, where rounds count steps. */
export function placesOf({ steps, reversed }: ScanExpr, rounds: Rounds["rounds"]): Rounds {
  if (!reversed) return { first: 0, rounds };
  return { first: steps - 1, rounds: rounds.map(({ loop, by }) => ({ loop, by: -by })) };
}

/** The items of a step of a scan, whose slots stand for something; the next state goes to a value. */
export function* stepOfScan(
  tiles: TileLowering,
  scan: ScanExpr,
  steps: Rounds["rounds"],
  next: Expr,
): Pieces<Item[]> {
  const { slices, inputs, result, shape } = scan;
  for (const [i, own] of slices.entries()) tiles.tables.bindSlot(own, inputs[1 + i]!, placesOf(scan, steps));
  const body = yield* tiles.lower(tiles.bodyNodes(scan), [result]);
  return [...body, tiles.spread(sizeOf(shape), result, 0, next, 0)];
}

/** The items of a scan. */
export function* lowerScan(tiles: TileLowering, node: ScanExpr): Pieces<Item[]> {
  const { tables } = tiles;
  const { steps, slot: state } = node;
  const size = sizeOf(node.shape);
  const loop = tables.loop();
  tables.bindSlot(state);
  const items = yield* stepOfScan(tiles, node, [{ loop, by: 1 }], state);
  return [
    tiles.spread(size, node.inputs[0]!, 0, state, 0),
    { iterations: steps, scan: { loop, reversed: false }, items },
    tiles.spread(size, state, 0, node, 0),
  ];
}
