/**
 * Lowering of the values of rows: from nodes to the kernel calls of a tile.
 *
 * @module
 */

import {
  type BodyExpr,
  type Expr,
  type LinearExpr,
  sizeOf,
  topologicalOrder,
  unreachable,
} from "../../graph/expr.ts";
import { maskOf } from "../../graph/masks.ts";
import { contributions } from "../../graph/ops/linear.ts";
import type { NodeOf } from "../../graph/rules.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { finishedLayers } from "../analysis/activations.ts";
import { fuse, type Unit } from "../analysis/fusion.ts";
import type { Run } from "../analysis/readiness.ts";
import { bandsOf } from "../analysis/sparsity.ts";
import { ownersRead, readOutside, viewOf } from "../analysis/storage.ts";
import type { Kernel } from "../kernels.ts";
import type { Argument, Call, Item } from "../plan.ts";
import { lowerConnected } from "./connectedLowering.ts";
import { lowerFixedPoint, lowerIterate } from "./iterationLowering.ts";
import type { OverRows } from "./overRows.ts";
import type { PlanTables } from "./planTables.ts";
import { lowerScan } from "./scanLowering.ts";
import { Scope } from "./scope.ts";

/** An argument that is a number. */
const number = (value: number): Argument => ({ kind: "number", value });

/** Operations whose nodes are not lowered by themselves here. */
type Elsewhere =
  | "elementwise"
  | "map"
  | "project"
  | "reshape"
  | "parameter"
  | "stepInput"
  | "constant"
  | "matrixProduct"
  | "implicit"
  | "odeSolution";

/** Lowers nodes of one program, or of one iteration's body. */
export class TileLowering {
  readonly tables: PlanTables;
  /** Consumers of every shared node, for the masks that gradients meet. */
  readonly consumers: ReadonlyMap<Expr, readonly Expr[]>;
  /** What lowers sums over rows, where there are some. */
  readonly overRows: OverRows | undefined;

  constructor(tables: PlanTables, consumers: ReadonlyMap<Expr, readonly Expr[]>, overRows?: OverRows) {
    this.tables = tables;
    this.consumers = consumers;
    this.overRows = overRows;
  }

  /**
   * The items that compute `nodes` (in topological order, sums over rows among them).
   * @param outputs - What is read afterwards.
   */
  *lower(nodes: readonly Expr[], outputs: readonly Expr[]): Pieces<Item[]> {
    const { units, scope } = yield* this.unitsOf(nodes, outputs, true);
    const items: Item[] = [];
    for (const unit of units) {
      yield;
      const lowered = this.lowerUnit(unit, scope);
      items.push(...(Array.isArray(lowered) ? lowered : yield* lowered));
    }
    return items;
  }

  /** The nodes of a body that depend on what it is given, in order. @param results - What is wanted of it. */
  bodyNodes(node: BodyExpr, results: readonly Expr[] = [node.result]): Expr[] {
    const outer = new Set<Expr>(node.inputs);
    return topologicalOrder(results, outer).filter((inner) => !outer.has(inner) && inner.op !== "slot");
  }

  /** Nodes as units, rectifiers joined with their layers. `totals`: whether sums of all elements join a kernel. */
  *unitsOf(
    nodes: readonly Expr[],
    outputs: readonly Expr[],
    totals: boolean,
  ): Pieces<{ readonly units: Unit[]; readonly scope: Scope }> {
    const finished = finishedLayers(nodes, outputs, this.tables.target.gates);
    yield;
    const absorbed = new Set<Expr>([...finished.values()].map(({ layer }) => layer));
    const nodesToFuse = nodes.filter((node) => !absorbed.has(node));
    const reads = (node: Expr): Expr[] => {
      const end = finished.get(node);
      if (!end) return ownersRead(node);
      return [...ownersRead(end.layer), ...(end.gate ? [viewOf(end.gate).owner] : [])];
    };
    const units = yield* fuse(nodesToFuse, reads, { totals, apart: finished });
    return { units, scope: new Scope(this.tables, nodes, readOutside(units, outputs, reads), finished) };
  }

  /** A call of a kernel. */
  call(kernel: Kernel, ...args: readonly Argument[]): Call {
    return { kernel: this.tables.kernel(kernel), arguments: args };
  }

  /** A value of rows as it is; a shared one spread over the lanes of a value of its own. */
  asRows(value: Expr): { readonly items: Item[]; readonly rows: (start?: number) => Argument } {
    if (value.space === "row") return { items: [], rows: (start) => this.tables.argument(value, start) };
    // Spread where it is needed: kept for the whole tile, it would fill the cache.
    const lines = sizeOf(value.shape);
    const spread = this.tables.temporary("spread", lines);
    const rows = (start = 0): Argument => ({ kind: "value", value: spread, start });
    return { items: [this.call({ kind: "spread", lines }, this.tables.argument(value), rows())], rows };
  }

  /** The items of a unit, or of a part of it: a run of its features, or of the elements of its one node. In pieces where it has a body. */
  lowerUnit(unit: Unit, scope: Scope, part?: Run): Item[] | Pieces<Item[]> {
    const { tables } = this;
    if (unit.features !== undefined) {
      const { start, end } = part ?? { start: 0, end: unit.features };
      const { code, sources, results } = scope.codeOf(unit);
      if (results.length === 0) return [];
      const sourceArguments = sources.map(({ owner, offset }, i) => {
        const { kind, width } = code.sources[i]!;
        const skip = kind === "rows" || kind === "shared" ? start * width : 0;
        return tables.argument(owner, offset + skip);
      });
      const resultArguments = results.map((owner, i) => {
        const { isSum, registers } = code.results[i]!;
        return tables.argument(owner, isSum ? 0 : start * registers.length);
      });
      const kernel = { kind: "fused", space: "row", features: end - start, code } as const;
      return [this.call(kernel, ...sourceArguments, ...resultArguments)];
    }
    const node = unit.nodes[0]!;
    const end = scope.finished.get(node);
    if (end) return this.#lowerLinear(end.layer, part, { node, gate: end.gate });
    switch (node.op) {
      case "input":
      case "rowMark":
      case "random":
      case "slot":
        return [];
      case "gather":
        return this.#lowerGather(node, node.indices, part);
      case "scatter":
        return this.#lowerScatter(node, node.indices);
      case "concatenate":
        return this.#lowerConcatenate(node, part);
      case "sum": {
        const { outer, count, inner } = node;
        const source = this.asRows(node.inputs[0]!);
        const kernel = { kind: "sum", space: "row", outer, count, inner } as const;
        return [...source.items, this.call(kernel, source.rows(), tables.argument(node))];
      }
      case "linear":
        return this.#lowerLinear(node, part);
      case "solveTriangular": {
        const { lower, transposed } = node;
        const [matrix, right] = node.inputs as [Expr, Expr];
        const side = this.asRows(right);
        const kernel = { kind: "solve", space: "row", size: sizeOf(node.shape), lower, transposed } as const;
        return [
          ...side.items,
          this.call(kernel, tables.argument(matrix), side.rows(), tables.argument(node)),
        ];
      }
      case "connected":
        return lowerConnected(this, node);
      case "sumRows":
      case "sumOuter":
      case "sumConnected":
      case "scanGradient":
      case "sumOfScan":
        return this.overRows!.lower(this, node, scope);
      case "fixedPoint":
        return lowerFixedPoint(this, node);
      case "scan":
        return this.overRows?.isGoneBack(node, scope)
          ? this.overRows.lower(this, node, scope)
          : lowerScan(this, node);
      case "iterate":
        return lowerIterate(this, node);
      default: {
        // In a kernel of its features, a view, shared, or gone since derivatives were taken.
        const elsewhere: NodeOf<Elsewhere> = node;
        return unreachable(elsewhere as never);
      }
    }
  }

  #lowerGather(node: Expr, indices: Int32Array, part: Run = { start: 0, end: indices.length }): Item[] {
    const { tables } = this;
    const isWhole = part.end - part.start === indices.length;
    const table = tables.table(isWhole ? indices : indices.slice(part.start, part.end));
    const [source, result] = [tables.argument(node.inputs[0]!), tables.argument(node, part.start)];
    return [
      this.call({ kind: "gather", space: "row" }, source, result, table, number(part.end - part.start)),
    ];
  }

  #lowerScatter(node: Expr, indices: Int32Array): Item[] {
    const { tables } = this;
    const table = tables.table(indices);
    const [size, result] = [sizeOf(node.shape), tables.argument(node)];
    const none = tables.table(new Int32Array(size).fill(-1));
    return [
      this.call({ kind: "gather", space: "row" }, result, result, none, number(size)),
      this.call(
        { kind: "scatter", space: "row" },
        tables.argument(node.inputs[0]!),
        result,
        table,
        number(indices.length),
      ),
    ];
  }

  #lowerConcatenate(node: Expr, part: Run = { start: 0, end: sizeOf(node.shape) }): Item[] {
    let place = 0;
    return node.inputs.flatMap((piece): Item[] => {
      const start = place;
      place += sizeOf(piece.shape);
      const [from, to] = [Math.max(start, part.start), Math.min(place, part.end)];
      return from < to ? [this.spread(to - from, piece, from - start, node, from)] : [];
    });
  }

  /** Copies some elements of a value into another; a shared one goes to all lanes. */
  spread(lines: number, value: Expr, from: number, destination: Expr, to: number): Call {
    const args = [this.tables.argument(value, from), this.tables.argument(destination, to)];
    return this.call({ kind: value.space === "row" ? "copyLines" : "spread", lines }, ...args);
  }

  /** @param last - The activation, or gradient of one, that the layer ends in: its value is what is stored. */
  #lowerLinear(
    node: LinearExpr,
    part?: Run,
    last?: { readonly node: Expr; readonly gate: Expr | undefined },
  ): Item[] {
    const { tables } = this;
    const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
    const [rows, inner] = [sizeOf(node.shape), sizeOf(x.shape)];
    const rowStride = node.transposed ? 1 : inner;
    const columnStride = node.transposed ? rows : 1;
    const target = last?.node ?? node;
    const finish = last ? (last.gate ? "gated" : "rectified") : "plain";
    const finishOperand = last?.gate ?? bias;
    const { start: first, end: past } = part ?? { start: 0, end: rows };
    const extents = maskOf(weights) && contributions(node);
    // In a part, what a wider band would read may not be known yet: 0 times what memory holds is not 0.
    const bands = extents
      ? bandsOf(part ? extents.slice(first, past) : extents, part && 1)
      : [{ start: 0, end: past - first, from: 0, to: inner }];
    return bands.map((band) => {
      const start = first + band.start;
      const { from, to } = band;
      return this.call(
        {
          kind: "layer",
          rows: band.end - band.start,
          rowStride,
          columnStride,
          hasBias: bias !== undefined,
          finish,
        },
        tables.argument(weights, start * rowStride + from * columnStride),
        tables.argument(x, from),
        tables.argument(target, start),
        finishOperand ? tables.argument(finishOperand, start) : number(0),
        number(to - from),
      );
    });
  }
}
