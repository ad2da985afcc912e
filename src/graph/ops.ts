/**
 * The operations: constructors of graph nodes that check shapes and fold what is free to fold.
 *
 * Operands may be numbers. Element-wise operations broadcast as NumPy does (trailing axes, extents of one), and
 * every result is batched if an operand is. All errors are {@link ShapeError}s that show both shapes.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { ElementwiseName } from "./elementwise.ts";
import {
  checkShape,
  dependents,
  type Expr,
  formatShape,
  type InputExpr,
  type MapExpr,
  type ParameterExpr,
  type Shape,
  type SlotExpr,
  type StepInputExpr,
  sameShape,
  sizeOf,
  topologicalOrder,
} from "./expr.ts";

/** An expression, or a number that stands for a scalar constant. */
export type Value = Expr | number;

// ---- leaves

/** A batched value of the given per-sample shape, supplied with every row under this name. */
export function input(name: string, shape: Shape): InputExpr {
  checkShape(`input "${name}"`, shape);
  return { op: "input", name, shape, batched: true, inputs: [] };
}

/** A shared value that the engine keeps: a trained parameter, a state or a statistic. */
export function parameter(name: string, shape: Shape): ParameterExpr {
  checkShape(`parameter "${name}"`, shape);
  return { op: "parameter", name, shape, batched: false, inputs: [] };
}

/** A shared value supplied with every step. */
export function stepInput(name: string, shape: Shape = []): StepInputExpr {
  checkShape(`stepInput "${name}"`, shape);
  return { op: "stepInput", name, shape, batched: false, inputs: [] };
}

/**
 * A shared constant: a number (scalar), or numbers with a shape (default: a vector). The array is kept, not copied.
 * @throws {@link ShapeError} if the count of numbers is not that of the shape.
 */
export function constant(data: number | ArrayLike<number>, shape?: Shape): Expr {
  const numbers = typeof data === "number" ? Float64Array.of(data) : data;
  const extents = shape ?? (typeof data === "number" ? [] : [numbers.length]);
  checkShape("constant", extents);
  if (numbers.length !== sizeOf(extents))
    throw new ShapeError(
      `constant: ${numbers.length} numbers do not fill the shape ${formatShape(extents)}.`,
    );
  const array = numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  return { op: "constant", data: array, shape: extents, batched: false, inputs: [] };
}

/** A constant of zeros. */
export function zeros(shape: Shape): Expr {
  return constant(new Float64Array(sizeOf(shape)), shape);
}

/** A stand-in that an enclosing operation supplies. */
export function slot(shape: Shape, batched: boolean): SlotExpr {
  return { op: "slot", shape, batched, inputs: [] };
}

/** 1 for every row, 0 in padding; see `RowMarkExpr`. */
export function rowMark(): Expr {
  return { op: "rowMark", shape: [], batched: true, inputs: [] };
}

/** The expression of a value: numbers become constants. */
export function asExpr(value: Value): Expr {
  return typeof value === "number" ? constant(value) : value;
}

// ---- element-wise

/** The number that a scalar constant, or a constant of equal numbers, holds; undefined for anything else. */
export function uniformConstant(value: Expr): number | undefined {
  if (value.op !== "constant") return undefined;
  const first = value.data[0]!;
  for (let i = 1; i < value.data.length; i++) if (!Object.is(value.data[i], first)) return undefined;
  return first;
}

/** The shape that operands broadcast to. */
function broadcastShape(where: string, operands: readonly Expr[]): Shape {
  const rank = Math.max(...operands.map((operand) => operand.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const { shape } of operands) {
      const own = shape[shape.length - rank + axis] ?? 1;
      if (own === 1 || own === extent) continue;
      if (extent !== 1)
        throw new ShapeError(
          `${where}: shapes ${operands.map((operand) => formatShape(operand.shape)).join(" and ")} do not broadcast.`,
        );
      extent = own;
    }
    return extent;
  });
}

/** An element-wise operation by name; operands broadcast. */
export function apply(name: ElementwiseName, ...values: readonly Value[]): Expr {
  const operands = values.map(asExpr);
  const shape = broadcastShape(name, operands);
  const inputs = operands.map((operand) => repeatedScalar(operand) ?? broadcastTo(operand, shape));
  const batched = inputs.some((operand) => operand.batched);
  if (inputs.every((operand) => operand.shape.length === 0))
    return broadcastTo({ op: "elementwise", name, shape: [], batched, inputs }, shape);
  return { op: "elementwise", name, shape, batched, inputs };
}

/** The scalar that a value repeats in every element, or undefined: engines read it once instead of moving copies. */
function repeatedScalar(value: Expr): Expr | undefined {
  if (sizeOf(value.shape) === 1) return reshape(value, []);
  const uniform = uniformConstant(value);
  if (uniform !== undefined) return constant(uniform);
  const source = value.op === "reshape" ? value.inputs[0]! : value;
  if (
    source.op === "gather" &&
    sizeOf(source.inputs[0]!.shape) === 1 &&
    source.indices.every((index) => index === 0)
  )
    return reshape(source.inputs[0]!, []);
  return undefined;
}

/** a + b. */
export function add(a: Value, b: Value): Expr {
  return apply("add", a, b);
}
/** a - b. */
export function sub(a: Value, b: Value): Expr {
  return apply("sub", a, b);
}
/** a * b. */
export function mul(a: Value, b: Value): Expr {
  return apply("mul", a, b);
}
/** a / b. */
export function div(a: Value, b: Value): Expr {
  return apply("div", a, b);
}
/** The larger of two; NaN if either is. */
export function max(a: Value, b: Value): Expr {
  return apply("max", a, b);
}
/** The smaller of two; NaN if either is. */
export function min(a: Value, b: Value): Expr {
  return apply("min", a, b);
}
/** 1 where a < b, else 0. */
export function less(a: Value, b: Value): Expr {
  return apply("less", a, b);
}
/** 1 where a <= b, else 0. */
export function lessEqual(a: Value, b: Value): Expr {
  return apply("lessEqual", a, b);
}
/** a where the condition is not 0, else b. A derivative flows only through the branch taken. */
export function select(condition: Value, a: Value, b: Value): Expr {
  return apply("select", condition, a, b);
}
/** -a. */
export function neg(a: Value): Expr {
  return apply("neg", a);
}
/** Absolute value; its derivative at 0 is taken as 0. */
export function abs(a: Value): Expr {
  return apply("abs", a);
}
/** -1, 0 or 1. */
export function sign(a: Value): Expr {
  return apply("sign", a);
}
/** The largest integer not above a. */
export function floor(a: Value): Expr {
  return apply("floor", a);
}
/** Square root. */
export function sqrt(a: Value): Expr {
  return apply("sqrt", a);
}
/** a * a. */
export function square(a: Value): Expr {
  return mul(a, a);
}
/** e^a. */
export function exp(a: Value): Expr {
  return apply("exp", a);
}
/** Natural logarithm. */
export function log(a: Value): Expr {
  return apply("log", a);
}
/** log(1 + a), precise near 0. */
export function log1p(a: Value): Expr {
  return apply("log1p", a);
}
/** e^a - 1, precise near 0. */
export function expm1(a: Value): Expr {
  return apply("expm1", a);
}
/** Hyperbolic tangent. */
export function tanh(a: Value): Expr {
  return apply("tanh", a);
}
/** Logistic function. */
export function sigmoid(a: Value): Expr {
  return apply("sigmoid", a);
}
/** log(1 + e^a), without overflow. */
export function softplus(a: Value): Expr {
  return apply("softplus", a);
}
/** Sine. */
export function sin(a: Value): Expr {
  return apply("sin", a);
}
/** Cosine. */
export function cos(a: Value): Expr {
  return apply("cos", a);
}
/** Error function. */
export function erf(a: Value): Expr {
  return apply("erf", a);
}
/** Standard normal quantile of a in (0, 1). */
export function normalQuantile(a: Value): Expr {
  return apply("normalQuantile", a);
}
/** a, with a derivative of zero. */
export function stopGradient(a: Value): Expr {
  return apply("stopGradient", a);
}
/** Rectifier max(a, 0). */
export function relu(a: Value): Expr {
  return max(a, 0);
}
/** log(e^a + e^b), without overflow; right for one operand of -Infinity. */
export function logAddExp(a: Value, b: Value): Expr {
  const top = max(a, b);
  // log1p(e^-|a - b|) with the difference bounded, so that (-Infinity) - (-Infinity) cannot reach the result.
  const gap = select(less(top, -3e38), 1e3, abs(sub(a, b)));
  return add(top, log1p(exp(neg(gap))));
}

// ---- movement of elements

/** The same elements under another shape. */
export function reshape(a: Expr, shape: Shape): Expr {
  if (sameShape(a.shape, shape)) return a;
  checkShape("reshape", shape);
  if (sizeOf(a.shape) !== sizeOf(shape))
    throw new ShapeError(
      `reshape: ${formatShape(a.shape)} has not as many elements as ${formatShape(shape)}.`,
    );
  const source = a.op === "reshape" ? a.inputs[0]! : a;
  if (sameShape(source.shape, shape)) return source;
  if (source.op === "constant") return constant(source.data, shape);
  return { op: "reshape", shape, batched: a.batched, inputs: [source] };
}

/** `out[i] = a[indices[i]]` on row-major elements, -1 for 0. */
export function gather(a: Expr, indices: ArrayLike<number>, shape: Shape): Expr {
  const size = sizeOf(a.shape);
  const list = indices instanceof Int32Array ? indices : Int32Array.from(indices);
  if (list.length !== sizeOf(shape))
    throw new ShapeError(`gather: ${list.length} indices do not fill the shape ${formatShape(shape)}.`);
  const wrong = list.find((index) => index < -1 || index >= size);
  if (wrong !== undefined)
    throw new ShapeError(
      `gather: index ${wrong} is outside the ${size} elements of ${formatShape(a.shape)}.`,
    );
  if (list.length === size && list.every((index, i) => index === i)) return reshape(a, shape);
  if (a.op === "reshape") return gather(a.inputs[0]!, list, shape);
  // A gather of a gather is one gather; a chain of permutations and slices costs one move.
  if (a.op === "gather")
    return gather(
      a.inputs[0]!,
      list.map((i) => (i < 0 ? -1 : a.indices[i]!)),
      shape,
    );
  return { op: "gather", indices: list, shape, batched: a.batched, inputs: [a] };
}

/** `out[indices[i]] += a[i]` on row-major elements, -1 dropped: the transpose of {@link gather}. */
export function scatter(a: Expr, indices: ArrayLike<number>, shape: Shape): Expr {
  const list = Int32Array.from(indices);
  const size = sizeOf(shape);
  if (list.length !== sizeOf(a.shape))
    throw new ShapeError(`scatter: ${list.length} indices for the elements of ${formatShape(a.shape)}.`);
  const inverse = new Int32Array(size).fill(-1);
  let unique = true;
  list.forEach((to, from) => {
    if (to >= size || to < -1) throw new ShapeError(`scatter: index ${to} is outside ${formatShape(shape)}.`);
    if (to < 0) return;
    if (inverse[to] !== -1) unique = false;
    inverse[to] = from;
  });
  // Where no two elements meet, a scatter is a gather by the inverse, which engines do as a plain move.
  if (unique) return gather(a, inverse, shape);
  return { op: "scatter", indices: list, shape, batched: a.batched, inputs: [a] };
}

/** Repeats axes of extent one, and adds leading axes, until the shape is reached. */
export function broadcastTo(a: Expr, shape: Shape): Expr {
  if (sameShape(a.shape, shape)) return a;
  if (sizeOf(a.shape) === 1) return gather(a, new Int32Array(sizeOf(shape)), shape);
  if (!sameShape(broadcastShape("broadcastTo", [a, { ...a, shape }]), shape))
    throw new ShapeError(`broadcastTo: ${formatShape(a.shape)} does not broadcast to ${formatShape(shape)}.`);
  const padded = [...Array<number>(shape.length - a.shape.length).fill(1), ...a.shape];
  return gather(a, indexGrid(shape, padded), shape);
}

/** For each element of `shape`, its row-major place in an array of extents `source`, where extents of one repeat. */
function indexGrid(shape: Shape, source: Shape): Int32Array {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = source.length - 1; axis >= 0; axis--) {
    strides[axis] = source[axis] === 1 ? 0 : stride;
    stride *= source[axis]!;
  }
  return Int32Array.from({ length: sizeOf(shape) }, (_, flat) => {
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (flat % shape[axis]!) * strides[axis]!;
      flat = Math.floor(flat / shape[axis]!);
    }
    return index;
  });
}

/** Elements `start` to `end` (exclusive) along the first axis. */
export function slice(a: Expr, start: number, end: number): Expr {
  const [extent, ...rest] = a.shape;
  if (extent === undefined || start < 0 || end > extent || start >= end)
    throw new ShapeError(`slice: [${start}, ${end}) of a value of shape ${formatShape(a.shape)}.`);
  const inner = sizeOf(rest);
  return gather(
    a,
    Int32Array.from({ length: (end - start) * inner }, (_, i) => start * inner + i),
    [end - start, ...rest],
  );
}

/** Values joined along the first axis; scalars count as one element. */
export function concatenate(values: readonly Value[]): Expr {
  const inputs = values.map(asExpr).map((value) => (value.shape.length === 0 ? reshape(value, [1]) : value));
  const [first] = inputs;
  if (first === undefined) throw new ShapeError("concatenate: no values.");
  if (inputs.length === 1) return first;
  const rest = first.shape.slice(1);
  for (const value of inputs)
    if (!sameShape(value.shape.slice(1), rest))
      throw new ShapeError(`concatenate: ${formatShape(value.shape)} after ${formatShape(first.shape)}.`);
  const length = inputs.reduce((sum, value) => sum + value.shape[0]!, 0);
  return {
    op: "concatenate",
    shape: [length, ...rest],
    batched: inputs.some((value) => value.batched),
    inputs,
  };
}

/** Transpose of a matrix. */
export function transpose(a: Expr): Expr {
  const [rows, columns] = a.shape;
  if (rows === undefined || columns === undefined || a.shape.length !== 2)
    throw new ShapeError(`transpose: expected a matrix, got shape ${formatShape(a.shape)}.`);
  return gather(
    a,
    Int32Array.from({ length: rows * columns }, (_, i) => (i % rows) * columns + Math.floor(i / rows)),
    [columns, rows],
  );
}

// ---- sums and products

/** Sum over one axis (negative: from the end), or over all elements to a scalar. */
export function sum(a: Expr, axis?: number): Expr {
  if (axis === undefined) {
    if (sizeOf(a.shape) === 1) return reshape(a, []);
    return {
      op: "sum",
      outer: 1,
      count: sizeOf(a.shape),
      inner: 1,
      shape: [],
      batched: a.batched,
      inputs: [a],
    };
  }
  const at = axis < 0 ? axis + a.shape.length : axis;
  const count = a.shape[at];
  if (count === undefined) throw new ShapeError(`sum: no axis ${axis} in ${formatShape(a.shape)}.`);
  const before = a.shape.slice(0, at);
  const after = a.shape.slice(at + 1);
  const shape = [...before, ...after];
  if (count === 1) return reshape(a, shape);
  return {
    op: "sum",
    outer: sizeOf(before),
    count,
    inner: sizeOf(after),
    shape,
    batched: a.batched,
    inputs: [a],
  };
}

/** Shared sum over all rows. */
export function sumRows(a: Expr): Expr {
  if (!a.batched) throw new ShapeError("sumRows: the value is shared, so that it has no rows.");
  return { op: "sumRows", shape: a.shape, batched: false, inputs: [a] };
}

/** Shared sum over rows of `y[i] x[j]`, shape `[m, n]`. */
export function sumOuter(y: Expr, x: Expr): Expr {
  if (y.shape.length !== 1 || x.shape.length !== 1 || !(y.batched && x.batched))
    throw new ShapeError(
      `sumOuter: expected two batched vectors, got ${formatShape(y.shape)} and ${formatShape(x.shape)}.`,
    );
  return { op: "sumOuter", shape: [y.shape[0]!, x.shape[0]!], batched: false, inputs: [y, x] };
}

/** Dense layer W x + bias, or W^T x + bias; x `[in]`, W shared `[out, in]`, or `[in, out]` when transposed. */
export function linear(x: Expr, weights: Expr, bias?: Expr, options: { transposed?: boolean } = {}): Expr {
  const transposed = options.transposed ?? false;
  const columns = weights.shape[transposed ? 0 : 1];
  const rows = weights.shape[transposed ? 1 : 0];
  if (weights.batched || weights.shape.length !== 2 || rows === undefined)
    throw new ShapeError(
      `linear: the weights must be a shared matrix, got shape ${formatShape(weights.shape)}.`,
    );
  if (x.shape.length !== 1 || x.shape[0] !== columns)
    throw new ShapeError(`linear: x of shape ${formatShape(x.shape)} for weights with ${columns} inputs.`);
  if (bias && (bias.batched || !sameShape(bias.shape, [rows])))
    throw new ShapeError(`linear: a bias of shape ${formatShape(bias.shape)} for ${rows} outputs.`);
  const inputs = bias ? [x, weights, bias] : [x, weights];
  return { op: "linear", transposed, shape: [rows], batched: x.batched, inputs };
}

/** Product of two shared matrices. */
export function matrixProduct(a: Expr, b: Expr): Expr {
  if (a.batched || b.batched || a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0])
    throw new ShapeError(
      `matrixProduct: shared matrices that fit, got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
    );
  return { op: "matrixProduct", shape: [a.shape[0]!, b.shape[1]!], batched: false, inputs: [a, b] };
}

/** Solves A x = b (or A^T x = b); A shared and triangular `[n, n]`, b `[n]`. The other triangle is not read. */
export function solveTriangular(
  a: Expr,
  b: Expr,
  options: { readonly lower: boolean; readonly transposed?: boolean },
): Expr {
  const n = b.shape[0];
  if (a.batched || n === undefined || b.shape.length !== 1 || !sameShape(a.shape, [n, n]))
    throw new ShapeError(
      `solveTriangular: A of shape ${formatShape(a.shape)}, b of shape ${formatShape(b.shape)}.`,
    );
  const { lower, transposed = false } = options;
  return { op: "solveTriangular", lower, transposed, shape: [n], batched: b.batched, inputs: [a, b] };
}

// ---- bodies

/**
 * Applies a scalar program to each feature.
 *
 * Each block is `[features]` or `[features, k]`; the body gets, block by block, the k scalars of one feature (one
 * for `[features]`), and returns its results, one list of scalars a result. Returned values have shape `[features]`
 * for a list of one scalar and `[features, k]` otherwise.
 */
export function mapFeatures(
  blocks: readonly Expr[],
  body: (...slots: (readonly Expr[])[]) => readonly (readonly Value[])[],
): Expr[] {
  const features = blocks[0]?.shape[0];
  if (features === undefined)
    throw new ShapeError("mapFeatures: the first block must be [features] or [features, k].");
  const slots = blocks.map((block) => {
    if (block.shape[0] !== features || block.shape.length > 2)
      throw new ShapeError(
        `mapFeatures: a block of shape ${formatShape(block.shape)} for ${features} features.`,
      );
    return Array.from({ length: block.shape[1] ?? 1 }, () => slot([], true));
  });
  const results = body(...slots).map((result) => result.map(asExpr));
  return mapOf(blocks, features, slots, results).map((result) =>
    result.shape[1] === 1 ? reshape(result, [features]) : result,
  );
}

/** A map from ready slots and results; each result has shape `[features, k]`. Meant for graph transforms. */
export function mapOf(
  blocks: readonly Expr[],
  features: number,
  slots: readonly (readonly SlotExpr[])[],
  results: readonly (readonly Expr[])[],
): Expr[] {
  for (const scalar of results.flat())
    if (sizeOf(scalar.shape) !== 1)
      throw new ShapeError(`mapFeatures: a body yields scalars, got ${formatShape(scalar.shape)}.`);
  const map: MapExpr = {
    op: "map",
    features,
    body: { slots, results },
    shape: [],
    batched: blocks.some((block) => block.batched),
    inputs: blocks,
  };
  return results.map((_, index) => project(map, index));
}

/** Result `index` of a map. */
export function project(map: Expr, index: number): Expr {
  if (map.op !== "map") throw new ShapeError("project: the value is not a map.");
  const count = map.body.results[index]!.length;
  return { op: "project", index, shape: [map.features, count], batched: map.batched, inputs: [map] };
}

/**
 * `iterations` applications of `body` from `initial`; derivatives are those of the fixed point, which must have
 * been reached by then. A body that depends on its state through a strictly triangular map of n features reaches
 * it in n.
 */
export function fixedPoint(initial: Expr, iterations: number, body: (state: Expr) => Expr): Expr {
  const state = slot(initial.shape, true);
  const result = body(state);
  if (!sameShape(result.shape, initial.shape))
    throw new ShapeError(
      `fixedPoint: the body maps ${formatShape(initial.shape)} to ${formatShape(result.shape)}.`,
    );
  return fixedPointOf(initial, iterations, state, result);
}

/** A fixed point from a ready slot and result. Meant for graph transforms. */
export function fixedPointOf(initial: Expr, iterations: number, state: SlotExpr, result: Expr): Expr {
  const inside = dependents([result], state);
  const outer = new Set<Expr>();
  for (const node of topologicalOrder([result]))
    if (inside.has(node)) for (const operand of node.inputs) if (!inside.has(operand)) outer.add(operand);
  if (!inside.has(result)) return result;
  return {
    op: "fixedPoint",
    iterations,
    slot: state,
    result,
    shape: initial.shape,
    batched: true,
    inputs: [initial, ...outer],
  };
}
