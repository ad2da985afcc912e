/**
 * Products of matrices, and triangular systems.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, type Node, sameShape, sizeOf, spaceOf } from "../expr.ts";
import {
  each,
  type Fault,
  type GraphRules,
  noFacts,
  opaque,
  type PullBack,
  type PushForward,
} from "../rules.ts";
import { div, mul, neg, sub } from "./arithmetic.ts";
import { checkExpressions, constant } from "./leaves.ts";
import { layerOf, sumOuter } from "./linear.ts";
import { transpose } from "./movement.ts";
import { reshape } from "./moves.ts";
import { ofEachRow, sum, totalOf } from "./sums.ts";

/** Product of two shared matrices. */
export interface MatrixProductExpr extends Node {
  readonly op: "matrixProduct";
}
/** Solution x of A x = b, or of its transpose, with A shared `[n, n]` and triangular; b `[n]`. */
export interface SolveTriangularExpr extends Node {
  readonly op: "solveTriangular";
  readonly lower: boolean;
  readonly transposed: boolean;
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

// ---- matrixProduct

export const matrixProductRules: GraphRules<MatrixProductExpr> = {
  ...opaque,
  facts: noFacts,
  scalars(node, [a, b]) {
    const columns = node.shape[1]!;
    const inner = node.inputs[0]!.shape[1]!;
    return each(node, (i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return totalOf(inner, (k) => mul(a![row * inner + k]!, b![k * columns + column]!));
    });
  },
};

export const pullBackMatrixProduct: PullBack<MatrixProductExpr> = (
  { inputs: [a, b] },
  cotangent,
  { send, multiplied },
) => {
  send(
    a!,
    multiplied(cotangent, (c) => productOf(c, transpose(b!))),
  );
  send(
    b!,
    multiplied(cotangent, (c) => productOf(transpose(a!), c)),
  );
};

export const pushForwardMatrixProduct: PushForward<MatrixProductExpr> = (
  { inputs: [a, b] },
  { tangent, sum: added },
) => {
  const [left, right] = [tangent(a!), tangent(b!)];
  return added(left && productOf(left, b!), right && productOf(a!, right));
};

export const faultOfMatrixProduct: Fault<MatrixProductExpr> = ({ shape, inputs: [a, b] }, { takes }) => {
  const fits =
    a?.shape.length === 2 &&
    b?.shape.length === 2 &&
    a.shape[1] === b.shape[0] &&
    sameShape(shape, [a.shape[0]!, b.shape[1]!]);
  return takes(2) ?? (fits ? undefined : "its matrices do not fit");
};

// ---- solveTriangular

export const solveTriangularRules: GraphRules<SolveTriangularExpr> = {
  ...opaque,
  facts: ({ lower, transposed }) => [lower, transposed],
  scalars({ lower, transposed, shape }, [a, b]) {
    const size = sizeOf(shape);
    // The transpose of a lower triangle is an upper one.
    const isForward = lower !== transposed;
    const at = (i: number, j: number): Expr => a![transposed ? j * size + i : i * size + j]!;
    const x: Expr[] = new Array(size);
    for (let step = 0; step < size; step++) {
      const i = isForward ? step : size - 1 - step;
      let rest = b![i]!;
      for (let k = 0; k < step; k++) {
        const j = isForward ? k : size - 1 - k;
        rest = sub(rest, mul(at(i, j), x[j]!));
      }
      x[i] = div(rest, at(i, i));
    }
    return x;
  },
  isZero: ({ inputs: [, b] }, { zero }) => zero(b),
};

/** The transposed equation; the matrix gets an outer product. */
export const pullBackSolveTriangular: PullBack<SolveTriangularExpr> = (
  node,
  cotangent,
  { active, send, multiplied },
) => {
  const [a, b] = node.inputs as [Expr, Expr];
  const { lower, transposed } = node;
  const n = sizeOf(node.shape);
  const bCotangent = multiplied(cotangent, (c) => solveTriangular(a, c, { lower, transposed: !transposed }));
  const bBar = bCotangent.value;
  if (active.has(b)) send(b, bCotangent);
  if (!active.has(a)) return;
  // A^T x = b swaps the roles of the two vectors in -bBar x^T.
  const [row, column] = transposed ? [node as Expr, bBar] : [bBar, node as Expr];
  const isOfRows = node.space === "row";
  const outer = isOfRows
    ? sumOuter(ofEachRow(row), ofEachRow(column))
    : mul(reshape(row, [n, 1]), reshape(column, [1, n]));
  send(a, { ...bCotangent, value: mul(triangle(n, lower), neg(outer)) }, isOfRows);
};

/** A dx = db - dA x. */
export const pushForwardSolveTriangular: PushForward<SolveTriangularExpr> = (
  node,
  { tangent, sum: added },
) => {
  const { lower, transposed } = node;
  const [a, b] = node.inputs as [Expr, Expr];
  const da = tangent(a);
  const matrixTerm = da && layerOf(mul(triangle(sizeOf(node.shape), lower), da), node, transposed);
  const right = added(tangent(b), matrixTerm && neg(matrixTerm));
  return solveTriangular(a, right, { lower, transposed });
};

export const faultOfSolveTriangular: Fault<SolveTriangularExpr> = (_, { size, sizes, takes }) =>
  takes(2) ?? (sizes[0] === size * size || sizes[1] === size ? undefined : "its matrix does not fit");
