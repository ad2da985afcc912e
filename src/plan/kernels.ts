/**
 * Kernels as descriptors: what a kernel does, in words that every engine can turn into code, and how it uses its operands.
 *
 * A value of rows is laid out number by number, one *line* for each of its numbers, with that number of every row of the tile. A
 * shared value is laid out number after number. Every offset is in numbers.
 *
 * @module
 */

import type { ScalarCode } from "./scalarCode.ts";

/** `(array, indices, count, value)`: reads the rows of an input; lanes without a row get the last row once more. */
export interface LoadKernel {
  readonly kind: "load";
  readonly size: number;
}
/** `(value, array, position, count)`: writes the rows of an output. */
export interface StoreKernel {
  readonly kind: "store";
  readonly size: number;
}
/** `(value, position, stream, count)`: uniform numbers; lanes without a row get those of the last row. */
export interface RandomKernel {
  readonly kind: "random";
  readonly size: number;
}
/** `(value, count)`: 1 in lanes that have a row, 0 in the others. */
export interface MarkKernel {
  readonly kind: "mark";
}
/** `(value)`: whether its first number is other than 0 in all lanes. */
export interface AllLanesKernel {
  readonly kind: "allLanes";
}
/** `(source, destination)`: copies lines. */
export interface CopyLinesKernel {
  readonly kind: "copyLines";
  readonly lines: number;
}
/** `(numbers, destination)`: each number to all lanes of a line. */
export interface SpreadKernel {
  readonly kind: "spread";
  readonly lines: number;
}
/** `(source, destination, count)`: copies numbers. */
export interface CopyNumbersKernel {
  readonly kind: "copyNumbers";
}
/** `(source, destination, table, count)`: destination[i] = source[table[i]], and 0 for -1. */
export interface GatherKernel {
  readonly kind: "gather";
  readonly space: "row" | "shared";
}
/** `(source, destination, table, count)`: destination[table[i]] += source[i], -1 dropped. */
export interface ScatterKernel {
  readonly kind: "scatter";
  readonly space: "row" | "shared";
}
/** `(source, destination)`: sums over the middle axis of `[outer, count, inner]`. */
export interface SumKernel {
  readonly kind: "sum";
  readonly space: "row" | "shared";
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}
/** `(matrix, right side, solution)`: a triangular system; the matrix is shared. */
export interface SolveKernel {
  readonly kind: "solve";
  readonly space: "row" | "shared";
  readonly size: number;
  readonly lower: boolean;
  readonly transposed: boolean;
}
/**
 * `(sources, results)`: one scalar program for each of some features. `row`: in every lane; `features` is fixed. `range`: on shared
 * values, whose numbers are the lanes: any share of them. `shared`: on shared values feature by feature, where a feature has several
 * numbers.
 */
export interface FusedKernel {
  readonly kind: "fused";
  readonly space: "row" | "range" | "shared";
  /** 0 of a `range`. */
  readonly features: number;
  readonly code: ScalarCode;
}
/**
 * `(weights, x, y, last, count)`: some outputs of a dense layer, y[i] = start + sum over `count` k of
 * weights[i rowStride + k columnStride] x[k]; `last` is the bias, or the gate, or nothing.
 */
export interface LayerKernel {
  readonly kind: "layer";
  readonly rows: number;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly hasBias: boolean;
  /**
   * What is done to y as it is stored: nothing, below zero becomes zero, or all becomes zero but where the gate is above zero.
   */
  readonly finish: "plain" | "rectified" | "gated";
}
/**
 * `(weights, x, y, bias, table, runs)`: a layer between positions. The table has of each run, position by position, the first of its
 * weights, its first line of x, the first line of its position in y, and how many lines of x it sums. A position has a run at least.
 */
export interface ConnectedKernel {
  readonly kind: "connected";
  readonly rows: number;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly hasBias: boolean;
}
/** `(value, sum)`: adds the sum over all lanes of the tile, those without a row among them. */
export interface SumRowsKernel {
  readonly kind: "sumRows";
  readonly rows: number;
}
/** `(source, destination)`: line by line becomes row by row, `pitch` numbers from one row to the next. */
export interface TransposeKernel {
  readonly kind: "transpose";
  readonly elements: number;
  readonly pitch: number;
}
/**
 * `(y, transposed x, sum, columns, count)`: adds the sum of outer products of y and x over `count` lanes, some rows and columns. The number
 * of columns is a multiple of the lanes of a vector. A mask lets through another number in each band, and one kernel serves them all.
 */
export interface SumOuterKernel {
  readonly kind: "sumOuter";
  readonly rows: number;
  /** From one row of the sum to the next. */
  readonly pitch: number;
}
/**
 * `(y, transposed x, sum, count, table, runs)`: adds sums of outer products over `count` lanes, one for each run of the table, which has
 * the first line of y, the first number of x, and the first number of the sum, and 0.
 */
export interface SumConnectedKernel {
  readonly kind: "sumConnected";
  readonly rows: number;
  readonly columns: number;
  /** From one row of the sum to the next. */
  readonly pitch: number;
  /** From one row of x to the next. */
  readonly sourcePitch: number;
}
/** `(a, b, bias, destination)`: destination[i][j] = bias[i] + sum over k of a[i][k] b[k][j], number by number. */
export interface SharedProductKernel {
  readonly kind: "sharedProduct";
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** From one row of b, and of the destination, to the next. */
  readonly pitch: number;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly hasBias: boolean;
}
/** `(a, b, destination, nothing, inner)`: a product of matrices, `columns` a multiple of a vector's numbers. */
export interface MatrixProductKernel {
  readonly kind: "matrixProduct";
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly pitch: number;
}
/** `(sum, destination)`: adds the shards up; see `shards` of a shared call. */
export interface AddShardsKernel {
  readonly kind: "addShards";
  readonly width: number;
  readonly pitch: number;
  readonly isDouble: boolean;
}

/** What a kernel does. */
export type Kernel =
  | LoadKernel
  | StoreKernel
  | RandomKernel
  | MarkKernel
  | AllLanesKernel
  | CopyLinesKernel
  | SpreadKernel
  | CopyNumbersKernel
  | GatherKernel
  | ScatterKernel
  | SumKernel
  | SolveKernel
  | FusedKernel
  | LayerKernel
  | ConnectedKernel
  | SumRowsKernel
  | TransposeKernel
  | SumOuterKernel
  | SumConnectedKernel
  | SharedProductKernel
  | MatrixProductKernel
  | AddShardsKernel;

/** Of a fused kernel, the name begins with its code. */
const longestCode = 40;

/** What a kernel is, in a line; in one plan, equal only for kernels that are the same. */
export function kernelName(kernel: Kernel): string {
  if (kernel.kind === "fused")
    return `fused ${kernel.space} ${kernel.features} #${kernel.code.number} ${kernel.code.text.slice(0, longestCode)}`;
  return Object.values(kernel).join(" ");
}

/** Where a kernel's results are among its arguments: the first, and one past the last. */
export function resultsOf(kernel: Kernel): readonly [number, number] {
  if (kernel.kind === "fused") {
    const { sources, results } = kernel.code;
    return [sources.length, sources.length + results.length];
  }
  const at = resultAt[kernel.kind] ?? 1;
  return [at, at + 1];
}

/** Of kernels whose result is not the second argument; a sum over rows, or an array, is no result. */
const resultAt: Readonly<Partial<Record<Kernel["kind"], number>>> = {
  load: 3,
  random: 0,
  mark: 0,
  solve: 2,
  layer: 2,
  connected: 2,
  sumOuter: 5,
  sumConnected: 6,
  sharedProduct: 3,
  matrixProduct: 2,
};
