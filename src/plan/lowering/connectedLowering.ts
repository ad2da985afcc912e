/**
 * Lowering of layers between positions: one call goes through the connections of all positions, as a table says them.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { type ConnectedExpr, runsOf } from "../../graph/ops/connected.ts";
import type { Argument, Item } from "../plan.ts";
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
