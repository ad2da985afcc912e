/**
 * Moves: operations that say where elements go, and compute nothing. Reshapes, gathers, scatters, concatenations.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkArgument, numbers, refuse } from "../../options.ts";
import {
  checkShape,
  type Expr,
  formatShape,
  type Node,
  type Shape,
  sameShape,
  scalarOf,
  sizeOf,
  spaceOf,
} from "../expr.ts";
import {
  copied,
  each,
  type Fault,
  type GraphRules,
  ifAllAreZero,
  noFacts,
  opaque,
  type PullBack,
  type PushForward,
  stepsOfEach,
} from "../rules.ts";
import { asExpr, checkExpressions, constant, type Value } from "./leaves.ts";

/** The same elements in the same order under another shape. */
export interface ReshapeExpr extends Node {
  readonly op: "reshape";
}
/** `out[i] = x[indices[i]]` on row-major elements; index -1 gives 0. */
export interface GatherExpr extends Node {
  readonly op: "gather";
  readonly indices: Int32Array;
}
/** `out[indices[i]] += x[i]` on row-major elements, from zeros: the transpose of a gather; index -1 is dropped. */
export interface ScatterExpr extends Node {
  readonly op: "scatter";
  readonly indices: Int32Array;
}
/** The row-major elements of all inputs, one after another. */
export interface ConcatenateExpr extends Node {
  readonly op: "concatenate";
}

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

/** The value that a value shows in another shape, which is what others of its shapes are made of. */
export const withoutReshape = (a: Expr): Expr => (a.op === "reshape" ? a.inputs[0]! : a);

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
export function zeroIndices(count: number): Int32Array {
  let indices = zeros.get(count)?.deref();
  if (!indices) {
    indices = new Int32Array(count);
    knownZeros.add(indices);
    zeros.set(count, new WeakRef(indices));
  }
  return indices;
}

/** Whether the indices are known to repeat the first element; true for all that {@link broadcastTo} makes. */
export function isAllZero(indices: Int32Array): boolean {
  return knownZeros.has(indices);
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

// ---- reshape

export const reshapeRules: GraphRules<ReshapeExpr> = {
  facts: noFacts,
  withInputs: ({ shape }, [a]) => reshape(a!, shape),
  scalars: (_, [a]) => a!,
  isZero: ifAllAreZero,
  steps: (node, ready) => ready.of(node.inputs[0]!) ?? new Int32Array(sizeOf(node.shape)),
};

export const pullBackReshape: PullBack<ReshapeExpr> = ({ inputs: [a] }, cotangent, { send, mixed }) =>
  send(
    a!,
    mixed(cotangent, (c) => reshape(c, a!.shape)),
  );

export const pushForwardReshape: PushForward<ReshapeExpr> = ({ inputs: [a], shape }, { orZero }) =>
  reshape(orZero(a!), shape);

export const faultOfReshape: Fault<ReshapeExpr> = (_, { size, sizes, takes, follows }) =>
  takes(1) ?? (sizes[0] === size ? follows : `its input has ${sizes[0]} numbers`);

// ---- gather

export const gatherRules: GraphRules<GatherExpr> = {
  facts: ({ indices }) => [indices],
  withInputs: ({ indices, shape }, [a]) => gather(a!, indices, shape),
  scalars: (node, [a]) => each(node, (i) => (node.indices[i]! < 0 ? constant(0) : a![node.indices[i]!]!)),
  isZero: ifAllAreZero,
  steps: (node, ready) =>
    stepsOfEach(node, (i) => (node.indices[i]! < 0 ? 0 : ready.at(node.inputs[0]!, node.indices[i]!))),
};

export const pullBackGather: PullBack<GatherExpr> = ({ indices, inputs: [a] }, cotangent, { send, mixed }) =>
  send(
    a!,
    mixed(cotangent, (c) => scatter(c, indices, a!.shape)),
  );

export const pushForwardGather: PushForward<GatherExpr> = ({ indices, inputs: [a], shape }, { orZero }) =>
  gather(orZero(a!), indices, shape);

export const faultOfGather: Fault<GatherExpr> = ({ indices }, { size, sizes, takes, follows }) => {
  if (indices.length !== size) return `it has ${indices.length} indices`;
  if (indices.some((i) => i < -1 || i >= sizes[0]!)) return "an index of it is out of range";
  return takes(1) ?? follows;
};

// ---- scatter

export const scatterRules: GraphRules<ScatterExpr> = {
  ...opaque,
  facts: ({ indices }) => [indices],
  scalars(node, [a]) {
    const out: (Expr | undefined)[] = Array.from({ length: sizeOf(node.shape) }, () => undefined);
    node.indices.forEach((to, i) => {
      if (to < 0) return;
      const partialSum = out[to];
      out[to] = partialSum ? scalarOf("add", [partialSum, a![i]!]) : a![i]!;
    });
    return out.map((value) => value ?? constant(0));
  },
  isZero: ifAllAreZero,
};

export const pullBackScatter: PullBack<ScatterExpr> = (
  { indices, inputs: [a] },
  cotangent,
  { send, mixed },
) =>
  send(
    a!,
    mixed(cotangent, (c) => gather(c, indices, a!.shape)),
  );

export const pushForwardScatter: PushForward<ScatterExpr> = ({ indices, inputs: [a], shape }, { orZero }) =>
  scatter(orZero(a!), indices, shape);

export const faultOfScatter: Fault<ScatterExpr> = ({ indices }, { size, sizes, takes, follows }) => {
  if (indices.length !== sizes[0]) return `it has ${indices.length} indices`;
  if (indices.some((i) => i < -1 || i >= size)) return "an index of it is out of range";
  return takes(1) ?? follows;
};

// ---- concatenate

export const concatenateRules: GraphRules<ConcatenateExpr> = {
  facts: noFacts,
  withInputs: copied,
  scalars: (_, operands) => operands.flat(),
  isZero: ifAllAreZero,
  steps: (node, ready) =>
    Int32Array.from(
      node.inputs.flatMap((part) => Array.from({ length: sizeOf(part.shape) }, (_, i) => ready.at(part, i))),
    ),
};

export const pullBackConcatenate: PullBack<ConcatenateExpr> = (node, cotangent, { active, send, mixed }) => {
  let start = 0;
  for (const input of node.inputs) {
    const [from, to] = [start, start + input.shape[0]!];
    if (active.has(input))
      send(
        input,
        mixed(cotangent, (c) => slice(c, from, to)),
      );
    start = to;
  }
};

export const pushForwardConcatenate: PushForward<ConcatenateExpr> = ({ inputs }, { orZero }) =>
  concatenate(inputs.map(orZero));

export const faultOfConcatenate: Fault<ConcatenateExpr> = (_, { size, sizes, follows }) => {
  const total = sizes.reduce((sum, length) => sum + length, 0);
  return total === size ? follows : `its inputs have ${total} numbers`;
};
