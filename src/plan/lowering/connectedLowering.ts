/**
 * Lowering of layers between positions: each run of connections is a call of the kernel of a dense layer, or of a sum of outer products.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { type ConnectedExpr, runsOf, type SumConnectedExpr } from "../../graph/ops/connected.ts";
import type { Argument, Item } from "../plan.ts";
import type { Scope } from "./scope.ts";
import type { TileLowering } from "./tileLowering.ts";

/** The items of a layer between positions. */
export function lowerConnected(tiles: TileLowering, node: ConnectedExpr): Item[] {
  const { tables } = tiles;
  const { shape, inputs, connections, transposed } = node;
  const [x, weights, bias] = inputs as [Expr, Expr, Expr | undefined];
  const [outputs, width, columns] = [shape[1]!, x.shape[1]!, weights.shape[1]!];
  const [rowStride, columnStride] = transposed ? [1, columns] : [columns, 1];
  return runsOf(connections, shape[0]!, !transposed).map(({ to, from, block, count, isFirst }) =>
    tiles.call(
      {
        kind: "layer",
        rows: outputs,
        rowStride,
        columnStride,
        hasBias: isFirst && bias !== undefined,
        finish: isFirst ? "plain" : "added",
      },
      tables.argument(weights, block * (transposed ? outputs : width)),
      tables.argument(x, from * width),
      tables.argument(node, to * outputs),
      isFirst && bias ? tables.argument(bias) : { kind: "number", value: 0 },
      { kind: "number", value: count * width },
    ),
  );
}

/** The items of a sum over rows and connections. */
export function lowerSumConnected(tiles: TileLowering, node: SumConnectedExpr, scope: Scope): Item[] {
  const [y, x] = node.inputs as [Expr, Expr];
  const [rows, width] = [y.shape[1]!, x.shape[1]!];
  const left = tiles.asRows(y);
  const sum = tiles.tables.sum(node);
  const { pitch } = tiles.tables.sums[sum]!;
  const sourcePitch = x.shape[0]! * width;
  const across = tiles.across(x, sourcePitch, scope);
  const count: Argument = { kind: "tile", name: "count" };
  return [
    ...left.items,
    ...across.items,
    ...runsOf(node.connections, y.shape[0]!, true).flatMap(({ to, from, block, count: joined }) =>
      joined === 0
        ? []
        : tiles.call(
            { kind: "sumOuter", rows, columns: joined * width, pitch, sourcePitch },
            left.rows(to * rows),
            { kind: "value", value: across.id, start: from * width },
            { kind: "sum", sum, start: block * width },
            { kind: "number", value: 0 },
            count,
          ),
    ),
  ];
}
