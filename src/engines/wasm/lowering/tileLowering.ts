/**
 * Lowering of the batched part of a program: from nodes to the kernel calls of a tile.
 *
 * @module
 */

import { type Expr, type LinearExpr, type ScanExpr, sizeOf, unreachable } from "../../../graph/expr.ts";
import { slot } from "../../../graph/ops/leaves.ts";
import { finishedLayers } from "../../../plan/analysis/activations.ts";
import { fuse, type Unit } from "../../../plan/analysis/fusion.ts";
import { contributions, type Run } from "../../../plan/analysis/readiness.ts";
import { bandsOf, maskOf, unionOf } from "../../../plan/analysis/sparsity.ts";
import { ownersRead, readOutside, type Scope, viewOf } from "../../../plan/analysis/storage.ts";
import type { Pieces } from "../../../platform/pieces.ts";
import { addProduct, addRowSum, addTranspose, type ProductShape } from "../emit/dense.ts";
import { addTileKernel, analyzeUnit } from "../emit/fusedKernel.ts";
import type { KernelCache } from "../emit/kernelCache.ts";
import * as kernels from "../emit/tileKernels.ts";
import { lowerFixedPoint, lowerIterate, lowerScan } from "./iterationLowering.ts";
import type { MemoryLayout } from "./memoryLayout.ts";
import type { Argument, Call, Item } from "./memoryPlan.ts";

/** Lowers nodes of one program, or of one iteration's body. */
export class TileLowering {
  readonly #cache: KernelCache;
  readonly #memory: MemoryLayout;
  /** Consumers of every shared node, for the masks that gradients meet. */
  readonly #consumers: ReadonlyMap<Expr, readonly Expr[]>;
  readonly #bytes = new Map<Expr, number>();

  constructor(cache: KernelCache, memory: MemoryLayout, consumers: ReadonlyMap<Expr, readonly Expr[]>) {
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
  *lower(nodes: readonly Expr[], outputs: readonly Expr[]): Pieces<Item[]> {
    const { units, scope } = yield* this.unitsOf(nodes, outputs, true);
    const items: Item[] = [];
    for (const unit of units) {
      yield;
      items.push(...(yield* this.lowerUnit(unit, scope)));
    }
    return items;
  }

  /** Nodes as units, rectifiers joined with their layers. `totals`: whether sums of all elements join a kernel. */
  *unitsOf(
    nodes: readonly Expr[],
    outputs: readonly Expr[],
    totals: boolean,
  ): Pieces<{ readonly units: Unit[]; readonly scope: Scope }> {
    // A comparison where a product is stored keeps V8 from joining vectors.
    const finished = finishedLayers(nodes, outputs, !this.#cache.shape.vector.wide);
    const absorbed = new Set<Expr>([...finished.values()].map(({ layer }) => layer));
    const nodesToFuse = nodes.filter((node) => !absorbed.has(node));
    const reads = (node: Expr): Expr[] => {
      const end = finished.get(node);
      if (!end) return ownersRead(node);
      return [...ownersRead(end.layer), ...(end.gate ? [viewOf(end.gate).owner] : [])];
    };
    const units = yield* fuse(nodesToFuse, reads, { totals, apart: finished });
    return { units, scope: { isRead: readOutside(units, outputs, reads), transposed: new Map(), finished } };
  }

  /** The address of a value, some elements in. A shared one is absolute. */
  value(value: Expr, elements = 0): Argument {
    let { owner, offset } = viewOf(value);
    const unit = owner.batched ? this.#cache.rowBytes : this.#cache.laneBytes;
    const strides: { scan: Expr; bytes: number }[] = [];
    for (let slice = this.slices.get(owner); slice; slice = this.slices.get(owner)) {
      strides.push({ scan: slice.scan, bytes: sizeOf(owner.shape) * unit });
      const stacked = viewOf(slice.stacked);
      owner = stacked.owner;
      offset += stacked.offset;
    }
    const bytes = (offset + elements) * unit;
    return strides.length > 0 ? { kind: "slice", owner, bytes, strides } : { kind: "value", owner, bytes };
  }
  /** What the slots of scans stand for. */
  readonly slices: Map<Expr, { readonly scan: ScanExpr; readonly stacked: Expr }> = new Map();

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
    const spread = slot(value.shape, true);
    const size = sizeOf(value.shape);
    const kernel = this.#cache.get(`fill ${size}`, () =>
      kernels.addFillRows(this.#cache.module, size, this.#cache.shape),
    );
    return { items: [this.#call(kernel, [this.value(value), this.value(spread)], [spread])], value: spread };
  }

  /** The items of a unit, or of a part of it: a run of its features, or of the elements of its one node. */
  *lowerUnit(unit: Unit, { isRead, transposed, finished }: Scope, part?: Run): Pieces<Item[]> {
    const { module, shape } = this.#cache;
    if (unit.features !== undefined) {
      const { start, end } = part ?? { start: 0, end: unit.features };
      const fusedUnit = analyzeUnit(unit, isRead, end - start);
      if (fusedUnit.results.length === 0) return [];
      const kernel = this.#cache.get(`fused ${fusedUnit.key}`, () => addTileKernel(module, fusedUnit, shape));
      const sources = fusedUnit.sources.map(({ owner, offset, kind, width }) =>
        this.value(owner, offset + (kind === "rows" || kind === "shared" ? start * width : 0)),
      );
      const results = fusedUnit.results.map(({ owner, width, isSum }) =>
        this.value(owner, isSum ? 0 : start * width),
      );
      return [
        this.#call(
          kernel,
          [...sources, ...results],
          fusedUnit.results.map(({ owner }) => owner),
        ),
      ];
    }
    const node = unit.nodes[0]!;
    const end = finished.get(node);
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
        const source = this.asRows(node.inputs[0]!);
        const key = `sum ${node.outer} ${node.count} ${node.inner}`;
        const kernel = this.#cache.get(key, () => kernels.addSumRowsOverAxis(module, node, shape));
        return [...source.items, this.#call(kernel, [this.value(source.value), this.value(node)], [node])];
      }
      case "linear":
        return this.#lowerLinear(node, part);
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
        return yield* lowerFixedPoint(this, node);
      case "scan":
        return yield* lowerScan(this, node);
      case "iterate":
        return yield* lowerIterate(this, node);
      case "elementwise":
      case "map":
      case "project":
      case "reshape":
      case "parameter":
      case "stepInput":
      case "constant":
      case "matrixProduct":
      case "implicit":
      case "odeSolution":
        // In a kernel of its features, a view, shared, or gone since derivatives were taken.
        throw new Error(`the wasm engine has no tile kernel for ${node.op}`);
      default:
        return unreachable(node);
    }
  }

  #lowerGather(node: Expr, indices: Int32Array, part: Run = { start: 0, end: indices.length }): Item[] {
    const table = this.#memory.table(indices.slice(part.start, part.end));
    const args: Argument[] = [
      this.value(node.inputs[0]!),
      this.value(node, part.start),
      { kind: "number", value: table },
      { kind: "number", value: part.end - part.start },
    ];
    return [this.#call(this.#gatherKernel(), args, [node])];
  }

  #gatherKernel(): number {
    return this.#cache.get("gather", () => kernels.addGatherRows(this.#cache.module, this.#cache.shape));
  }

  #lowerScatter(node: Expr, indices: Int32Array): Item[] {
    const { module, shape } = this.#cache;
    const table: Argument = { kind: "number", value: this.#memory.table(indices) };
    const count: Argument = { kind: "number", value: indices.length };
    const kernel = this.#cache.get("scatter", () => kernels.addScatterRows(module, shape));
    const args = [this.value(node.inputs[0]!), this.value(node), table, count];
    return [this.#clear(node), this.#call(kernel, args, [node])];
  }

  #clear(node: Expr): Call {
    const none: Argument = {
      kind: "number",
      value: this.#memory.table(new Int32Array(sizeOf(node.shape)).fill(-1)),
    };
    const count: Argument = { kind: "number", value: sizeOf(node.shape) };
    return this.#call(this.#gatherKernel(), [this.value(node), this.value(node), none, count], [node]);
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
  spread(rows: number, value: Expr, from: number, destination: Expr, to: number): Call {
    const args = [this.value(value, from), this.value(destination, to)];
    if (value.batched) return this.#copy(rows, ...(args as [Argument, Argument]), destination);
    const kernel = this.#cache.get(`fill ${rows}`, () =>
      kernels.addFillRows(this.#cache.module, rows, this.#cache.shape),
    );
    return this.#call(kernel, args, [destination]);
  }

  /** Whether the first element of a value is other than 0 in all lanes. */
  allLanes(value: Expr): Call {
    const { module, shape } = this.#cache;
    const kernel = this.#cache.get("all lanes", () => kernels.addAllLanes(module, shape));
    const call = this.#call(kernel, [this.value(value)], []);
    return { ...call, reads: [viewOf(value).owner] };
  }

  #copy(rows: number, source: Argument, destination: Argument, writes: Expr): Call {
    const kernel = this.#cache.get(`copy ${rows}`, () =>
      kernels.addCopyRows(this.#cache.module, rows, this.#cache.shape),
    );
    return this.#call(kernel, [source, destination], [writes]);
  }

  /** @param last - The activation, or gradient of one, that the layer ends in: its value is what is stored. */
  #lowerLinear(
    node: LinearExpr,
    part?: Run,
    last?: { readonly node: Expr; readonly gate: Expr | undefined },
  ): Item[] {
    const { module, shape } = this.#cache;
    const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
    const [rows, inner] = [sizeOf(node.shape), sizeOf(x.shape)];
    const extents = contributions(node);
    const row = node.transposed ? 1 : inner;
    const column = node.transposed ? rows : 1;
    const target = last?.node ?? node;
    const finish = last ? (last.gate ? "gated" : "rectified") : "plain";
    const finishOperand = last?.gate ?? bias;
    const { start: first, end: past } = part ?? { start: 0, end: rows };
    // In a part, what a wider band would read may not be known yet: 0 times what memory holds is not 0.
    const bands = bandsOf(past - first, (i) => extents[first + i]!, part && 1);
    return bands.map((band) => {
      const [start, end] = [first + band.start, first + band.end];
      const { from, to } = band;
      const product = {
        rows: end - start,
        columns: shape.rowLength,
        aRowStride: row,
        aColumnStride: column,
        bRowStride: shape.rowLength,
        cRowStride: shape.rowLength,
        start: bias ? ("bias" as const) : ("zero" as const),
        finish,
        computedColumns: shape.lanes,
      } satisfies ProductShape;
      const kernel = this.#cache.get(`product ${Object.values(product)}`, () =>
        addProduct(module, null, product, shape.vector),
      );
      const a = this.value(weights, start * row + from * column);
      const none: Argument = { kind: "number", value: 0 };
      const args: Argument[] = [
        a,
        this.value(x, from),
        this.value(target, start),
        finishOperand ? this.value(finishOperand, start) : none,
        { kind: "number", value: to - from },
      ];
      return this.#call(kernel, args, [target]);
    });
  }

  #lowerSumRows(node: Expr): Item[] {
    const { module, shape } = this.#cache;
    const source = this.asRows(node.inputs[0]!);
    const { offset } = this.#memory.accumulator(node);
    const size = {
      rows: sizeOf(node.shape),
      columns: shape.rowLength,
      sourceStride: shape.rowLength,
      doubleSums: true,
    };
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
      across = slot([columns], true);
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
    const masks = (this.#consumers.get(node) ?? []).map(maskOf);
    for (const band of bandsOf(rows, unionOf(masks, rows, columns))) {
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
        // Only the lanes that have a row: what the others hold need not be zero, nor a number.
        { kind: "parameter", name: "count" },
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
}
