/**
 * Lowering of the batched part of a program: from nodes to the kernel calls of a tile.
 *
 * @module
 */

import {
  type Expr,
  type FixedPointExpr,
  type LinearExpr,
  sizeOf,
  topologicalOrder,
} from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { addProduct, addRowSum, addTranspose } from "./dense.ts";
import { addTileKernel, analyseUnit } from "./fusedKernel.ts";
import { fuse, type Unit } from "./fusion.ts";
import type { KernelCache } from "./kernelCache.ts";
import type { Argument, Call, Item } from "./memoryPlan.ts";
import { bandsOf, extentOf, maskOf } from "./sparsity.ts";
import { viewOf } from "./storage.ts";
import * as kernels from "./tileKernels.ts";

/** Where the sums of a shard are kept: rows of `width` elements, `pitch` apart. */
export interface Accumulator {
  readonly node: Expr;
  readonly offset: number;
  readonly rows: number;
  readonly width: number;
  readonly pitch: number;
}

/** Memory that lowering asks for on the way. */
export interface TileMemory {
  /** Absolute address of a table of indices. */
  table(indices: Int32Array): number;
  /** Offset of the accumulator of a sum over rows, in a shard. */
  accumulator(node: Expr): Accumulator;
}

/** Lowers nodes of one program, or of one iteration's body. */
export class TileLowering {
  readonly #cache: KernelCache;
  readonly #memory: TileMemory;
  /** Consumers of every shared node, for the masks that gradients meet. */
  readonly #consumers: ReadonlyMap<Expr, readonly Expr[]>;
  readonly #bytes = new Map<Expr, number>();

  constructor(cache: KernelCache, memory: TileMemory, consumers: ReadonlyMap<Expr, readonly Expr[]>) {
    this.#cache = cache;
    this.#memory = memory;
    this.#consumers = consumers;
  }

  /** Bytes of a value in the arena. */
  bytesOf(owner: Expr): number {
    return this.#bytes.get(owner) ?? sizeOf(owner.shape) * this.#cache.rowBytes;
  }

  /**
   * The items that compute `nodes` (in topological order, sums over rows among them).
   * @param outputs - What is read afterwards.
   */
  lower(nodes: readonly Expr[], outputs: readonly Expr[]): Item[] {
    const units = fuse(nodes, ownersRead, { totals: true });
    const isRead = readOutside(units, outputs);
    const transposed = new Map<string, Expr>();
    return units.flatMap((unit) => this.#lowerUnit(unit, isRead, transposed));
  }

  /** The address of a value, some elements in. A shared one is absolute. */
  value(value: Expr, elements = 0): Argument {
    const { owner, offset } = viewOf(value);
    const unit = owner.batched ? this.#cache.rowBytes : this.#cache.laneBytes;
    return { kind: "value", owner, bytes: (offset + elements) * unit };
  }

  #call(kernel: number, args: readonly Argument[], writes: readonly Expr[]): Call {
    const reads = args.flatMap((argument) =>
      argument.kind === "value" && argument.owner.batched && !writes.includes(argument.owner)
        ? [argument.owner]
        : [],
    );
    return { kernel, arguments: args, reads, writes };
  }

  /** A batched value as it is; a shared one spread over the lanes of a value of its own. */
  asRows(value: Expr): { readonly items: Item[]; readonly value: Expr } {
    if (value.batched) return { items: [], value };
    // Spread where it is needed: kept for the whole tile, it would fill the cache.
    const spread = g.slot(value.shape, true);
    const size = sizeOf(value.shape);
    const kernel = this.#cache.get(`fill ${size}`, () =>
      kernels.addFillRows(this.#cache.module, size, this.#cache.shape),
    );
    return { items: [this.#call(kernel, [this.value(value), this.value(spread)], [spread])], value: spread };
  }

  #lowerUnit(unit: Unit, isRead: (node: Expr) => boolean, transposed: Map<string, Expr>): Item[] {
    const { module, shape } = this.#cache;
    if (unit.features !== undefined) {
      const fused = analyseUnit(unit, isRead);
      if (fused.results.length === 0) return [];
      const kernel = this.#cache.get(`fused ${fused.key}`, () => addTileKernel(module, fused, shape));
      const sources = fused.sources.map(({ owner, offset }) => this.value(owner, offset));
      const results = fused.results.map(({ owner }) => this.value(owner));
      return [
        this.#call(
          kernel,
          [...sources, ...results],
          fused.results.map(({ owner }) => owner),
        ),
      ];
    }
    const node = unit.nodes[0]!;
    switch (node.op) {
      case "input":
      case "rowMark":
      case "slot":
        return [];
      case "gather":
      case "scatter":
        return this.#lowerMove(node, node.indices);
      case "concatenate":
        return this.#lowerConcatenate(node);
      case "sum": {
        const source = this.asRows(node.inputs[0]!);
        const key = `sum ${node.outer} ${node.count} ${node.inner}`;
        const kernel = this.#cache.get(key, () => kernels.addSumRowsOverAxis(module, node, shape));
        return [...source.items, this.#call(kernel, [this.value(source.value), this.value(node)], [node])];
      }
      case "linear":
        return this.#lowerLinear(node);
      case "solveTriangular": {
        const right = this.asRows(node.inputs[1]!);
        const size = sizeOf(node.shape);
        const options = { size, lower: node.lower, transposed: node.transposed };
        const kernel = this.#cache.get(`solve ${size} ${node.lower} ${node.transposed}`, () =>
          kernels.addSolveRows(module, options, shape),
        );
        const args = [this.value(node.inputs[0]!), this.value(right.value), this.value(node)];
        return [...right.items, this.#call(kernel, args, [node])];
      }
      case "sumRows":
        return this.#lowerSumRows(node);
      case "sumOuter":
        return this.#lowerSumOuter(node, transposed);
      case "fixedPoint":
        return this.#lowerFixedPoint(node);
      default:
        throw new Error(`the wasm engine has no tile kernel for ${node.op}`);
    }
  }

  #lowerMove(node: Expr, indices: Int32Array): Item[] {
    const { module, shape } = this.#cache;
    const source = node.inputs[0]!;
    const isScatter = node.op === "scatter";
    const table: Argument = { kind: "number", value: this.#memory.table(indices) };
    const count: Argument = { kind: "number", value: indices.length };
    if (!isScatter) {
      const kernel = this.#cache.get("gather", () => kernels.addGatherRows(module, shape));
      return [this.#call(kernel, [this.value(source), this.value(node), table, count], [node])];
    }
    const clear = this.#clear(node);
    const kernel = this.#cache.get("scatter", () => kernels.addScatterRows(module, shape));
    return [clear, this.#call(kernel, [this.value(source), this.value(node), table, count], [node])];
  }

  #clear(node: Expr): Call {
    const none: Argument = {
      kind: "number",
      value: this.#memory.table(new Int32Array(sizeOf(node.shape)).fill(-1)),
    };
    const kernel = this.#cache.get("gather", () =>
      kernels.addGatherRows(this.#cache.module, this.#cache.shape),
    );
    const count: Argument = { kind: "number", value: sizeOf(node.shape) };
    return this.#call(kernel, [this.value(node), this.value(node), none, count], [node]);
  }

  #lowerConcatenate(node: Expr): Item[] {
    let start = 0;
    return node.inputs.flatMap((part): Item[] => {
      const rows = sizeOf(part.shape);
      const destination = this.value(node, start);
      start += rows;
      if (!part.batched) {
        const kernel = this.#cache.get(`fill ${rows}`, () =>
          kernels.addFillRows(this.#cache.module, rows, this.#cache.shape),
        );
        return [this.#call(kernel, [this.value(part), destination], [node])];
      }
      return [this.#copy(rows, this.value(part), destination, node)];
    });
  }

  #copy(rows: number, source: Argument, destination: Argument, writes: Expr): Call {
    const kernel = this.#cache.get(`copy ${rows}`, () =>
      kernels.addCopyRows(this.#cache.module, rows, this.#cache.shape),
    );
    return this.#call(kernel, [source, destination], [writes]);
  }

  #lowerLinear(node: LinearExpr): Item[] {
    const { module, shape } = this.#cache;
    const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
    const [rows, inner] = [sizeOf(node.shape), sizeOf(x.shape)];
    const matrix = weights.shape as [number, number];
    const extent = extentOf(maskOf(weights), matrix[0], matrix[1], node.transposed ? "columns" : "rows");
    const row = node.transposed ? 1 : inner;
    const column = node.transposed ? rows : 1;
    return bandsOf(rows, extent).map(({ start, end, from, to }) => {
      const product = {
        rows: end - start,
        columns: shape.rowLength,
        aRowStride: row,
        aColumnStride: column,
        bRowStride: shape.rowLength,
        cRowStride: shape.rowLength,
        start: bias ? ("bias" as const) : ("zero" as const),
      };
      const kernel = this.#cache.get(`product ${Object.values(product)}`, () =>
        addProduct(module, null, product, shape.vector),
      );
      const a = this.value(weights, start * row + from * column);
      const none: Argument = { kind: "number", value: 0 };
      const args: Argument[] = [
        a,
        this.value(x, from),
        this.value(node, start),
        bias ? this.value(bias, start) : none,
        { kind: "number", value: to - from },
      ];
      return this.#call(kernel, args, [node]);
    });
  }

  #lowerSumRows(node: Expr): Item[] {
    const { module, shape } = this.#cache;
    const source = this.asRows(node.inputs[0]!);
    const { offset } = this.#memory.accumulator(node);
    const size = { rows: sizeOf(node.shape), columns: shape.rowLength, sourceStride: shape.rowLength };
    const kernel = this.#cache.get(`rowSum ${size.rows}`, () => addRowSum(module, null, size, shape.vector));
    return [
      ...source.items,
      this.#call(kernel, [this.value(source.value), { kind: "shard", bytes: offset }], []),
    ];
  }

  #lowerSumOuter(node: Expr, transposed: Map<string, Expr>): Item[] {
    const { module, shape, lanes, laneBytes } = this.#cache;
    const [y, x] = [this.asRows(node.inputs[0]!), this.asRows(node.inputs[1]!)];
    const items: Item[] = [...y.items, ...x.items];
    const { offset, pitch } = this.#memory.accumulator(node);
    const [rows, columns] = node.shape as [number, number];
    const view = viewOf(x.value);
    const name = `${this.#id(view.owner)}+${view.offset}:${columns}`;
    let across = transposed.get(name);
    if (!across) {
      across = g.slot([columns], true);
      transposed.set(name, across);
      this.#bytes.set(across, shape.rowLength * pitch * laneBytes);
      const size = {
        elements: columns,
        columns: shape.rowLength,
        sourceStride: shape.rowLength,
        paddedElements: pitch,
      };
      const kernel = this.#cache.get(`transpose ${columns}`, () =>
        addTranspose(module, null, size, shape.vector),
      );
      items.push(this.#call(kernel, [this.value(x.value), this.value(across)], [across]));
    }
    const readers = this.#consumers.get(node) ?? [];
    const mask =
      readers.length > 0 && readers.every((reader) => maskOf(reader)) ? maskOf(readers[0]!) : undefined;
    for (const band of bandsOf(rows, extentOf(mask, rows, columns, "rows"))) {
      if (band.to === 0) continue;
      const from = band.from - (band.from % lanes);
      const to = Math.ceil(band.to / lanes) * lanes;
      const product = {
        rows: band.end - band.start,
        columns: to - from,
        aRowStride: shape.rowLength,
        aColumnStride: 1,
        bRowStride: pitch,
        cRowStride: pitch,
        start: "accumulate" as const,
      };
      const kernel = this.#cache.get(`product ${Object.values(product)}`, () =>
        addProduct(module, null, product, shape.vector),
      );
      const args: Argument[] = [
        this.value(y.value, band.start),
        { kind: "value", owner: across, bytes: from * laneBytes },
        { kind: "shard", bytes: offset + (band.start * pitch + from) * laneBytes },
        { kind: "number", value: 0 },
        { kind: "number", value: shape.rowLength },
      ];
      items.push(this.#call(kernel, args, []));
    }
    return items;
  }

  readonly #ids = new Map<Expr, number>();
  #id(owner: Expr): number {
    let id = this.#ids.get(owner);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(owner, id);
    }
    return id;
  }

  #lowerFixedPoint(node: FixedPointExpr): Item[] {
    const size = sizeOf(node.shape);
    const state = node.slot;
    const inside = bodyNodes(node);
    const start = this.#spreadInto(node.inputs[0]!, state);
    const body = this.lower(inside, [node.result]);
    const next = this.#spreadInto(node.result, state);
    const finish = this.#copy(size, this.value(state), this.value(node), node);
    return [start, { iterations: node.iterations, items: [...body, next] }, finish];
  }

  #spreadInto(value: Expr, destination: Expr): Call {
    const size = sizeOf(destination.shape);
    if (value.batched) return this.#copy(size, this.value(value), this.value(destination), destination);
    const kernel = this.#cache.get(`fill ${size}`, () =>
      kernels.addFillRows(this.#cache.module, size, this.#cache.shape),
    );
    return this.#call(kernel, [this.value(value), this.value(destination)], [destination]);
  }
}

/** The nodes of an iteration's body that depend on its state, in order. */
export function bodyNodes(node: FixedPointExpr): Expr[] {
  const outer = new Set<Expr>(node.inputs);
  return topologicalOrder([node.result], outer).filter((inner) => !outer.has(inner) && inner !== node.slot);
}

/** Owners of what a node reads from memory. */
export function ownersRead(node: Expr): Expr[] {
  return node.inputs.map((input) => viewOf(input).owner);
}

/** Whether a node is read by another unit than its own, or afterwards. */
export function readOutside(units: readonly Unit[], outputs: readonly Expr[]): (node: Expr) => boolean {
  const unitOf = new Map<Expr, Unit>();
  for (const unit of units) for (const node of unit.nodes) unitOf.set(node, unit);
  const read = new Set<Expr>(outputs.map((output) => viewOf(output).owner));
  for (const unit of units)
    for (const node of unit.nodes)
      for (const input of node.inputs) {
        const { owner } = viewOf(input);
        if (unitOf.get(owner) !== unit) read.add(owner);
      }
  return (node) => read.has(node);
}
