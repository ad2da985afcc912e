/**
 * Small matrices of each row, as a covariance that depends on the row: products, triangular systems, Cholesky factors, determinants.
 *
 *     A = L L^T:   L_jj = sqrt(A_jj - sum_k<j L_jk^2),   L_ij = (A_ij - sum_k<j L_ik L_jk) / L_jj   for i > j
 *
 * (Golub and Van Loan, Matrix Computations, 4.2.) They are maps whose scalar programs are the loops written out: what is computed
 * of a row stays in registers, steps that follow each other are one kernel, and derivatives of any order are those of the same
 * program. No engine has a kernel for them, and who does not call them does not load them. The code grows with the cube of the size (a
 * factor of 16 rows: 34 kB, with its gradient 100), and so it ends at {@link largestSize}; where many columns go through the same steps,
 * one program is repeated for each.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkedOptions, flag, oneOf, required } from "../../options.ts";
import { type Expr, formatShape, sameShape } from "../expr.ts";
import {
  abs,
  add,
  div,
  less,
  lessEqual,
  log,
  max,
  mul,
  select,
  sqrt,
  stopGradient,
  sub,
} from "../ops/arithmetic.ts";
import { mapFeatures } from "../ops/bodies.ts";
import { asExpr, checkExpressions } from "../ops/leaves.ts";
import { linear as linearOfVector } from "../ops/linear.ts";
import { matrixProduct as productOfShared, solveTriangular as solveShared } from "../ops/matrices.ts";
import { transpose } from "../ops/movement.ts";
import { concatenate, gather, reshape, slice } from "../ops/moves.ts";
import { sum, totalOf } from "../ops/sums.ts";
import { linear } from "./convolution.ts";

/** The most rows and columns of a matrix of each row. */
const largestSize = 16;
/** Products of two numbers in one program; beyond it is repeated for rows, or columns, of what it makes. */
const largestProgram = 512;

function refuseShapes(where: string, subject: string, expected: string, ...values: readonly Expr[]): never {
  const received = values.map(({ shape }) => formatShape(shape)).join(" and ");
  throw new ShapeError({ where, subject, expected, received });
}

/** Rows of a matrix that must be square, and small enough. */
function sizeOfSquare(where: string, a: Expr): number {
  const [n] = a.shape;
  if (n === undefined || n > largestSize || !sameShape(a.shape, [n, n]))
    refuseShapes(where, "the matrix", `square, of at most ${largestSize} rows`, a);
  return n;
}

/** So many copies of a value, one a feature: `[features, numbers]`, of elements that `at` names by feature and place. */
function spread(
  a: Expr,
  features: number,
  count: number,
  at: (feature: number, place: number) => number,
): Expr {
  return gather(
    a,
    Int32Array.from({ length: features * count }, (_, i) => at(Math.floor(i / count), i % count)),
    [features, count],
  );
}

/**
 * Product of two matrices, `[n, k]` and `[k, m]`, or of a matrix and a vector `[k]`. Either may be one of each row; where both are, n, k
 * and m are at most 16. Where one is shared, or both, there is no such limit.
 * @throws ShapeError if the shapes do not fit, or are too large.
 */
export function matrixProduct(a: Expr, b: Expr): Expr {
  checkExpressions("matrixProduct", a, b);
  const [n, k] = a.shape;
  const isVector = b.shape.length === 1;
  const m = isVector ? 1 : b.shape[1];
  if (k === undefined || a.shape.length > 2 || b.shape[0] !== k || m === undefined || b.shape.length > 2)
    refuseShapes("matrixProduct", "the matrices", "[n, k] and [k, m], or [n, k] and [k]", a, b);
  if (a.space !== "row") {
    if (isVector) return linearOfVector(b, a);
    return b.space === "row" ? transpose(linear(transpose(b), a)) : productOfShared(a, b);
  }
  if (b.space !== "row" && !isVector) return linear(a, b, undefined, { transposed: true });
  if (Math.max(n!, k, m) > largestSize)
    refuseShapes("matrixProduct", "matrices of each row", `of at most ${largestSize} rows and columns`, a, b);
  const features = n! * k * m > largestProgram ? n! : 1;
  const rows = n! / features;
  const [product] = mapFeatures(
    [reshape(a, [features, rows * k]), spread(b, features, k * m, (_, place) => place)],
    (left, right) => [
      Array.from({ length: rows * m }, (_, i) =>
        totalOf(k, (l) => mul(left[Math.floor(i / m) * k + l]!, right[l * m + (i % m)]!)),
      ),
    ],
  );
  return reshape(product!, isVector ? [n!] : [n!, m]);
}

/** Options of {@link solveTriangular}. */
export interface TriangularOptions {
  /** Whether A is a lower triangle, or else an upper one. The other triangle is not read. */
  readonly lower: boolean;
  /** Whether A^T x = b is solved (default false). */
  readonly transposed?: boolean | undefined;
}

/**
 * Solves A x = b, or A^T x = b, with A triangular `[n, n]`, and b a vector `[n]` or the columns of a matrix `[n, m]`. Either may be one of
 * each row; n and m are at most 16 unless A is shared and b a vector. A zero on the diagonal gives what division by it gives.
 * @throws ShapeError if the shapes do not fit, or are too large.
 */
export function solveTriangular(a: Expr, b: Expr, options: TriangularOptions): Expr {
  checkExpressions("solveTriangular", a, b);
  const { lower, transposed = false } = checkedOptions("ops.solveTriangular", options, {
    lower: required(flag),
    transposed: flag,
  });
  const isVector = b.shape.length === 1;
  if (a.space !== "row" && isVector) return solveShared(a, b, { lower, transposed });
  const n = sizeOfSquare("solveTriangular", a);
  const m = isVector ? 1 : b.shape[1];
  if (b.shape[0] !== n || m === undefined || m > largestSize || b.shape.length > 2)
    refuseShapes("solveTriangular", "b", `[${n}], or [${n}, m] with m at most ${largestSize}`, b);
  const features = ((n * (n + 1)) / 2) * m > largestProgram ? m : 1;
  const columns = m / features;
  // The transpose of a lower triangle is an upper one.
  const isForward = lower !== transposed;
  const order = Array.from({ length: n }, (_, step) => (isForward ? step : n - 1 - step));
  const [solution] = mapFeatures(
    [
      spread(a, features, n * n, (_, place) =>
        transposed ? (place % n) * n + Math.floor(place / n) : place,
      ),
      spread(b, features, n * columns, (feature, place) => place * features + feature),
    ],
    (matrix, right) => {
      const x = [...right];
      for (let column = 0; column < columns; column++)
        order.forEach((i, step) => {
          let rest = right[i * columns + column]!;
          for (const j of order.slice(0, step))
            rest = sub(rest, mul(matrix[i * n + j]!, x[j * columns + column]!));
          x[i * columns + column] = div(rest, matrix[i * n + i]!);
        });
      return [x];
    },
  );
  if (isVector) return reshape(solution!, [n]);
  return features === 1 ? reshape(solution!, [n, m]) : transpose(solution!);
}

/**
 * The Cholesky factor L of a positive definite matrix A = L L^T of at most 16 rows, one of each row or shared; L is lower triangular,
 * with zeros above. Of A the lower triangle alone is read, and it alone gets a gradient. In a row whose matrix is not positive definite,
 * to the rounding of the engine, the triangle of L is NaN.
 * @throws ShapeError if the matrix is not square, or too large.
 */
export function cholesky(a: Expr): Expr {
  checkExpressions("cholesky", a);
  const n = sizeOfSquare("cholesky", a);
  const [factor] = mapFeatures([reshape(a, [1, n * n])], (matrix) => {
    const rows: Expr[][] = matrix.slice(0, n).map(() => []);
    const rest = (i: number, j: number): Expr => {
      let value = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) value = sub(value, mul(rows[i]![k]!, rows[j]![k]!));
      return value;
    };
    for (let j = 0; j < n; j++) {
      rows[j]![j] = sqrt(rest(j, j));
      for (let i = j + 1; i < n; i++) rows[i]![j] = div(rest(i, j), rows[j]![j]!);
    }
    // A pivot that is not above 0 makes NaN of the last one, or is the last one. Not a choice between values: what is NaN
    // keeps a gradient that is NaN.
    const none = select(less(0, rows[n - 1]![n - 1]!), 0, Number.NaN);
    return [matrix.map((_, i) => (i % n > i / n ? 0 : add(rows[Math.floor(i / n)]![i % n]!, none)))];
  });
  return reshape(factor!, [n, n]);
}

/** The diagonal of a matrix, a vector. */
function diagonalOf(a: Expr, n: number): Expr {
  return gather(
    a,
    Int32Array.from({ length: n }, (_, i) => i * (n + 1)),
    [n],
  );
}

/**
 * The pivots of an elimination, whose product is the determinant but for its sign: of each column the largest number in a row that was not
 * pivot before. Rows are not exchanged: the one of the pivot becomes zero when it is subtracted from itself.
 */
function pivotsOf(a: Expr, n: number): Expr {
  const pivots: Expr[] = [];
  let rest = a;
  for (let width = n; width > 0; width--) {
    const column = spread(stopGradient(rest), 1, n, (_, place) => place * width);
    const [choice] = mapFeatures([column], (values) => {
      const sizes = values.map(abs);
      const largest = sizes.reduce((left, right) => max(left, right));
      // The first of those that are equal.
      let taken: Expr = asExpr(0);
      return [
        sizes.map((size) => {
          const isPivot = select(taken, 0, lessEqual(largest, size));
          taken = max(taken, isPivot);
          return isPivot;
        }),
      ];
    });
    const pivotRow = sum(mul(reshape(choice!, [n, 1]), rest), 0);
    const pivot = slice(pivotRow, 0, 1);
    pivots.push(pivot);
    if (width === 1) break;
    const copies = spread(pivotRow, n, width, (_, place) => place);
    [rest] = mapFeatures([rest, copies], ([first, ...others], [top, ...tops]) => {
      // Where all are zero nothing is subtracted.
      const factor = div(first!, select(top!, top!, 1));
      return [others.map((value, i) => sub(value, mul(factor, tops[i]!)))];
    }) as [Expr];
    rest = reshape(rest, [n, width - 1]);
  }
  return concatenate(pivots);
}

/** Options of {@link logAbsDeterminant}. */
export interface DeterminantOptions {
  /**
   * What is known of the matrix: that it is symmetric and positive definite, of which the lower triangle is read; that it is a triangle, of
   * which the diagonal is read; nothing (default).
   */
  readonly known?: "definite" | "triangular" | undefined;
}

/**
 * log |det A| of a matrix of at most 16 rows, one of each row or shared. Of one that is said to be positive definite and is not, it is NaN;
 * of a singular one it is -Infinity, which has no gradient. Without knowledge of the matrix it is eliminated with row pivots.
 * @throws ShapeError if the matrix is not square, or too large.
 */
export function logAbsDeterminant(a: Expr, options: DeterminantOptions = {}): Expr {
  checkExpressions("logAbsDeterminant", a);
  const { known } = checkedOptions("ops.logAbsDeterminant", options, {
    known: oneOf(["definite", "triangular"]),
  });
  const n = sizeOfSquare("logAbsDeterminant", a);
  if (known === "definite") return mul(2, sum(log(diagonalOf(cholesky(a), n))));
  const pivots = known === "triangular" ? diagonalOf(a, n) : pivotsOf(a, n);
  return sum(log(abs(pivots)));
}
