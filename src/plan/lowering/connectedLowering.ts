/**
 * Lowering of layers between positions: one call goes through the connections of all positions, as a table says them.
 *
 * @module
 */

import { type Expr, sizeOf } from "../../graph/expr.ts";
import { type ConnectedExpr, runsOf, type SumConnectedExpr } from "../../graph/ops/connected.ts";
import type { Argument, Item } from "../plan.ts";
import type { Scope } from "./scope.ts";
import type { TileLowering } from "./tileLowering.ts";

const number = (value: number): Argument => ({ kind: "number", value });

/** The items of a layer between positions. */
export function lowerConnected(tiles: TileLowering, node: ConnectedExpr): Item[] {
  const { tables } = tiles;
  const { shape, inputs, connections, transposed } = node;
  const [x, weights, bias] = inputs as [Expr, Expr, Expr | undefined];
  const [positions, outputs] = shape as [number, number];
  const [width, columns] = [x.shape[1]!, weights.shape[1]!];
  const table = runsOf(connections, positions, !transposed).flatMap(({ to, from, block, count }) => [
    block * (transposed ? outputs : width),
    from * width,
    to * outputs,
    count * width,
  ]);
  return [
    tiles.call(
      {
        kind: "connected",
        rows: outputs,
        rowStride: transposed ? 1 : columns,
        columnStride: transposed ? columns : 1,
        hasBias: bias !== undefined,
      },
      tables.argument(weights),
      tables.argument(x),
      tables.argument(node),
      bias ? tables.argument(bias) : number(0),
      tables.table(Int32Array.from(table)),
      number(table.length / 4),
    ),
  ];
}

/** The items of a sum over rows and connections: a call for all runs of one length. */
export function lowerSumConnected(tiles: TileLowering, node: SumConnectedExpr, scope: Scope): Item[] {
  const { tables } = tiles;
  const [y, x] = node.inputs as [Expr, Expr];
  const [rows, width] = [y.shape[1]!, x.shape[1]!];
  const left = tiles.asRows(y);
  const sums = tables.sumArguments(node);
  const { pitch } = tables.sums[sums[0]!.sum]!;
  // An odd number of cache lines from one row to the next: a power of two of them would be the same place of the cache for all rows.
  const line = 64 / tables.target.numberBytes;
  const sourcePitch = (Math.ceil(sizeOf(x.shape) / line) | 1) * line;
  const across = tiles.across(x, sourcePitch, scope);
  const byCount = new Map<number, number[]>();
  for (const { to, from, block, count } of runsOf(node.connections, y.shape[0]!, true)) {
    if (count === 0) continue;
    const table = byCount.get(count) ?? [];
    byCount.set(count, table);
    table.push(to * rows, from * width, block * width, 0);
  }
  return [
    ...left.items,
    ...across.items,
    ...[...byCount].flatMap(([count, table]) =>
      sums.map((sum) =>
        tiles.call(
          { kind: "sumConnected", rows, columns: count * width, pitch, sourcePitch },
          left.rows(),
          { kind: "value", value: across.id, start: 0 },
          sum,
          { kind: "tile", name: "count" },
          tables.table(Int32Array.from(table)),
          number(table.length / 4),
        ),
      ),
    ),
  ];
}
