/**
 * What plans have where rows are summed, or parameters updated: all of a training, and nothing of an evaluation. So pages that only evaluate
 * do not load it.
 *
 * @module
 */

import {
  type Expr,
  hasBody,
  resultsOf,
  type ScanExpr,
  type ScanGradientExpr,
  type SumConnectedExpr,
  type SumOfScanExpr,
  type SumOuterExpr,
  type SumRowsExpr,
  sizeOf,
  topologicalOrder,
} from "../../graph/expr.ts";
import { maskOf } from "../../graph/masks.ts";
import { runsOf } from "../../graph/ops/connected.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { guardingPadding } from "../analysis/padding.ts";
import { bandsOf, unionOf } from "../analysis/sparsity.ts";
import type { Argument, Item, ValueId } from "../plan.ts";
import type { Scope } from "./scope.ts";
import { SumTables } from "./sumTables.ts";
import type { TileLowering } from "./tileLowering.ts";
import { placeUpdates } from "./updates.ts";
import { lowerKeptScan, lowerScanGradient } from "./waysBack.ts";

/** Nodes that are lowered here. */
type NodeOverRows =
  | SumRowsExpr
  | SumOuterExpr
  | SumConnectedExpr
  | ScanExpr
  | ScanGradientExpr
  | SumOfScanExpr;

/** See the file's head. */
export interface OverRows {
  readonly guardingPadding: typeof guardingPadding;
  readonly placeUpdates: typeof placeUpdates;
  readonly Tables: typeof SumTables;
  /** Whether something goes back through a scan: then its states are kept. */
  isGoneBack(scan: Expr, scope: Scope): boolean;
  lower(tiles: TileLowering, node: NodeOverRows, scope: Scope): Pieces<Item[]>;
}

/** See the file's head. */
export const overRows: OverRows = {
  guardingPadding,
  placeUpdates,
  Tables: SumTables,
  isGoneBack: (scan, { nodes }) => scansGoneBack(nodes).has(scan),
  *lower(tiles, node, scope) {
    switch (node.op) {
      case "sumRows":
        return lowerSumRows(tiles, node);
      case "sumOuter":
        return lowerSumOuter(tiles, node, scope);
      case "sumConnected":
        return lowerSumConnected(tiles, node, scope);
      case "scan":
        return yield* lowerKeptScan(tiles, node);
      case "scanGradient":
        return yield* lowerScanGradient(
          tiles,
          node,
          scope.nodes.filter(
            (other): other is SumOfScanExpr => other.op === "sumOfScan" && other.inputs[0] === node,
          ),
        );
      // Added up where the way back is.
      case "sumOfScan":
        return [];
    }
  },
};

/** Its tables: those of a plan that sums over rows. */
const tablesOf = ({ tables }: TileLowering): SumTables => tables as SumTables;

/** The number of rows that the tile has. */
const rowCount: Argument = { kind: "tile", name: "count" };

/** An argument that is a number. */
const number = (value: number): Argument => ({ kind: "number", value });

/** The scans that something goes back through, among these nodes or in bodies of them. */
function scansGoneBack(nodes: readonly Expr[]): Set<Expr> {
  const scans = new Set<Expr>();
  for (const node of nodes) {
    if (node.op === "scanGradient") scans.add(node.inputs[0]!);
    if (!hasBody(node)) continue;
    const outer = new Set(node.inputs);
    const inner = topologicalOrder(resultsOf(node), outer).filter((value) => !outer.has(value));
    for (const scan of scansGoneBack(inner)) if (outer.has(scan)) scans.add(scan);
  }
  return scans;
}

function lowerSumRows(tiles: TileLowering, node: SumRowsExpr): Item[] {
  const source = tiles.asRows(node.inputs[0]!);
  const kernel = { kind: "sumRows", rows: sizeOf(node.shape) } as const;
  return [
    ...source.items,
    ...tablesOf(tiles)
      .sumArguments(node)
      .map((sum) => tiles.call(kernel, source.rows(), sum)),
  ];
}

/** A value that is kept row by row: copied once. */
function across(
  tiles: TileLowering,
  value: Expr,
  pitch: number,
  { transposed }: Scope,
): { readonly items: Item[]; readonly id: ValueId } {
  const { items, rows } = tiles.asRows(value);
  const source = rows() as Extract<Argument, { kind: "value" }>;
  const elements = sizeOf(value.shape);
  const name = `${source.value}+${source.start}:${elements} ${pitch}`;
  let id = transposed.get(name);
  if (id === undefined) {
    id = tiles.tables.temporary("transposed", elements, pitch);
    transposed.set(name, id);
    items.push(
      tiles.call({ kind: "transpose", elements, pitch }, source, { kind: "value", value: id, start: 0 }),
    );
  }
  return { items, id };
}

function lowerSumOuter(tiles: TileLowering, node: Expr, scope: Scope): Item[] {
  const tables = tablesOf(tiles);
  const { lanes } = tables.target;
  const y = tiles.asRows(node.inputs[0]!);
  const sums = tables.sumArguments(node);
  const { pitch } = tables.sums[sums[0]!.sum]!;
  const [rows, columns] = node.shape as [number, number];
  const x = across(tiles, node.inputs[1]!, pitch, scope);
  const items: Item[] = [...y.items, ...x.items];
  const masks = readersOf(tiles, node).map(maskOf);
  const extents = unionOf(masks, rows, columns);
  const bands = extents ? bandsOf(extents) : [{ start: 0, end: rows, from: 0, to: columns }];
  for (const band of bands) {
    if (band.to === 0) continue;
    const from = band.from - (band.from % lanes);
    const to = Math.ceil(band.to / lanes) * lanes;
    for (const sum of sums)
      items.push(
        tiles.call(
          { kind: "sumOuter", rows: band.end - band.start, pitch },
          y.rows(band.start),
          { kind: "value", value: x.id, start: from },
          { ...sum, start: sum.start + band.start * pitch + from },
          number(to - from),
          // Only the lanes that have a row: what the others hold need not be zero, nor a number.
          rowCount,
        ),
      );
  }
  return items;
}

/** What reads a sum over rows; of one in a body, what reads the sum over all steps. */
function readersOf(tiles: TileLowering, node: Expr): readonly Expr[] {
  const around = tablesOf(tiles).sumsAround(node);
  if (around.length === 0) return tiles.consumers.get(node) ?? [];
  // Those of single steps stand side by side, and what reads them has another shape.
  if (around.some(({ rounds }) => rounds.length > 0)) return [];
  return around.flatMap(({ sum }) => readersOf(tiles, sum));
}

/** The items of a sum over rows and connections: a call for all runs of one length. */
function lowerSumConnected(tiles: TileLowering, node: SumConnectedExpr, scope: Scope): Item[] {
  const tables = tablesOf(tiles);
  const [y, x] = node.inputs as [Expr, Expr];
  const [rows, width] = [y.shape[1]!, x.shape[1]!];
  const left = tiles.asRows(y);
  const sums = tables.sumArguments(node);
  const { pitch } = tables.sums[sums[0]!.sum]!;
  // An odd number of cache lines from one row to the next: a power of two of them would be the same place of the cache for all rows.
  const line = 64 / tables.target.numberBytes;
  const sourcePitch = (Math.ceil(sizeOf(x.shape) / line) | 1) * line;
  const rowByRow = across(tiles, x, sourcePitch, scope);
  const byCount = new Map<number, number[]>();
  for (const { to, from, block, count } of runsOf(node.connections, y.shape[0]!, true)) {
    if (count === 0) continue;
    const table = byCount.get(count) ?? [];
    byCount.set(count, table);
    table.push(to * rows, from * width, block * width, 0);
  }
  return [
    ...left.items,
    ...rowByRow.items,
    ...[...byCount].flatMap(([count, table]) =>
      sums.map((sum) =>
        tiles.call(
          { kind: "sumConnected", rows, columns: count * width, pitch, sourcePitch },
          left.rows(),
          { kind: "value", value: rowByRow.id, start: 0 },
          sum,
          { kind: "tile", name: "count" },
          tables.table(Int32Array.from(table)),
          number(table.length / 4),
        ),
      ),
    ),
  ];
}
