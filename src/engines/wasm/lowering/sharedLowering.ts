/**
 * Lowering of the shared part of a program: what runs once per step, before the tiles (values that depend on parameters
 * alone) and after them (what follows from the sums over rows).
 *
 * Calls are put into levels; threads meet between levels. Element-wise calls are split between the threads by
 * ranges, the rest is dealt out whole, so that the result does not depend on the number of threads.
 *
 * @module
 */

import { type Expr, sizeOf, unreachable } from "../../../graph/expr.ts";
import { fuse, type Unit } from "../../../plan/analysis/fusion.ts";
import { ownersRead, readOutside, viewOf } from "../../../plan/analysis/storage.ts";
import type { Pieces } from "../../../platform/pieces.ts";
import type { FunctionIndex } from "../emit/assembler.ts";
import { addProduct } from "../emit/dense.ts";
import { addSharedKernel, addSharedMapKernel, analyzeUnit } from "../emit/fusedKernel.ts";
import type { KernelCache } from "../emit/kernelCache.ts";
import * as kernels from "../emit/sharedKernels.ts";
import type { Accumulator } from "./memoryLayout.ts";

/** One kernel call on shared values; addresses and counts are known numbers. */
export interface SharedCall {
  readonly kernel: FunctionIndex;
  readonly arguments: readonly number[];
  /**
   * `single`: by one thread. `range`: by all, with the start and end of each one's share of `count` put in front.
   * `shards`: by all, with the number of shards after the first argument and the share of `count` rows at the end.
   */
  readonly split: { readonly kind: "single" } | { readonly kind: "range" | "shards"; readonly count: number };
}

/** Memory that lowering asks for on the way. */
export interface SharedMemory {
  /** Absolute address of a table of indices. */
  table(indices: Int32Array): number;
  /** Absolute address of the value that owns memory; room is made at the first request. */
  address(owner: Expr): number;
}

/** Lowers the shared nodes of a program, phase by phase. */
export class SharedLowering {
  readonly #cache: KernelCache;
  readonly #memory: SharedMemory;

  constructor(cache: KernelCache, memory: SharedMemory) {
    this.#cache = cache;
    this.#memory = memory;
  }

  /** Groups nodes into units; together with {@link SharedLowering.lower} so that addresses can be chosen between. */
  units(nodes: readonly Expr[]): Pieces<Unit[]> {
    return fuse(nodes, ownersRead, { totals: false });
  }

  /**
   * The levels that compute the units.
   * @param outputs - What is read afterwards.
   * @param accumulators - Sums over rows to be added up over the shards first.
   */
  *lower(
    units: readonly Unit[],
    outputs: readonly Expr[],
    accumulators: readonly Accumulator[],
    shards: { readonly base: number; readonly bytes: number },
  ): Pieces<SharedCall[][]> {
    const isRead = readOutside(units, outputs);
    const levels: SharedCall[][] = [];
    const placements = new Map<Expr, { level: number; range: number }>();
    const put = (level: number, calls: readonly SharedCall[]): void => {
      while (levels.length <= level) levels.push([]);
      levels[level]!.push(...calls);
    };
    for (const accumulator of accumulators) {
      put(0, [this.#shardSum(accumulator, shards)]);
      placements.set(accumulator.node, { level: 0, range: -1 });
    }
    for (const unit of units) {
      yield;
      const calls = this.#lowerUnit(unit, isRead);
      const split = calls[0]?.split;
      const range = calls.length === 1 && split?.kind === "range" ? split.count : -1;
      let level = 0;
      for (const input of unit.nodes.flatMap((node) => node.inputs)) {
        const { owner, offset } = viewOf(input);
        const placement = placements.get(owner);
        if (!placement || unit.nodes.includes(owner)) continue;
        // A thread's share of the one is its share of the other, unless it reads other elements than its own.
        const isSameShare =
          range >= 0 &&
          placement.range === range &&
          offset === 0 &&
          sizeOf(input.shape) === unit.features &&
          sizeOf(owner.shape) === unit.features;
        level = Math.max(level, placement.level + (isSameShare ? 0 : 1));
      }
      // Several calls of one unit depend on each other.
      calls.forEach((call, i) => put(level + i, [call]));
      for (const node of unit.nodes)
        placements.set(node, { level: level + Math.max(0, calls.length - 1), range });
    }
    return levels;
  }

  #address(value: Expr): number {
    const { owner, offset } = viewOf(value);
    return this.#memory.address(owner) + offset * this.#cache.laneBytes;
  }

  #shardSum(
    { node, offset, rows, width, pitch }: Accumulator,
    shards: { base: number; bytes: number },
  ): SharedCall {
    const places = [shards.base + offset, this.#memory.address(node)];
    if (node.op === "sumRows" && this.#cache.laneBytes === 4) {
      const kernel = this.#cache.get(`shardSum doubles ${shards.bytes}`, () =>
        kernels.addShardSumOfDoubles(this.#cache.module, shards.bytes),
      );
      return { kernel, arguments: places, split: { kind: "shards", count: width } };
    }
    const size = { width, pitch, shardBytes: shards.bytes };
    const kernel = this.#cache.get(`shardSum ${Object.values(size)}`, () =>
      kernels.addShardSum(this.#cache.module, size, this.#cache.shape.vector),
    );
    return {
      kernel,
      arguments: places,
      split: { kind: "shards", count: rows },
    };
  }

  #lowerUnit(unit: Unit, isRead: (node: Expr) => boolean): SharedCall[] {
    const { module, shape, lanes } = this.#cache;
    const { vector } = shape;
    const single = (kernel: FunctionIndex, ...args: number[]): SharedCall => ({
      kernel,
      arguments: args,
      split: { kind: "single" },
    });
    if (unit.features !== undefined) {
      const fusedUnit = analyzeUnit(unit, isRead);
      if (fusedUnit.results.length === 0) return [];
      const addresses = [
        ...fusedUnit.sources.map(
          ({ owner, offset }) => this.#memory.address(owner) + offset * this.#cache.laneBytes,
        ),
        ...fusedUnit.results.map(({ owner }) => this.#memory.address(owner)),
      ];
      if (unit.nodes.some((node) => node.op === "map"))
        return [
          single(
            this.#cache.get(`sharedMap ${fusedUnit.key}`, () =>
              addSharedMapKernel(module, fusedUnit, vector),
            ),
            ...addresses,
          ),
        ];
      const kinds = fusedUnit.sources.map(({ kind }) => kind);
      // The loop count is an argument here, so that chains of any length share a kernel.
      const key = `shared ${kinds} ${fusedUnit.key.replace(/^\d+;/, "")}`;
      const kernel = this.#cache.get(key, () => addSharedKernel(module, fusedUnit, vector));
      return [
        { kernel, arguments: addresses, split: { kind: "range", count: Math.ceil(unit.features / lanes) } },
      ];
    }
    const node = unit.nodes[0]!;
    switch (node.op) {
      case "parameter":
      case "constant":
      case "stepInput":
        return [];
      case "gather":
      case "scatter": {
        const table = this.#memory.table(node.indices);
        const gather = this.#cache.get("sharedGather", () => kernels.addGather(module, vector));
        const [from, to] = [this.#address(node.inputs[0]!), this.#address(node)];
        if (node.op === "gather") return [single(gather, from, to, table, node.indices.length)];
        const none = this.#memory.table(new Int32Array(sizeOf(node.shape)).fill(-1));
        const scatter = this.#cache.get("sharedScatter", () => kernels.addScatter(module, vector));
        return [
          single(gather, from, to, none, sizeOf(node.shape)),
          single(scatter, from, to, table, node.indices.length),
        ];
      }
      case "concatenate": {
        let at = this.#address(node);
        const copy = this.#cache.get("sharedCopy", () => kernels.addCopy(module, vector));
        return node.inputs.map((part) => {
          const call = single(copy, this.#address(part), at, sizeOf(part.shape));
          at += sizeOf(part.shape) * this.#cache.laneBytes;
          return call;
        });
      }
      case "sum": {
        const key = `sharedSum ${node.outer} ${node.count} ${node.inner}`;
        const kernel = this.#cache.get(key, () => kernels.addSum(module, node, vector));
        return [single(kernel, this.#address(node.inputs[0]!), this.#address(node))];
      }
      case "linear": {
        const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
        const [rows, inner] = [sizeOf(node.shape), sizeOf(x.shape)];
        const strides = node.transposed ? { row: 1, column: rows } : { row: inner, column: 1 };
        return [this.#product(node, weights, x, { rows, inner, columns: 1 }, strides, bias)];
      }
      case "matrixProduct": {
        const [a, b] = node.inputs as [Expr, Expr];
        const size = { rows: a.shape[0]!, inner: a.shape[1]!, columns: b.shape[1]! };
        return this.#matrixProduct(node, a, b, size);
      }
      case "solveTriangular": {
        const { lower, transposed } = node;
        const size = sizeOf(node.shape);
        const kernel = this.#cache.get(`sharedSolve ${size} ${lower} ${transposed}`, () =>
          kernels.addSharedSolve(module, { size, lower, transposed }, vector),
        );
        return [single(kernel, ...[...node.inputs, node].map((value) => this.#address(value)))];
      }
      case "elementwise":
      case "map":
      case "project":
      case "reshape":
      case "input":
      case "slot":
      case "rowMark":
      case "random":
      case "sumRows":
      case "sumOuter":
      case "fixedPoint":
      case "scan":
      case "iterate":
      case "implicit":
      case "odeSolution":
        // In a kernel of its features, a view, or of rows.
        throw new Error(`the wasm engine has no shared kernel for ${node.op}`);
      default:
        return unreachable(node);
    }
  }

  /** Columns in whole vectors by the kernel of dense layers, the rest one by one; both add up in the same order. */
  #matrixProduct(
    node: Expr,
    a: Expr,
    b: Expr,
    { rows, inner, columns }: { readonly rows: number; readonly inner: number; readonly columns: number },
  ): SharedCall[] {
    const { lanes, laneBytes, module, shape } = this.#cache;
    const wholeColumns = columns - (columns % lanes);
    const [left, right, to] = [a, b, node].map((value) => this.#address(value)) as [number, number, number];
    const calls: SharedCall[] = [];
    if (wholeColumns > 0) {
      const kernel = this.#cache.get(`sharedMatrixProduct ${rows} ${inner} ${columns}`, () =>
        addProduct(
          module,
          null,
          {
            rows,
            columns: wholeColumns,
            aRowStride: inner,
            aColumnStride: 1,
            bRowStride: columns,
            cRowStride: columns,
            start: "zero",
          },
          shape.vector,
        ),
      );
      calls.push({ kernel, arguments: [left, right, to, to, inner], split: { kind: "single" } });
    }
    if (wholeColumns < columns) {
      const size = { rows, inner, columns: columns - wholeColumns, pitch: columns };
      const kernel = this.#cache.get(`sharedProduct rest ${Object.values(size)}`, () =>
        kernels.addSharedProduct(module, size, { row: inner, column: 1 }, false, shape.vector),
      );
      const skip = wholeColumns * laneBytes;
      calls.push({ kernel, arguments: [left, right + skip, left, to + skip], split: { kind: "single" } });
    }
    return calls;
  }

  #product(
    node: Expr,
    a: Expr,
    b: Expr,
    size: { readonly rows: number; readonly inner: number; readonly columns: number },
    strides: { readonly row: number; readonly column: number },
    bias: Expr | undefined,
  ): SharedCall {
    const key = `sharedProduct ${Object.values(size)} ${Object.values(strides)} ${bias !== undefined}`;
    const kernel = this.#cache.get(key, () =>
      kernels.addSharedProduct(
        this.#cache.module,
        size,
        strides,
        bias !== undefined,
        this.#cache.shape.vector,
      ),
    );
    const addresses = [a, b, bias ?? a, node].map((value) => this.#address(value));
    return { kernel, arguments: addresses, split: { kind: "single" } };
  }
}

/** A call that copies a value over a parameter, when every reader of the old one is done. */
export function copyCall(cache: KernelCache, from: number, to: number, count: number): SharedCall {
  const kernel = cache.get("sharedCopy", () => kernels.addCopy(cache.module, cache.shape.vector));
  return { kernel, arguments: [from, to, count], split: { kind: "single" } };
}
