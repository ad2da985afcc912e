/**
 * The Gaussian that is nearest to a density in the reverse Kullback-Leibler divergence, by Newton's method on the
 * expectation over fixed draws: where a flow starts from, and the scale of what it has to bend.
 *
 * With w = m + L z, the gradient of E log p(w) + log det L by m is E grad log p, and it is stationary in the covariance where
 * the precision is -E hess log p (Opper & Archambeau 2009, "The variational Gaussian approximation revisited", equations 13
 * and 14, doi:10.1162/neco.2008.08-07-592). That expectation is the slope of the linear regression of grad log p on w, by
 * Stein's lemma: exact for a Gaussian density, and second derivatives of a long program are not needed. Directions of the
 * wrong curvature count with their absolute value.
 *
 * @module
 */

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Engine } from "../../engines/engine.ts";
import { AbortedError, NumericalError } from "../../errors.ts";
import { vjp } from "../../graph/derivative.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";

/** A Gaussian by its mean and the lower Cholesky factor of its covariance, row-major. */
export interface Gaussian {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
  /** The bound: mean of log p and entropy, but for the constant of the latter, in nats. */
  readonly bound: number;
}

const mostRounds = 200;
/** Nats below which a round has not improved the bound. */
const negligible = 1e-4;

/**
 * Finds it.
 * @param logDensity - Of a vector without bounds; in nats, up to a constant.
 * @throws NumericalError if no start has a finite density.
 */
export async function gaussianApproximation(
  logDensity: (x: Expr) => Expr,
  features: number,
  {
    engine,
    key,
    signal,
  }: { readonly engine: Engine; readonly key: RandomKey; readonly signal?: AbortSignal | undefined },
): Promise<Gaussian> {
  const x = g.input("x", [features]);
  const value = logDensity(x);
  const [gradient] = vjp([value], [g.constant(1)], [x]);
  const one = (own: Expr): Expr => g.mul(g.rowMark(), own);
  const [values, slopes] = await Promise.all([
    engine.compile({ rows: { value: one(value) } }),
    engine.compile({ rows: { gradient: one(gradient!) } }),
  ]);
  const draws = antithetic(features, key);
  const rows = draws.length / features;
  const place = (mean: Float64Array, factor: Matrix): Float64Array => {
    const points = new Float64Array(draws.length);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < features; i++) {
        let sum = mean[i]!;
        for (let j = 0; j <= i; j++) sum += factor.get(i, j) * draws[row * features + j]!;
        points[row * features + i] = sum;
      }
    return points;
  };
  const average = (data: Float64Array, size: number): Float64Array => {
    const out = new Float64Array(size);
    data.forEach((own, i) => (out[i % size]! += own / rows));
    return out;
  };
  const logDeterminant = (factor: Matrix): number => {
    let sum = 0;
    for (let i = 0; i < features; i++) sum += Math.log(factor.get(i, i));
    return sum;
  };
  const boundAt = async (mean: Float64Array, factor: Matrix): Promise<number> => {
    if (signal?.aborted) throw new AbortedError("The approximation was aborted.");
    const found = (await values.run({ rows, inputs: { x: place(mean, factor) } })).rows.value!;
    return average(found, 1)[0]! + logDeterminant(factor);
  };
  try {
    let { mean, factor, bound } = await startOf(features, boundAt, key);
    let idle = 0;
    for (let round = 0; round < mostRounds && idle < 3; round++) {
      const at = (await slopes.run({ rows, inputs: { x: place(mean, factor) } })).rows;
      const { slope, curvature } = regression(draws, at.gradient!, features);
      const whitened = factor.transpose().mmul(curvature);
      const direction = factor.transpose().mmul(slope);
      if (!whitened.to1DArray().every(Number.isFinite) || !direction.to1DArray().every(Number.isFinite))
        throw new NumericalError(
          "The gradient of the log-density is not finite where the log-density is; look for a square root, logarithm or quotient at 0.",
        );
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric(whitened), {
        assumeSymmetric: true,
      });
      // A round widens a direction at most tenfold, and may narrow it a lot.
      const eigenvalues = realEigenvalues.map((own) => Math.min(1e10, Math.max(0.01, Math.abs(own))));
      const rotated = eigenvectorMatrix.transpose().mmul(direction);
      let improved = false;
      for (let share = 1; share > 1e-3 && !improved; share *= 0.4) {
        const scales = eigenvalues.map((own) => 1 / (1 - share + share * own));
        const step = rotated.clone();
        scales.forEach((scale, i) => step.set(i, 0, share * scale * rotated.get(i, 0)));
        const moved = factor.mmul(eigenvectorMatrix.mmul(step)).to1DArray();
        const nextMean = mean.map((own, i) => own + moved[i]!);
        const wide = factor.mmul(eigenvectorMatrix).mmul(Matrix.diag(scales.map(Math.sqrt)));
        const cholesky = new CholeskyDecomposition(symmetric(wide.mmul(wide.transpose())));
        if (!cholesky.isPositiveDefinite()) continue;
        const nextFactor = cholesky.lowerTriangularMatrix;
        const nextBound = await boundAt(nextMean, nextFactor);
        if (!(nextBound > bound)) continue;
        idle = nextBound - bound < negligible * Math.max(1, Math.abs(bound) * 1e-6) ? idle + 1 : 0;
        improved = true;
        [mean, factor, bound] = [nextMean, nextFactor, nextBound];
      }
      if (!improved) break;
    }
    return { mean, factor: Float64Array.from(factor.to1DArray()), bound };
  } finally {
    values.dispose();
    slopes.dispose();
  }
}

/** Standard normal rows and their negatives, more with more features. */
function antithetic(features: number, key: RandomKey): Float64Array {
  const pairs = Math.max(32, 4 * features);
  const stream = new RandomStream(split(key, "gaussian"));
  const half = Float64Array.from({ length: pairs * features }, () => stream.normal());
  return Float64Array.from({ length: 2 * half.length }, (_, i) =>
    i < half.length ? half[i]! : -half[i - half.length]!,
  );
}

/** Mean of the gradients, and minus the slopes of their regression on the draws: `curvature[i][j]` of gradient i by draw j. */
function regression(
  draws: Float64Array,
  gradients: Float64Array,
  features: number,
): { readonly slope: Matrix; readonly curvature: Matrix } {
  const rows = draws.length / features;
  // Draws come with their negatives, so that they have a mean of 0.
  const z = Matrix.from1DArray(rows, features, Array.from(draws));
  const gradient = Matrix.from1DArray(rows, features, Array.from(gradients));
  const slope = Matrix.columnVector(gradient.mean("column"));
  const slopes = new CholeskyDecomposition(z.transpose().mmul(z)).solve(z.transpose().mmul(gradient));
  return { slope, curvature: slopes.transpose().mul(-1) };
}

function symmetric(matrix: Matrix): Matrix {
  return Matrix.add(matrix, matrix.transpose()).mul(0.5);
}

/** The start with the best bound: around 0, wide or narrow; around other points only where there is none. */
async function startOf(
  features: number,
  boundAt: (mean: Float64Array, factor: Matrix) => Promise<number>,
  key: RandomKey,
): Promise<{ mean: Float64Array; factor: Matrix; bound: number }> {
  const stream = new RandomStream(split(key, "start"));
  for (let attempt = 0; attempt < 20; attempt++) {
    const mean = Float64Array.from({ length: features }, () => (attempt === 0 ? 0 : 2 * stream.normal()));
    let best: { mean: Float64Array; factor: Matrix; bound: number } | undefined;
    for (const scale of [1, 0.1, 0.01, 1e-3, 1e-4]) {
      const factor = Matrix.eye(features).mul(scale);
      const bound = await boundAt(mean, factor);
      if (Number.isFinite(bound) && !(bound <= (best?.bound ?? Number.NEGATIVE_INFINITY)))
        best = { mean, factor, bound };
    }
    if (best) return best;
  }
  throw new NumericalError(
    "The log-density is not a finite number around any of 20 starting points: check the bounds of the parameters, and logarithms and quotients in the density.",
  );
}
