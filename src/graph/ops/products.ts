/**
 * Sums over axes and rows, dense layers, matrix products and triangular solves.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, sameShape, sizeOf, spaceOf } from "../expr.ts";
import { mul } from "./arithmetic.ts";
import { checkExpressions, constant, rowMark } from "./leaves.ts";
import { reshape } from "./movement.ts";

/** Sum over one axis (negative: from the end), or over all elements to a scalar. */
export function sum(a: Expr, axis?: number): Expr {
  checkExpressions("sum", a);
  if (axis === undefined) {
    if (sizeOf(a.shape) === 1) return reshape(a, []);
    return {
      op: "sum",
      outer: 1,
      count: sizeOf(a.shape),
      inner: 1,
      shape: [],
      space: a.space,
      inputs: [a],
    };
  }
  const at = axis < 0 ? axis + a.shape.length : axis;
  const count = a.shape[at];
  if (count === undefined)
    throw new ShapeError({
      where: "sum",
      subject: "axis",
      expected: `one of ${formatShape(a.shape)}`,
      received: `${axis}`,
    });
  const leadingShape = a.shape.slice(0, at);
  const trailingShape = a.shape.slice(at + 1);
  const shape = [...leadingShape, ...trailingShape];
  if (count === 1) return reshape(a, shape);
  return {
    op: "sum",
    outer: sizeOf(leadingShape),
    count,
    inner: sizeOf(trailingShape),
    shape,
    space: a.space,
    inputs: [a],
  };
}

/** Shared sum over all rows. */
export function sumRows(a: Expr): Expr {
  checkExpressions("sumRows", a);
  if (a.space !== "row")
    throw new ShapeError({
      where: "sumRows",
      subject: "the value",
      expected: "one of each row",
      received: "a shared one, which has no rows",
    });
  return { op: "sumRows", shape: a.shape, space: "shared", inputs: [a] };
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

/** Product of two shared matrices. */
export function matrixProduct(a: Expr, b: Expr): Expr {
  checkExpressions("matrixProduct", a, b);
  if (
    a.space === "row" ||
    b.space === "row" ||
    a.shape.length !== 2 ||
    b.shape.length !== 2 ||
    a.shape[1] !== b.shape[0]
  )
    throw new ShapeError({
      where: "matrixProduct",
      subject: "the matrices",
      expected: "shared and such that their shapes fit",
      received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    });
  return { op: "matrixProduct", shape: [a.shape[0]!, b.shape[1]!], space: spaceOf([a, b]), inputs: [a, b] };
}

/** Solves A x = b (or A^T x = b); A shared and triangular `[n, n]`, b `[n]`. The other triangle is not read. */
export function solveTriangular(
  a: Expr,
  b: Expr,
  options: { readonly lower: boolean; readonly transposed?: boolean },
): Expr {
  checkExpressions("solveTriangular", a, b);
  const n = b.shape[0];
  if (a.space === "row" || n === undefined || b.shape.length !== 1 || !sameShape(a.shape, [n, n]))
    throw new ShapeError({
      where: "solveTriangular",
      subject: "A and b",
      expected: "a square matrix and a vector of its size",
      received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    });
  const { lower, transposed = false } = options;
  return { op: "solveTriangular", lower, transposed, shape: [n], space: spaceOf([a, b]), inputs: [a, b] };
}

/** A value once per row: one of each row as it is. */
export function ofEachRow(value: Expr): Expr {
  return value.space === "row" ? value : mul(rowMark(), value);
}

/** W x, or W^T x, where W may be a matrix of each row. */
export function layerOf(weights: Expr, x: Expr, transposed = false): Expr {
  if (weights.space !== "row") return linear(x, weights, undefined, { transposed });
  const n = x.shape[0]!;
  return transposed ? sum(mul(weights, reshape(x, [n, 1])), 0) : sum(mul(weights, reshape(x, [1, n])), 1);
}

/** A product of matrices, of which either may be one of each row. */
export function productOf(a: Expr, b: Expr): Expr {
  if (a.space !== "row" && b.space !== "row") return matrixProduct(a, b);
  return sum(mul(reshape(a, [...a.shape, 1]), reshape(b, [1, ...b.shape])), 1);
}

/** 1 in the lower (or upper) triangle with the diagonal, 0 elsewhere. */
export function triangle(n: number, lower: boolean): Expr {
  const isInTriangle = (i: number): boolean => {
    const row = Math.floor(i / n);
    const column = i % n;
    return lower ? column <= row : column >= row;
  };
  return constant(
    Float64Array.from({ length: n * n }, (_, i) => (isInTriangle(i) ? 1 : 0)),
    [n, n],
  );
}
