/**
 * Dense layers, and the sums of outer products that are the gradients of their weights.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, type Node, sameShape, sizeOf, spaceOf } from "../expr.ts";
import { type Extent, extentsOf, maskOf } from "../masks.ts";
import {
  copied,
  each,
  type Fault,
  type GraphRules,
  type PullBack,
  type PushForward,
  stepsOfEach,
} from "../rules.ts";
import { add, mul } from "./arithmetic.ts";
import { checkExpressions, rowMark } from "./leaves.ts";
import { reshape } from "./moves.ts";
import { ofEachRow, rowSumRules, sum, totalOf } from "./sums.ts";

/** Dense layer: inputs x `[in]`, shared W `[out, in]` (`[in, out]` when transposed), and a bias `[out]` or none. */
export interface LinearExpr extends Node {
  readonly op: "linear";
  readonly transposed: boolean;
}
/** Shared sum over the rows of the outer product of y `[m]` and x `[n]`: the gradient of a dense layer's weights. */
export interface SumOuterExpr extends Node {
  readonly op: "sumOuter";
}

/** Dense layer W x + bias, or W^T x + bias; x `[in]`, W shared `[out, in]`, or `[in, out]` when transposed. */
export function linear(x: Expr, weights: Expr, bias?: Expr, options: { transposed?: boolean } = {}): Expr {
  checkExpressions("linear", x, weights);
  const transposed = options.transposed ?? false;
  const columns = weights.shape[transposed ? 0 : 1];
  const rows = weights.shape[transposed ? 1 : 0];
  if (weights.space === "row" || weights.shape.length !== 2 || rows === undefined)
    throw new ShapeError({
      where: "linear",
      subject: "the weights",
      expected: "a shared matrix",
      received: formatShape(weights.shape),
    });
  if (x.shape.length !== 1 || x.shape[0] !== columns)
    throw new ShapeError({
      where: "linear",
      subject: "x",
      expected: `a vector of ${columns}, as the weights have inputs`,
      received: formatShape(x.shape),
    });
  if (bias && (bias.space === "row" || !sameShape(bias.shape, [rows])))
    throw new ShapeError({
      where: "linear",
      subject: "the bias",
      expected: `a vector of ${rows}, as the weights have outputs`,
      received: formatShape(bias.shape),
    });
  const inputs = bias ? [x, weights, bias] : [x, weights];
  return { op: "linear", transposed, shape: [rows], space: spaceOf(inputs), inputs };
}

/** Shared sum over rows of `y[i] x[j]`, shape `[m, n]`. */
export function sumOuter(y: Expr, x: Expr): Expr {
  checkExpressions("sumOuter", y, x);
  if (y.shape.length !== 1 || x.shape.length !== 1 || !(y.space === "row" && x.space === "row"))
    throw new ShapeError({
      where: "sumOuter",
      subject: "the values",
      expected: "two vectors of each row",
      received: `${formatShape(y.shape)} and ${formatShape(x.shape)}`,
    });
  return { op: "sumOuter", shape: [y.shape[0]!, x.shape[0]!], space: "shared", inputs: [y, x] };
}

/** W x, or W^T x, where W may be a matrix of each row. */
export function layerOf(weights: Expr, x: Expr, transposed = false): Expr {
  if (weights.space !== "row") return linear(x, weights, undefined, { transposed });
  const n = x.shape[0]!;
  return transposed ? sum(mul(weights, reshape(x, [n, 1])), 0) : sum(mul(weights, reshape(x, [1, n])), 1);
}

/** What {@link contributions} has found; a layer never changes, and each step of an iteration asks. */
const contributionCache = new WeakMap<LinearExpr, readonly Extent[]>();

/** Of each row of a dense layer, the first and one past the last input that its mask lets through. */
export function contributions(node: LinearExpr): readonly Extent[] {
  let extents = contributionCache.get(node);
  if (!extents) {
    const weights = node.inputs[1]!;
    const [rows, columns] = weights.shape as [number, number];
    extents = extentsOf(maskOf(weights), rows, columns, node.transposed ? "columns" : "rows");
    contributionCache.set(node, extents);
  }
  return extents;
}

// ---- linear

export const linearRules: GraphRules<LinearExpr> = {
  facts: ({ transposed }) => [transposed],
  withInputs: copied,
  scalars(node, [x, weights, bias]) {
    const [size, count] = [sizeOf(node.shape), x!.length];
    return each(node, (row) => {
      const at = (k: number): Expr => weights![node.transposed ? k * size + row : row * count + k]!;
      const product = totalOf(count, (k) => mul(x![k]!, at(k)));
      return bias ? add(bias[row]!, product) : product;
    });
  },
  isZero: ({ inputs: [x, , bias] }, { zero }) => zero(x) && !bias,
  steps(node, ready) {
    const x = node.inputs[0]!;
    const steps = ready.of(x);
    const extents = contributions(node);
    // Sorted degrees, the usual case: the last contribution is the latest.
    const isSorted = steps?.every((step, i) => i === 0 || step >= steps[i - 1]!) ?? true;
    return stepsOfEach(node, (row) => {
      const [from, to] = extents[row]!;
      return ready.latest(x, isSorted ? Math.max(from, to - 1) : from, to);
    });
  },
};

/** The transposed product; the weights get a sum of outer products. */
export const pullBackLinear: PullBack<LinearExpr> = (
  node,
  cotangent,
  { active, send, mixed, multiplied },
) => {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const whole = mixed(cotangent, (c) => c);
  const { value: c } = whole;
  if (active.has(x))
    send(
      x,
      multiplied(whole, () => linear(c, weights, undefined, { transposed: !node.transposed })),
    );
  if (bias && active.has(bias)) send(bias, whole);
  if (!active.has(weights)) return;
  const [row, column] = node.transposed ? [x, c] : [c, x];
  if (x.space === "row")
    return send(
      weights,
      multiplied(whole, () => sumOuter(ofEachRow(row), ofEachRow(column))),
      true,
    );
  const outer = mul(reshape(row, [sizeOf(row.shape), 1]), reshape(column, [1, sizeOf(column.shape)]));
  send(
    weights,
    multiplied(whole, () => outer),
  );
};

export const pushForwardLinear: PushForward<LinearExpr> = (node, { tangent, sum: added }) => {
  const { transposed } = node;
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const [dx, dw] = [tangent(x), tangent(weights)];
  return added(
    dx && linear(dx, weights, undefined, { transposed }),
    dw && layerOf(dw, x, transposed),
    bias && tangent(bias),
  );
};

export const faultOfLinear: Fault<LinearExpr> = (node, { size, takes, follows }) => {
  const [x, weights, bias] = node.inputs;
  if (!x || !weights || weights.shape.length !== 2) return "its weights are not a matrix";
  const [rows, columns] = weights.shape as [number, number];
  const [to, from] = node.transposed ? [columns, rows] : [rows, columns];
  if (sizeOf(x.shape) !== from || size !== to) return `its weights are ${formatShape(weights.shape)}`;
  if (bias && sizeOf(bias.shape) !== to) return `its bias is ${formatShape(bias.shape)}`;
  return takes(2, 3) ?? follows;
};

// ---- sumOuter

export const sumOuterRules: GraphRules<SumOuterExpr> = rowSumRules;

/** d/dy of sum_rows y x^T against c is c x; d/dx is c^T y. */
export const pullBackSumOuter: PullBack<SumOuterExpr> = (
  { inputs: [y, x] },
  cotangent,
  { send, multiplied },
) => {
  send(
    y!,
    multiplied(cotangent, (c) => mul(rowMark(), layerOf(c, x!))),
  );
  send(
    x!,
    multiplied(cotangent, (c) => mul(rowMark(), layerOf(c, y!, true))),
  );
};

export const pushForwardSumOuter: PushForward<SumOuterExpr> = (
  { inputs: [y, x] },
  { tangent, sum: added },
) => {
  const [dy, dx] = [tangent(y!), tangent(x!)];
  return added(dy && sumOuter(ofEachRow(dy), x!), dx && sumOuter(y!, ofEachRow(dx)));
};

export const faultOfSumOuter: Fault<SumOuterExpr> = ({ space }, { size, sizes, takes }) =>
  takes(2) ??
  (space !== "shared"
    ? "it is not shared"
    : sizes[0]! * sizes[1]! === size
      ? undefined
      : "its shape is not that of a product");
