/**
 * Operations that move elements and compute nothing: reshapes, gathers, scatters, concatenations.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkArgument, numbers, refuse } from "../../options.ts";
import { checkShape, type Expr, formatShape, type Shape, sameShape, sizeOf, spaceOf } from "../expr.ts";
import { asExpr, checkExpressions, constant, type Value } from "./leaves.ts";

/** The same elements under another shape. */
export function reshape(a: Expr, shape: Shape): Expr {
  checkExpressions("reshape", a);
  checkShape("reshape", shape);
  if (sameShape(a.shape, shape)) return a;
  if (sizeOf(a.shape) !== sizeOf(shape))
    throw new ShapeError({
      where: "reshape",
      problem: `${formatShape(a.shape)} does not have as many elements as ${formatShape(shape)}`,
      expected: `${sizeOf(a.shape)} elements`,
      received: formatShape(shape),
    });
  const source = a.op === "reshape" ? a.inputs[0]! : a;
  if (sameShape(source.shape, shape)) return source;
  if (source.op === "constant") return constant(source.data, shape);
  return { op: "reshape", shape, space: a.space, inputs: [source] };
}

/** `out[i] = a[indices[i]]` on row-major elements, -1 for 0. */
export function gather(a: Expr, indices: ArrayLike<number>, shape: Shape): Expr {
  checkExpressions("gather", a);
  checkArgument("ops.gather", "indices", indices, numbers);
  checkShape("gather", shape);
  const size = sizeOf(a.shape);
  const list = indices instanceof Int32Array ? indices : Int32Array.from(indices);
  if (list.length !== sizeOf(shape))
    throw new ShapeError({
      where: "gather",
      problem: `${list.length} indices do not fill the shape ${formatShape(shape)}`,
      expected: `${sizeOf(shape)} indices`,
      received: `${list.length}`,
    });
  if (isAllZero(list) && list.length > 1) {
    const repeated = a.op === "gather" && isAllZero(a.indices) ? a.inputs[0]! : a;
    return { op: "gather", indices: list, shape, space: a.space, inputs: [repeated] };
  }
  let isIdentity = list.length === size;
  let repeatsFirst = list.length > 1;
  for (let i = 0; i < list.length; i++) {
    const index = list[i]!;
    if (index < -1 || index >= size)
      throw new ShapeError({
        where: "gather",
        subject: "an index",
        expected: `from 0 to ${size - 1}`,
        received: `${index}`,
      });
    if (index !== i) isIdentity = false;
    if (index !== 0) repeatsFirst = false;
  }
  if (isIdentity) return reshape(a, shape);
  if (repeatsFirst) return gather(a, zeroIndices(list.length), shape);
  if (a.op === "reshape") return gather(a.inputs[0]!, list, shape);
  // A gather of a gather is one gather; a chain of permutations and slices costs one move.
  if (a.op === "gather")
    return gather(
      a.inputs[0]!,
      list.map((i) => (i < 0 ? -1 : a.indices[i]!)),
      shape,
    );
  return { op: "gather", indices: list, shape, space: a.space, inputs: [a] };
}

/** `out[indices[i]] += a[i]` on row-major elements, -1 dropped: the transpose of {@link gather}. */
export function scatter(a: Expr, indices: ArrayLike<number>, shape: Shape): Expr {
  checkExpressions("scatter", a);
  checkArgument("ops.scatter", "indices", indices, numbers);
  checkShape("scatter", shape);
  const list = Int32Array.from(indices);
  const size = sizeOf(shape);
  if (list.length !== sizeOf(a.shape))
    throw new ShapeError({
      where: "scatter",
      subject: "indices",
      expected: `as many as elements of ${formatShape(a.shape)}`,
      received: `${list.length}`,
    });
  const inverse = new Int32Array(size).fill(-1);
  let unique = true;
  list.forEach((to, from) => {
    if (to >= size || to < -1)
      throw new ShapeError({
        where: "scatter",
        subject: "an index",
        expected: `inside ${formatShape(shape)}`,
        received: `${to}`,
      });
    if (to < 0) return;
    if (inverse[to] !== -1) unique = false;
    inverse[to] = from;
  });
  // Where no two elements meet, a scatter is a gather by the inverse, which engines do as a plain move.
  if (unique) return gather(a, inverse, shape);
  return { op: "scatter", indices: list, shape, space: a.space, inputs: [a] };
}

const zeros = new Map<number, WeakRef<Int32Array>>();
const knownZeros = new WeakSet<Int32Array>();

/** Indices that repeat one element: one array for all that want as many, since there are many of them, and large. */
function zeroIndices(count: number): Int32Array {
  let indices = zeros.get(count)?.deref();
  if (!indices) {
    indices = new Int32Array(count);
    knownZeros.add(indices);
    zeros.set(count, new WeakRef(indices));
  }
  return indices;
}

/** The shape that operands broadcast to. */
export function broadcastShape(where: string, operands: readonly Expr[]): Shape {
  const rank = Math.max(...operands.map((operand) => operand.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const { shape } of operands) {
      const operandExtent = shape[shape.length - rank + axis] ?? 1;
      if (operandExtent === 1 || operandExtent === extent) continue;
      if (extent !== 1)
        throw new ShapeError({
          where,
          problem: `shapes ${operands.map((operand) => formatShape(operand.shape)).join(" and ")} do not broadcast`,
          expected: "equal extents, or 1",
          received: operands.map((operand) => formatShape(operand.shape)).join(" and "),
        });
      extent = operandExtent;
    }
    return extent;
  });
}

/** Whether the indices are known to repeat the first element; true for all that {@link broadcastTo} makes. */
export function isAllZero(indices: Int32Array): boolean {
  return knownZeros.has(indices);
}

/** Repeats axes of extent one, and adds leading axes, until the shape is reached. */
export function broadcastTo(a: Expr, shape: Shape): Expr {
  checkShape("broadcastTo", shape);
  checkExpressions("broadcastTo", a);
  if (sameShape(a.shape, shape)) return a;
  if (sizeOf(a.shape) === 1) return gather(a, zeroIndices(sizeOf(shape)), shape);
  if (!sameShape(broadcastShape("broadcastTo", [a, { ...a, shape }]), shape))
    throw new ShapeError({
      where: "broadcastTo",
      subject: "the shape",
      expected: `one that ${formatShape(a.shape)} broadcasts to`,
      received: formatShape(shape),
    });
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
  checkExpressions("slice", a);
  const [extent, ...rest] = a.shape;
  if (extent === undefined || start < 0 || end > extent || start >= end)
    throw new ShapeError({
      where: "slice",
      subject: "the range",
      expected: `within the ${extent ?? 0} elements of ${formatShape(a.shape)}, not empty`,
      received: `[${start}, ${end})`,
    });
  const inner = sizeOf(rest);
  return gather(
    a,
    Int32Array.from({ length: (end - start) * inner }, (_, i) => start * inner + i),
    [end - start, ...rest],
  );
}

/** Values joined along the first axis; scalars count as one element. */
export function concatenate(values: readonly Value[]): Expr {
  if (!Array.isArray(values) || values.length === 0)
    refuse("ops.concatenate", "values", "an array of expressions", values);
  const inputs = values.map(asExpr).map((value) => (value.shape.length === 0 ? reshape(value, [1]) : value));
  const [first] = inputs;
  if (first === undefined)
    throw new ShapeError({
      where: "concatenate",
      subject: "values",
      expected: "at least one",
      received: "none",
    });
  if (inputs.length === 1) return first;
  const rest = first.shape.slice(1);
  for (const value of inputs)
    if (!sameShape(value.shape.slice(1), rest))
      throw new ShapeError({
        where: "concatenate",
        subject: "each value",
        expected: `of the shape ${formatShape(first.shape)} but for its first extent`,
        received: formatShape(value.shape),
      });
  const length = inputs.reduce((sum, value) => sum + value.shape[0]!, 0);
  return {
    op: "concatenate",
    shape: [length, ...rest],
    space: spaceOf(inputs),
    inputs,
  };
}

/** Transpose of a matrix. */
export function transpose(a: Expr): Expr {
  checkExpressions("transpose", a);
  const [rows, columns] = a.shape;
  if (rows === undefined || columns === undefined || a.shape.length !== 2)
    throw new ShapeError({
      where: "transpose",
      subject: "the value",
      expected: "a matrix",
      received: formatShape(a.shape),
    });
  return gather(
    a,
    Int32Array.from({ length: rows * columns }, (_, i) => (i % rows) * columns + Math.floor(i / rows)),
    [columns, rows],
  );
}
