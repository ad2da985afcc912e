/**
 * What structured operations are: their values in float64, as they are defined. Element-wise operations have theirs in their table.
 *
 * @module
 */

import type {
  ConcatenateExpr,
  ConnectedExpr,
  ConstantExpr,
  Expr,
  GatherExpr,
  LinearExpr,
  MatrixProductExpr,
  RowMarkExpr,
  ScatterExpr,
  SolveTriangularExpr,
  SumConnectedExpr,
  SumExpr,
  SumOuterExpr,
  SumRowsExpr,
} from "../../graph/expr.ts";
import { sizeOf } from "../../graph/expr.ts";

/** Computes a node for some rows, once its operands are there. */
export type Computation = (rows: number) => Float64Array;

/** What meanings are told in. */
export interface Reading {
  /** The present value of operand k. */
  readonly operand: (k: number) => Float64Array;
  readonly operands: readonly (() => Float64Array)[];
  /** Numbers of the node, and of its inputs. */
  readonly size: number;
  readonly sizes: readonly number[];
  /** How far apart two rows of operand k are: 0 if it is shared. */
  readonly strides: readonly number[];
  /** Room for so many numbers, the same each time: what it held is not cleared. */
  readonly out: (length: number) => Float64Array;
  /** Runs a rule for each row of the result (once if it is shared). */
  readonly eachRow: (rule: (to: Float64Array, start: number, row: number) => void) => Computation;
}

/** The float64 value of a node, slow and obviously right. */
export type Meaning<E extends Expr> = (node: E, reading: Reading) => Computation;

export const meaningOfConstant: Meaning<ConstantExpr> =
  ({ data }) =>
  () =>
    data;

export const meaningOfRowMark: Meaning<RowMarkExpr> = (_, { eachRow, size }) =>
  eachRow((to, start) => to.fill(1, start, start + size));

/** A leaf has no value but one that is given. */
export const meaningOfLeaf: Meaning<Expr> = (node) => {
  throw new Error(`no value was given for the ${node.op} "${"name" in node ? node.name : ""}"`);
};

export const meaningOfGather: Meaning<GatherExpr> = (
  { indices },
  { operand, size, strides: [step], eachRow },
) =>
  eachRow((to, start, row) => {
    const a = operand(0);
    for (let i = 0; i < size; i++) to[start + i] = indices[i]! < 0 ? 0 : a[row * step! + indices[i]!]!;
  });

export const meaningOfScatter: Meaning<ScatterExpr> = (
  { indices },
  { operand, size, strides: [step], eachRow },
) =>
  eachRow((to, start, row) => {
    const a = operand(0);
    to.fill(0, start, start + size);
    for (let i = 0; i < indices.length; i++)
      if (indices[i]! >= 0) to[start + indices[i]!]! += a[row * step! + i]!;
  });

export const meaningOfConcatenate: Meaning<ConcatenateExpr> = (_, { operand, sizes, strides, eachRow }) =>
  eachRow((to, start, row) => {
    let at = start;
    for (let k = 0; k < sizes.length; k++) {
      const data = operand(k);
      for (let i = 0; i < sizes[k]!; i++) to[at++] = data[row * strides[k]! + i]!;
    }
  });

export const meaningOfSum: Meaning<SumExpr> = (
  { outer, count, inner },
  { operand, strides: [step], eachRow },
) =>
  eachRow((to, start, row) => {
    const a = operand(0);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        let total = 0;
        for (let c = 0; c < count; c++) total += a[row * step! + (o * count + c) * inner + i]!;
        to[start + o * inner + i] = total;
      }
  });

export const meaningOfSumRows: Meaning<SumRowsExpr> =
  (_, { operand, out, size }) =>
  (rows) => {
    const a = operand(0);
    const to = out(size).fill(0);
    for (let row = 0; row < rows; row++) for (let i = 0; i < size; i++) to[i]! += a[row * size + i]!;
    return to;
  };

export const meaningOfLinear: Meaning<LinearExpr> = (
  { transposed },
  { operand, size, sizes, strides: [step], eachRow },
) => {
  const inputs = sizes[0]!;
  return eachRow((to, start, row) => {
    const [a, b, bias] = [operand(0), operand(1), sizes.length > 2 ? operand(2) : undefined];
    for (let o = 0; o < size; o++) {
      let total = bias?.[o] ?? 0;
      for (let i = 0; i < inputs; i++)
        total += a[row * step! + i]! * b[transposed ? i * size + o : o * inputs + i]!;
      to[start + o] = total;
    }
  });
};

export const meaningOfSumOuter: Meaning<SumOuterExpr> = ({ shape }, { operand, out, size }) => {
  const [m, n] = shape as [number, number];
  return (rows) => {
    const [a, b] = [operand(0), operand(1)];
    const to = out(size).fill(0);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) to[i * n + j]! += a[row * m + i]! * b[row * n + j]!;
    return to;
  };
};

export const meaningOfMatrixProduct: Meaning<MatrixProductExpr> = (
  { shape, inputs: [left] },
  { operand, eachRow },
) => {
  const [m, n] = shape as [number, number];
  const inner = left!.shape[1]!;
  return eachRow((to) => {
    const [a, b] = [operand(0), operand(1)];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let k = 0; k < inner; k++) total += a[i * inner + k]! * b[k * n + j]!;
        to[i * n + j] = total;
      }
  });
};

export const meaningOfSolveTriangular: Meaning<SolveTriangularExpr> = (
  { lower, transposed },
  { operand, size, strides: [, step], eachRow },
) =>
  eachRow((to, start, row) => {
    const [a, b] = [operand(0), operand(1)];
    const element = (i: number, j: number): number => a[transposed ? j * size + i : i * size + j]!;
    // The transpose of a lower triangle is an upper one.
    const isForward = lower !== transposed;
    for (let count = 0; count < size; count++) {
      const i = isForward ? count : size - 1 - count;
      let total = b[row * step! + i]!;
      for (let k = 0; k < count; k++) {
        const j = isForward ? k : size - 1 - k;
        total -= element(i, j) * to[start + j]!;
      }
      to[start + i] = total / element(i, i);
    }
  });

export const meaningOfConnected: Meaning<ConnectedExpr> = (
  { connections, transposed, shape, inputs: [x, weights] },
  { operand, sizes, strides: [step], eachRow },
) => {
  const [outputs, inputs, columns] = [shape[1]!, x!.shape[1]!, weights!.shape[1]!];
  return eachRow((to, start, row) => {
    const [a, w, bias] = [operand(0), operand(1), sizes.length > 2 ? operand(2) : undefined];
    for (let i = 0; i < sizeOf(shape); i++) to[start + i] = bias?.[i % outputs] ?? 0;
    for (let c = 0; c < connections.length; c += 3) {
      const [position, from, block] = [connections[c]!, connections[c + 1]!, connections[c + 2]!];
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++) {
          const weight = transposed ? i * columns + block * outputs + o : o * columns + block * inputs + i;
          to[start + position * outputs + o]! += w[weight]! * a[row * step! + from * inputs + i]!;
        }
    }
  });
};

export const meaningOfSumConnected: Meaning<SumConnectedExpr> = (
  { connections, shape, inputs: [left, right] },
  { operand, out, size, strides: [stepY, stepX] },
) => {
  const [m, n] = [left!.shape[1]!, right!.shape[1]!];
  return (rows) => {
    const [y, x] = [operand(0), operand(1)];
    const to = out(size).fill(0);
    for (let row = 0; row < rows; row++)
      for (let c = 0; c < connections.length; c += 3) {
        const [position, from, block] = [connections[c]!, connections[c + 1]!, connections[c + 2]!];
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++)
            to[i * shape[1]! + block * n + j]! +=
              y[row * stepY! + position * m + i]! * x[row * stepX! + from * n + j]!;
      }
    return to;
  };
};
