/**
 * Orthonormal directions along which rows are Gaussianized next: principal axes, independent components, random ones,
 * or those along which the rows are furthest from normal.
 *
 * Eigenvectors and QR come from ml-matrix. No well-kept library for JavaScript has independent component analysis or
 * the sliced Wasserstein distance; both are short iterations around those decompositions:
 *
 *     ICA       w <- E[x g(w x)] - E[g'(w x)] w, g = tanh; W <- (W W^T)^(-1/2) W    (Hyvarinen 1999, eq. 20 and 45)
 *     sliced    A <- qr(A + t grad),  grad = E[2 (s - Phi^-1(F(s))) x]              (Dai & Seljak 2021, eq. 11)
 *
 * The gradient is that of the mean over the directions of W2^2(a x, N(0, 1)); F is the distribution function of the
 * projected rows, from bins instead of a sort. Both work on at most a few thousand rows.
 *
 * @module
 */

import { EigenvalueDecomposition, Matrix, QrDecomposition } from "ml-matrix";
import { roughNormalQuantile } from "../../numerics/special.ts";
import type { RandomStream } from "../../random/philox.ts";

/** How directions are chosen. */
export type RotationKind = "pca" | "ica" | "random" | "sliced";

/** Columns of equal length, with one weight a row if any. */
export interface Columns {
  readonly columns: readonly Float64Array[];
  readonly weights: Float64Array | undefined;
}

/** Rows that the iterations look at. */
const mostRows = 4000;
/** Steps of the iteration for independent components, and products that they may take; with many columns, fewer steps. */
const [fewestSteps, mostSteps] = [15, 60];
const mostProducts = 3e7;

/** Directions of a kind: the columns of a matrix of `columns.length` rows. */
export function directionsOf(kind: RotationKind, rows: Columns, count: number, stream: RandomStream): Matrix {
  const features = rows.columns.length;
  if (features === 1) return Matrix.eye(1, 1);
  switch (kind) {
    case "pca":
      return principalAxes(rows);
    case "random":
      return randomDirections(features, features, stream);
    case "ica":
      return independentDirections(thinned(rows), stream);
    case "sliced":
      return farthestFromNormal(thinned(rows), count, stream);
  }
}

/** Every n-th row, so that few enough are left; rows are in random order. */
function thinned({ columns, weights }: Columns): Columns {
  const stride = Math.ceil(columns[0]!.length / mostRows);
  if (stride === 1) return { columns, weights };
  const thin = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride]!);
  return { columns: columns.map(thin), weights: weights && thin(weights) };
}

/** Columns of a frame uniform over all: the Q of normal numbers, with the signs of R (Mezzadri 2007). */
export function randomDirections(features: number, count: number, stream: RandomStream): Matrix {
  const draws = new Matrix(features, count);
  for (let i = 0; i < features; i++) for (let j = 0; j < count; j++) draws.set(i, j, stream.normal());
  return orthonormal(draws);
}

/** The nearest thing to `matrix` with orthonormal columns that QR gives: signs kept. */
function orthonormal(matrix: Matrix): Matrix {
  const decomposition = new QrDecomposition(matrix);
  const q = decomposition.orthogonalMatrix.subMatrix(0, matrix.rows - 1, 0, matrix.columns - 1);
  const r = decomposition.upperTriangularMatrix;
  for (let j = 0; j < matrix.columns; j++) if (r.get(j, j) < 0) q.mulColumn(j, -1);
  return q;
}

/** Weighted means and covariance. */
export function covarianceOf({ columns, weights }: Columns): { mean: Float64Array; covariance: Matrix } {
  const features = columns.length;
  const rows = columns[0]!.length;
  let total = 0;
  for (let row = 0; row < rows; row++) total += weights ? weights[row]! : 1;
  const mean = Float64Array.from(columns, (column) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += (weights ? weights[row]! : 1) * column[row]!;
    return sum / total;
  });
  const covariance = Matrix.zeros(features, features);
  for (let i = 0; i < features; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b, ma, mb] = [columns[i]!, columns[j]!, mean[i]!, mean[j]!];
      let sum = 0;
      if (weights)
        for (let row = 0; row < rows; row++) sum += weights[row]! * (a[row]! - ma) * (b[row]! - mb);
      else for (let row = 0; row < rows; row++) sum += (a[row]! - ma) * (b[row]! - mb);
      covariance.set(i, j, sum / total);
      covariance.set(j, i, sum / total);
    }
  return { mean, covariance };
}

function principalAxes(rows: Columns): Matrix {
  return new EigenvalueDecomposition(covarianceOf(rows).covariance, { assumeSymmetric: true })
    .eigenvectorMatrix;
}

/** x^power of a symmetric matrix, eigenvalues kept off 0. */
function symmetricPower(matrix: Matrix, power: number): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const largest = Math.max(...realEigenvalues);
  const scaled = realEigenvalues.map((eigenvalue) => Math.max(eigenvalue, 1e-9 * largest) ** power);
  return eigenvectorMatrix.clone().mulRowVector(scaled).mmul(eigenvectorMatrix.transpose());
}

/** FastICA with all directions at once, on whitened rows; the rotation alone is what is returned. */
function independentDirections(rows: Columns, stream: RandomStream): Matrix {
  const features = rows.columns.length;
  const { mean, covariance } = covarianceOf(rows);
  const white = project(rows.columns, symmetricPower(covariance, -0.5), mean);
  const { weights } = rows;
  const count = white[0]!.length;
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? count;
  // Columns of A are the directions.
  let axes = randomDirections(features, features, stream);
  const steps = Math.max(fewestSteps, Math.min(mostSteps, mostProducts / (count * features ** 2)));
  for (let step = 0; step < steps; step++) {
    const next = new Matrix(features, features);
    const projected = project(white, axes);
    for (let k = 0; k < features; k++) {
      const along = projected[k]!;
      const bent = new Float64Array(count);
      let bend = 0;
      for (let row = 0; row < count; row++) {
        const weight = weights ? weights[row]! : 1;
        // tanh, in a third of the time.
        const g = 1 - 2 / (Math.exp(2 * along[row]!) + 1);
        bent[row] = weight * g;
        bend += weight * (1 - g * g);
      }
      productsWith(white, bent).forEach((sum, i) => {
        next.set(i, k, (sum - bend * axes.get(i, k)) / total);
      });
    }
    const decorrelated = next.mmul(symmetricPower(next.transpose().mmul(next), -0.5));
    let change = 0;
    for (let k = 0; k < features; k++) {
      let product = 0;
      for (let i = 0; i < features; i++) product += decorrelated.get(i, k) * axes.get(i, k);
      change = Math.max(change, 1 - Math.abs(product));
    }
    axes = decorrelated;
    if (change < 1e-5) break;
  }
  return orthonormal(axes);
}

/** Columns of (x - mean) A. O(rows * features * directions). */
export function project(columns: readonly Float64Array[], axes: Matrix, mean?: Float64Array): Float64Array[] {
  const rows = columns[0]!.length;
  const features = columns.length;
  const centred = mean ? columns.map((column, i) => column.map((value) => value - mean[i]!)) : columns;
  const none = new Float64Array(rows);
  return Array.from({ length: axes.columns }, (_, k) => {
    const out = new Float64Array(rows);
    // Four columns a pass: sums are read and written a quarter as often.
    for (let i = 0; i < features; i += 4) {
      const [a, b, c, d] = [0, 1, 2, 3].map((offset) => centred[i + offset] ?? none) as Four;
      const [fa, fb, fc, fd] = [0, 1, 2, 3].map((offset) =>
        i + offset < features ? axes.get(i + offset, k) : 0,
      ) as [number, number, number, number];
      for (let row = 0; row < rows; row++)
        out[row]! += fa * a[row]! + fb * b[row]! + (fc * c[row]! + fd * d[row]!);
    }
    return out;
  });
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];

/** Scalar products of each column with a vector. */
function productsWith(columns: readonly Float64Array[], vector: Float64Array): Float64Array {
  const out = new Float64Array(columns.length);
  const rows = vector.length;
  for (let i = 0; i < columns.length; i += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((offset) => columns[i + offset] ?? vector) as Four;
    let [sa, sb, sc, sd] = [0, 0, 0, 0];
    for (let row = 0; row < rows; row++) {
      const component = vector[row]!;
      sa += component * a[row]!;
      sb += component * b[row]!;
      sc += component * c[row]!;
      sd += component * d[row]!;
    }
    out.set([sa, sb, sc, sd].slice(0, columns.length - i), i);
  }
  return out;
}

const cells = 400;
const cellReach = 5;

/** s - Phi^-1(F(s)) of each value, and the mean of its square: the squared Wasserstein distance to N(0, 1). */
function excessOf(values: Float64Array, weights: Float64Array | undefined, out: Float64Array): number {
  const mass = new Float64Array(cells);
  const cellOf = (value: number): number =>
    Math.min(
      cells - 1,
      Math.max(
        0,
        Math.floor(((value / (1 + Math.abs(value) / cellReach)) * cells) / (2 * cellReach) + cells / 2),
      ),
    );
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = weights ? weights[row]! : 1;
    mass[cellOf(values[row]!)]! += weight;
    total += weight;
  }
  const score = new Float64Array(cells);
  let below = 0;
  for (let cell = 0; cell < cells; cell++) {
    const share = (below + mass[cell]! / 2) / total;
    score[cell] = mass[cell]! > 0 ? roughNormalQuantile(share) : 0;
    below += mass[cell]!;
  }
  let loss = 0;
  for (let row = 0; row < values.length; row++) {
    const gap = values[row]! - score[cellOf(values[row]!)]!;
    const weight = weights ? weights[row]! : 1;
    loss += weight * gap * gap;
    out[row] = weight * gap;
  }
  return loss / total;
}

/** Directions that make the sum of squared Wasserstein distances to the normal distribution large. */
function farthestFromNormal(rows: Columns, count: number, stream: RandomStream): Matrix {
  const { columns, weights } = rows;
  const features = columns.length;
  let best = randomDirections(features, count, stream);
  let loss = Number.NEGATIVE_INFINITY;
  let gradient = new Matrix(features, count);
  const measure = (axes: Matrix): { loss: number; gradient: Matrix } => {
    const slopes = new Matrix(features, count);
    let sum = 0;
    project(columns, axes).forEach((along, k) => {
      const excess = new Float64Array(along.length);
      sum += excessOf(along, weights, excess);
      productsWith(columns, excess).forEach((product, i) => {
        slopes.set(i, k, (2 * product) / along.length);
      });
    });
    return { loss: sum, gradient: slopes };
  };
  ({ loss, gradient } = measure(best));
  let length = 1;
  for (let step = 0; step < 40; step++) {
    // The part of the gradient that is tangent to the frames.
    const tangent = Matrix.sub(gradient, best.mmul(gradient.transpose().mmul(best)));
    const norm = tangent.norm("frobenius");
    if (!(norm > 1e-9)) break;
    const next = orthonormal(Matrix.add(best, Matrix.mul(tangent, length / norm)));
    const measured = measure(next);
    if (measured.loss > loss) {
      const gain = measured.loss - loss;
      [best, loss, gradient] = [next, measured.loss, measured.gradient];
      length *= 1.5;
      if (gain < 1e-4 * loss) break;
    } else length /= 3;
    if (length < 1e-3) break;
  }
  return best;
}
