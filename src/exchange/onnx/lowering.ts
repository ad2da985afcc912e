/**
 * Per-sample graphs as nodes of ONNX: a value of each row is a tensor `[rows, size]`, row-major elements; one that all rows share is a
 * constant.
 *
 * @module
 */

import {
  type ConnectedExpr,
  type Expr,
  type GatherExpr,
  type LinearExpr,
  type MapExpr,
  type ScatterExpr,
  type SolveTriangularExpr,
  type SumExpr,
  sizeOf,
  topologicalOrder,
} from "../../graph/expr.ts";
import { OnnxFormulas, type Precision } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { loopOf } from "./onnxLoops.ts";
import { writeScalars } from "./scalarBody.ts";
import { inverseOfTriangle, type SharedValues } from "./sharedValues.ts";

/** The values of some leaves of rows, and of what is shared. */
export interface Leaves {
  /** Tensors `[rows, size]` by node. */
  readonly ofRows: ReadonlyMap<Expr, string>;
  /** Values of shared nodes. */
  readonly shared: SharedValues;
  /** Shared values that differ by the step of a loop: tensors `[1, size]`. */
  readonly byStep?: ReadonlyMap<Expr, string> | undefined;
  /** Inverses `[n, n]` of the matrices of triangular systems, where these differ by the step of a loop, too. */
  readonly inverses?: ReadonlyMap<Expr, string> | undefined;
}

/** Rows of a graph: what their number can be read from. */
export interface Rows {
  /** A tensor whose first axis has an element for each row. */
  readonly like: string;
  /** Name of their number. */
  readonly extent: string;
}

/** Writes the values of some nodes into a graph, and gives the names of the tensors, `[rows, size]`. */
export function lower(
  outputs: readonly Expr[],
  leaves: Leaves,
  { graph, type, rows }: { readonly graph: OnnxGraph; readonly type: Precision; readonly rows: Rows },
): string[] {
  const lowering = new Lowering(new OnnxFormulas(graph, type), leaves, rows);
  lowering.values(outputs);
  return outputs.map((output) => lowering.ofEachRow(output));
}

/** Moves from a place to a place, by layers of one source for each of `size` places, -1 for none; a move to -1 is dropped. */
function layersOf(moves: readonly (readonly [to: number, from: number])[], size: number): number[][] {
  const layers = [new Array<number>(size).fill(-1)];
  for (const [to, from] of moves) {
    if (to < 0) continue;
    let layer = layers.find((sources) => sources[to] === -1);
    if (!layer) layers.push((layer = new Array<number>(size).fill(-1)));
    layer[to] = from;
  }
  return layers;
}

/** See the head of this file. */
export class Lowering {
  readonly formulas: OnnxFormulas;
  readonly graph: OnnxGraph;
  readonly leaves: Leaves;
  readonly rows: Rows;
  readonly #tensors = new Map<Expr, string>();
  readonly #results = new Map<Expr, ReadonlyMap<number, string>>();

  constructor(formulas: OnnxFormulas, leaves: Leaves, rows: Rows) {
    this.formulas = formulas;
    this.graph = formulas.graph;
    this.leaves = leaves;
    this.rows = rows;
    for (const [node, name] of leaves.ofRows) this.#tensors.set(node, name);
  }

  /** What writes into the body of a loop of this graph. */
  inside(body: OnnxGraph, leaves: Leaves, rows: Rows): Lowering {
    return new Lowering(new OnnxFormulas(body, this.formulas.type), leaves, rows);
  }

  /** Writes some nodes, with all that they need. */
  values(outputs: readonly Expr[]): void {
    const order = topologicalOrder(outputs, this.#tensors).filter(
      (node) => node.space === "row" && !this.#tensors.has(node),
    );
    const read = new Map<Expr, Set<number>>();
    for (const node of order)
      if (node.op === "project") {
        const map = node.inputs[0]!;
        read.set(map, (read.get(map) ?? new Set<number>()).add(node.index));
      }
    for (const node of order)
      if (node.op === "map") this.#results.set(node, this.#map(node, [...(read.get(node) ?? [])]));
      else this.#tensors.set(node, this.#node(node));
  }

  /** The tensor of a node: `[rows, size]`, or `[1, size]` where it is shared. */
  tensor(node: Expr): string {
    const ofRows = this.#tensors.get(node) ?? this.leaves.byStep?.get(node);
    if (ofRows !== undefined) return ofRows;
    const size = sizeOf(node.shape);
    return this.graph.constant(this.formulas.type, this.sharedData(node), [1, size]);
  }

  /** The numbers of a shared node. */
  sharedData(node: Expr): Float64Array {
    const data = this.leaves.shared.get(node);
    if (data) return data;
    if (node.op === "constant") return node.data;
    throw new Error(`the value of a shared ${node.op} is not known`);
  }

  /** A tensor whose rows have another shape. */
  reshaped(value: string, ...extents: readonly number[]): string {
    return this.graph.node("Reshape", [value, this.graph.integers(0, ...extents)]);
  }

  /** One number per row, 1. */
  ones(): string {
    const count = this.graph.node("Gather", [
      this.graph.node("Shape", [this.rows.like]),
      this.graph.integers(0),
    ]);
    const extents = this.graph.node("Concat", [count, this.graph.integers(1)], { axis: 0 });
    return this.#shaped(this.graph.node("Expand", [this.formulas.number(1), extents]), 1);
  }

  /** A tensor that has a number of elements for each row. */
  #shaped(value: string, size: number): string {
    return this.graph.shaped(value, this.formulas.type, [this.rows.extent, size]);
  }

  /** The same, once per row, of what may be shared. */
  ofEachRow(node: Expr): string {
    return node.space === "row" ? this.tensor(node) : this.formulas.mul(this.tensor(node), this.ones());
  }

  #node(node: Expr): string {
    const { graph, formulas } = this;
    switch (node.op) {
      case "rowMark":
        return this.ones();
      case "elementwise":
        return this.#widened(node, formulas.elementwise(node.name, this.#operands(node)));
      case "reshape":
      case "implicit":
      case "odeSolution":
        return this.tensor(node.inputs[0]!);
      case "gather":
        return this.#gather(node);
      case "scatter":
        return this.#scatter(node);
      case "concatenate":
        return graph.node(
          "Concat",
          node.inputs.map((input) => this.ofEachRow(input)),
          { axis: 1 },
        );
      case "sum":
        return this.#sum(node);
      case "linear":
        return this.#linear(node);
      case "connected":
        return this.#connected(node);
      case "solveTriangular":
        return this.#solve(node);
      case "project":
        return this.#results.get(node.inputs[0]!)!.get(node.index)!;
      case "fixedPoint":
      case "scan":
      case "iterate":
        return loopOf(node, this);
      case "random":
        throw new Error("an exported graph draws no random numbers");
      default:
        throw new Error(`an exported graph has no ${node.op} of a row`);
    }
  }

  #operands(node: Expr): string[] {
    return node.inputs.map((input) => this.tensor(input));
  }

  /** A result as wide as its node: where all operands are single numbers it is one, too. */
  #widened(node: Expr, value: string): string {
    const size = sizeOf(node.shape);
    if (size === 1 || node.inputs.some((input) => sizeOf(input.shape) === size)) return value;
    return this.graph.node("Expand", [value, this.graph.integers(1, size)]);
  }

  #gather({ indices, inputs }: GatherExpr): string {
    const [source] = inputs as [Expr];
    return this.#picked(this.tensor(source), sizeOf(source.shape), indices);
  }

  /** Columns of a tensor of some width; zeros for the index -1. */
  #picked(value: string, width: number, indices: ArrayLike<number>): string {
    const { graph } = this;
    const list = Array.from(indices);
    const [first = 0] = list;
    const last = list[list.length - 1] ?? 0;
    if (first >= 0 && list.every((index, i) => index === first + i)) {
      if (list.length === width) return value;
      return graph.node("Slice", [value, graph.integers(first), graph.integers(last + 1), graph.integers(1)]);
    }
    const padded = list.includes(-1)
      ? graph.node("Pad", [value, graph.integers(0, 0, 0, 1), graph.constant(this.formulas.type, [0], [])])
      : value;
    return graph.node(
      "Gather",
      [
        padded,
        graph.constant(
          "int64",
          list.map((index) => (index < 0 ? width : index)),
        ),
      ],
      { axis: 1 },
    );
  }

  /** Sums of gathers: as many as the element has sources that has most. */
  #scatter(node: ScatterExpr): string {
    const [source] = node.inputs as [Expr];
    const moves = Array.from(node.indices, (to, from) => [to, from] as const);
    return layersOf(moves, sizeOf(node.shape))
      .map((sources) => this.#picked(this.tensor(source), sizeOf(source.shape), sources))
      .reduce((sum, part) => this.formulas.add(sum, part));
  }

  /** What each position is given, blocks side by side, times all blocks: a product of matrices for each row. */
  #connected({ inputs, connections, transposed, shape }: ConnectedExpr): string {
    const { graph } = this;
    const [x, weights, bias] = inputs as [Expr, Expr, Expr?];
    const [positions, outputs] = shape as [number, number];
    const width = x.shape[1]!;
    const blocks = weights.shape[1]! / (transposed ? outputs : width);
    const moves = Array.from({ length: connections.length / 3 }, (_, i) => {
      const [to, from, block] = connections.subarray(3 * i) as unknown as [number, number, number];
      return [to * blocks + block, from] as const;
    });
    const given = layersOf(moves, positions * blocks)
      .map((sources) => {
        const numbers = sources.flatMap((from) =>
          Array.from({ length: width }, (_, i) => (from < 0 ? -1 : from * width + i)),
        );
        return this.#picked(this.ofEachRow(x), sizeOf(x.shape), numbers);
      })
      .reduce((sum, part) => this.formulas.add(sum, part));
    let matrix = this.#matrix(weights);
    if (transposed) {
      const apart = graph.node("Reshape", [matrix, graph.integers(width, blocks, outputs)]);
      const turned = graph.node("Transpose", [apart], { perm: [1, 0, 2] });
      matrix = graph.node("Reshape", [turned, graph.integers(blocks * width, outputs)]);
    } else matrix = graph.node("Transpose", [matrix], { perm: [1, 0] });
    const products = graph.node("MatMul", [this.reshaped(given, positions, blocks * width), matrix]);
    return this.reshaped(
      bias ? this.formulas.add(products, this.tensor(bias)) : products,
      positions * outputs,
    );
  }

  #sum({ outer, count, inner, inputs }: SumExpr): string {
    const value = this.tensor(inputs[0]!);
    if (outer === 1 && inner === 1)
      return this.graph.node("ReduceSum", [value, this.graph.integers(1)], { keepdims: 1 });
    const blocks = this.reshaped(value, outer, count, inner);
    const sums = this.graph.node("ReduceSum", [blocks, this.graph.integers(2)], { keepdims: 0 });
    return this.reshaped(sums, outer * inner);
  }

  /** A shared matrix as a tensor of two axes. */
  #matrix(node: Expr): string {
    const ofStep = this.leaves.byStep?.get(node);
    if (ofStep !== undefined) return this.graph.node("Reshape", [ofStep, this.graph.integers(...node.shape)]);
    return this.graph.constant(this.formulas.type, this.sharedData(node), node.shape);
  }

  #linear({ inputs, transposed }: LinearExpr): string {
    const [x, weights, bias] = inputs as [Expr, Expr, Expr?];
    const operands = [this.tensor(x), this.#matrix(weights), ...(bias ? [this.tensor(bias)] : [])];
    return this.graph.node("Gemm", operands, { transB: transposed ? 0 : 1 });
  }

  /** By the inverse of the matrix, which is computed in float64 by substitution once. */
  #solve(node: SolveTriangularExpr): string {
    const [matrix, b] = node.inputs as [Expr, Expr];
    const size = sizeOf(node.shape);
    const inverse =
      this.leaves.inverses?.get(node) ??
      this.graph.constant(this.formulas.type, inverseOfTriangle(this.sharedData(matrix), size, node.lower), [
        size,
        size,
      ]);
    return this.graph.node("Gemm", [this.ofEachRow(b), inverse], { transB: node.transposed ? 0 : 1 });
  }

  /**
   * A map of n rows of F features is its body for F n scalars. They are feature by feature, so that what is done to them side by side lies
   * side by side in memory.
   */
  #map({ features, body, inputs }: MapExpr, indices: readonly number[]): ReadonlyMap<number, string> {
    const { graph } = this;
    const blocks = body.slots.map((slots, k) => ({
      slots,
      isShared: inputs[k]!.space !== "row",
      tensor: this.#byScalar(inputs[k]!, features, slots.length),
    }));
    const results = indices.map((index) => body.results[index]!);
    const written = writeScalars(results.flat(), blocks, this.formulas, [features, this.rows.extent]);
    return new Map(
      indices.map((index, i) => {
        const size = results[i]!.length;
        const parts = written.splice(0, size);
        const joined = size === 1 ? parts[0]! : graph.node("Concat", parts, { axis: 0 });
        const turned = graph.node("Transpose", [joined], { perm: [2, 1, 0] });
        return [index, this.#shaped(this.reshaped(turned, features * size), features * size)] as const;
      }),
    );
  }

  /** An input of a map, `[slots, features, rows]`, or `[slots, features, 1]` where it is shared. */
  #byScalar(input: Expr, features: number, slots: number): string {
    const { graph } = this;
    const { type } = this.formulas;
    const order = Array.from(
      { length: features * slots },
      (_, i) => (i % features) * slots + Math.floor(i / features),
    );
    const reordered = (tensor: string): string =>
      features === 1 || slots === 1
        ? tensor
        : graph.node("Gather", [tensor, graph.constant("int64", order)], { axis: 0 });
    const shape = graph.integers(slots, features, -1);
    if (input.space !== "row") {
      const turned = graph.node("Reshape", [this.tensor(input), graph.integers(-1, 1)]);
      return graph.node("Reshape", [reordered(turned), shape]);
    }
    let node = input;
    // A value from outside of a loop is there, and not what it is made of.
    while (node.op === "reshape" && !this.leaves.ofRows.has(node)) node = node.inputs[0]!;
    const turned =
      this.#turnedProduct(node, order) ??
      reordered(graph.node("Transpose", [this.tensor(input)], { perm: [1, 0] }));
    return graph.shaped(graph.node("Reshape", [turned, shape]), type, [slots, features, this.rows.extent]);
  }

  /** Some numbers of a product with known weights, `[numbers, rows]`; undefined of another value. */
  #turnedProduct(node: Expr, order: readonly number[]): string | undefined {
    if (node.op !== "linear" || this.leaves.ofRows.has(node)) return undefined;
    const [x, weights, bias] = node.inputs as [Expr, Expr, Expr?];
    const isKnown = (value: Expr): boolean => value.space === "shared" && !this.leaves.byStep?.has(value);
    if (!isKnown(weights) || (bias && !isKnown(bias)) || x.space !== "row") return undefined;
    const { graph } = this;
    const { type } = this.formulas;
    const data = this.sharedData(weights);
    const width = sizeOf(x.shape);
    const outputs = data.length / width;
    const turned = new Float64Array(order.length * width);
    order.forEach((output, row) => {
      for (let i = 0; i < width; i++)
        turned[row * width + i] = data[node.transposed ? i * outputs + output : output * width + i]!;
    });
    const operands = [graph.constant(type, turned, [order.length, width]), this.tensor(x)];
    if (bias) {
      const offsets = this.sharedData(bias);
      operands.push(
        graph.constant(
          type,
          order.map((output) => offsets[output]!),
          [order.length, 1],
        ),
      );
    }
    return graph.node("Gemm", operands, { transB: 1 });
  }
}
