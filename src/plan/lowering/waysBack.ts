/**
 * Lowering of the ways back through scans.
 *
 * For the way back a scan keeps states: all of them where they are few, else that before every so many steps, about as many as the square root
 * of the steps. Then the way back goes through blocks of steps, from the last block to the first: the states within one are computed once more,
 * and kept until the steps of the block have been gone back.
 *
 * @module
 */

import { scanOfGradient } from "../../graph/derivative/scanGradient.ts";
import {
  type Expr,
  type ScanExpr,
  type ScanGradientExpr,
  type SumOfScanExpr,
  sizeOf,
} from "../../graph/expr.ts";
import { slot } from "../../graph/ops/leaves.ts";
import type { Pieces } from "../../platform/pieces.ts";
import type { Item, Loop, ValueId } from "../plan.ts";
import type { Rounds } from "./planTables.ts";
import { placesOf, stepOfScan } from "./scanLowering.ts";
import type { SumTables } from "./sumTables.ts";
import type { TileLowering } from "./tileLowering.ts";

/**
 * With so many numbers of states or fewer, of one row, all of them are kept, and nothing is computed twice: with what belongs to them they
 * fit the second cache.
 */
const fewNumbers = 1024;

/** The steps of a scan in blocks. */
function blocksOf({ steps, keptEvery, shape }: ScanExpr): {
  readonly length: number;
  readonly count: number;
} {
  const isShort = steps * sizeOf(shape) <= fewNumbers;
  const length = Math.min(steps, keptEvery ?? (isShort ? steps : Math.ceil(Math.sqrt(steps))));
  return { length, count: Math.ceil(steps / length) };
}

/** A state among those that are kept. */
function stateAt(tiles: TileLowering, scan: ScanExpr, of: ValueId, at: Rounds): Expr {
  const state = slot(scan.shape, "row");
  tiles.tables.bindSlot(state, of, at);
  return state;
}

/** The items of a scan that something goes back through: it keeps states. */
export function* lowerKeptScan(tiles: TileLowering, node: ScanExpr): Pieces<Item[]> {
  const tables = tiles.tables as SumTables;
  const { steps, slot: state } = node;
  const size = sizeOf(node.shape);
  const initial = node.inputs[0]!;
  const { length, count } = blocksOf(node);
  const loop = tables.loop();
  const rounds = [{ loop, by: 1 }];
  const value = tables.temporary("states", (count === 1 ? steps + 1 : count) * size);
  tables.keepStates(node, { value, every: length });
  const at = (first: number, of: Rounds["rounds"]): Expr =>
    stateAt(tiles, node, value, { first, rounds: of });
  if (count === 1) {
    tables.bindSlot(state, value, { first: 0, rounds });
    const items = yield* stepOfScan(tiles, node, rounds, at(1, rounds));
    return [
      tiles.spread(size, initial, 0, at(0, []), 0),
      { iterations: steps, scan: { loop, reversed: false }, items },
      tiles.spread(size, at(steps, []), 0, node, 0),
    ];
  }
  tables.bindSlot(state);
  const inner = tables.loop();
  const items = yield* stepOfScan(
    tiles,
    node,
    [
      { loop, by: length },
      { loop: inner, by: 1 },
    ],
    state,
  );
  return [
    tiles.spread(size, initial, 0, state, 0),
    {
      iterations: count,
      scan: { loop, reversed: false },
      items: [
        tiles.spread(size, state, 0, at(0, rounds), 0),
        { iterations: length, scan: { loop: inner, reversed: false, last: lastOf(node, loop) }, items },
      ],
    },
    tiles.spread(size, state, 0, node, 0),
  ];
}

/** How many steps the last block has. */
function lastOf(scan: ScanExpr, loop: number, fewer = 0): NonNullable<NonNullable<Loop["scan"]>["last"]> {
  const { length, count } = blocksOf(scan);
  return { loop, round: count - 1, iterations: scan.steps - (count - 1) * length - fewer };
}

/** The items of the way back through a scan. @param sums - Those of its sums that are read. */
export function* lowerScanGradient(
  tiles: TileLowering,
  node: ScanGradientExpr,
  sums: readonly SumOfScanExpr[],
): Pieces<Item[]> {
  const tables = tiles.tables as SumTables;
  const { cotangentSlot, slices, inputs, result } = node;
  const scan = scanOfGradient(node);
  const size = sizeOf(node.shape);
  const { value } = tables.statesOf(scan);
  const { length, count } = blocksOf(scan);
  tables.bindSlot(cotangentSlot);
  const start = tiles.spread(size, inputs[1]!, 0, cotangentSlot, 0);
  const finish = tiles.spread(size, cotangentSlot, 0, node, 0);
  const loop = tables.loop();
  const stepsBack = function* (states: ValueId, steps: Rounds["rounds"]): Pieces<Item[]> {
    tables.bindSlot(node.slot, states, { first: 0, rounds: [{ loop, by: 1 }] });
    const places = placesOf(scan, steps);
    for (const [i, own] of slices.entries()) tables.bindSlot(own, inputs[2 + i]!, places);
    const read = sums.map((sum) => ({ sum, inner: node.sums[sum.index]!, isApart: node.apart[sum.index]! }));
    for (const { inner } of read)
      tables.bindSum(
        inner,
        read
          .filter((other) => other.inner === inner)
          .map(({ sum, isApart }) => ({ sum, ...(isApart ? places : { first: 0, rounds: [] }) })),
      );
    const body = yield* tiles.lower(tiles.bodyNodes(node, [result, ...read.map(({ inner }) => inner)]), [
      result,
    ]);
    return [...body, tiles.spread(size, result, 0, cotangentSlot, 0)];
  };
  if (count === 1) {
    const items = yield* stepsBack(value, [{ loop, by: 1 }]);
    return [start, { iterations: scan.steps, scan: { loop, reversed: true }, items }, finish];
  }
  const [blocks, again] = [tables.loop(), tables.loop()];
  const states = tables.temporary("states", length * sizeOf(scan.shape));
  const at = (of: ValueId, first: number, rounds: Rounds["rounds"]): Expr =>
    stateAt(tiles, scan, of, { first, rounds });
  const firstOfBlock = at(value, 0, [{ loop: blocks, by: 1 }]);
  const begin = tiles.spread(sizeOf(scan.shape), firstOfBlock, 0, at(states, 0, []), 0);
  const inBlock = { loop: blocks, by: length };
  const items: Item[] = [begin];
  if (length > 1) {
    const within = [{ loop: again, by: 1 }];
    tables.bindSlot(scan.slot, states, { first: 0, rounds: within });
    const onward = yield* stepOfScan(tiles, scan, [inBlock, ...within], at(states, 1, within));
    items.push({
      iterations: length - 1,
      scan: { loop: again, reversed: false, last: lastOf(scan, blocks, 1) },
      items: onward,
    });
  }
  const back = yield* stepsBack(states, [inBlock, { loop, by: 1 }]);
  items.push({
    iterations: length,
    scan: { loop, reversed: true, last: lastOf(scan, blocks) },
    items: back,
  });
  return [start, { iterations: count, scan: { loop: blocks, reversed: true }, items }, finish];
}
