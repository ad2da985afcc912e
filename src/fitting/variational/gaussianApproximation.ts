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

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix, solve } from "ml-matrix";
import type { Engine } from "../../engines/engine.ts";
import { AbortedError, NumericalError } from "../../errors.ts";
import { vjp } from "../../graph/derivative/reverse.ts";
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
/** Nats below which a round has not improved the bound, and within which two starts have come to the same Gaussian. */
const negligible = 1e-4;
const same = 0.01;
/** Beyond this standard deviation a density is taken for one without an integral. */
const widest = 1e30;

/** A Gaussian on the way, with the gradients of the log-density at its draws. */
export interface Place {
  readonly mean: Float64Array;
  readonly factor: Matrix;
  readonly bound: number;
  readonly gradients: Float64Array;
}

/** What is at a Gaussian: no gradients where they are not finite. */
export type Visited = Omit<Place, "gradients"> & { readonly gradients: Float64Array | undefined };

/** Log-densities at points without bounds, row-major, and their gradients. */
export type EvaluateSlopes = (points: Float64Array) => Promise<{
  readonly values: ArrayLike<number>;
  readonly gradients: Float64Array;
}>;

/** A log-density of a vector without bounds, compiled once with its gradient. */
export interface CompiledSlopes {
  readonly evaluate: EvaluateSlopes;
  dispose(): void;
}

/** Compiles a log-density, in nats, up to a constant. */
export async function compileSlopes(
  logDensity: (x: Expr) => Expr,
  features: number,
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal | undefined },
): Promise<CompiledSlopes> {
  const x = g.input("x", [features]);
  const value = logDensity(x);
  const [gradient] = vjp([value], [g.constant(1)], [x]);
  const one = (shared: Expr): Expr => g.mul(g.rowMark(), shared);
  const outputs = { value: one(value), gradient: one(gradient!) };
  const executable = await engine.compile({ rows: outputs }, { signal });
  return {
    async evaluate(points) {
      if (signal?.aborted) throw new AbortedError("The approximation was aborted.");
      const { rows } = await executable.run({ rows: points.length / features, inputs: { x: points } });
      return { values: rows.value!, gradients: rows.gradient! as Float64Array };
    },
    dispose: () => executable.dispose(),
  };
}

/**
 * Finds it. From one start a hierarchical density may lead to where its scales vanish, a slope without end beside the Gaussian
 * that is wanted, so that two starts or more have to agree, or the best of five counts.
 *
 * @param logDensity - Of a vector without bounds; in nats, up to a constant.
 * @throws NumericalError if no start has a finite density, or the density seems to have no integral.
 */
export async function gaussianApproximation(
  logDensity: (x: Expr) => Expr,
  features: number,
  options: { readonly engine: Engine; readonly key: RandomKey; readonly signal?: AbortSignal | undefined },
): Promise<Gaussian> {
  const slopes = await compileSlopes(logDensity, features, options);
  try {
    return await new GaussianSearch(slopes.evaluate, features, options.key).nearest();
  } finally {
    slopes.dispose();
  }
}

/** Climbs from starts to Gaussians that are near to one density. */
export class GaussianSearch {
  readonly #evaluate: EvaluateSlopes;
  readonly #features: number;
  readonly #key: RandomKey;
  readonly #draws: Float64Array;

  constructor(evaluate: EvaluateSlopes, features: number, key: RandomKey) {
    this.#evaluate = evaluate;
    this.#features = features;
    this.#key = key;
    this.#draws = antithetic(features, key);
  }

  /** Computes what is at a Gaussian. */
  async visit(mean: Float64Array, factor: Matrix): Promise<Visited | undefined> {
    const [features, draws] = [this.#features, this.#draws];
    const rows = draws.length / features;
    const points = new Float64Array(draws.length);
    const lower = Float64Array.from(factor.to1DArray());
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < features; i++) {
        let sum = mean[i]!;
        for (let j = 0; j <= i; j++) sum += lower[i * features + j]! * draws[row * features + j]!;
        points[row * features + i] = sum;
      }
    const { values, gradients } = await this.#evaluate(points);
    let bound = 0;
    for (let row = 0; row < rows; row++) bound += values[row]! / rows;
    for (let i = 0; i < features; i++) bound += Math.log(factor.get(i, i));
    if (!Number.isFinite(bound)) return undefined;
    // Products of larger ones may overflow.
    const isUsable = gradients.every((gradient) => Math.abs(gradient) < 1e100);
    return { mean, factor, bound, gradients: isUsable ? gradients : undefined };
  }

  /** Goes up from one start. */
  async climb(start: Place, rounds: number = mostRounds): Promise<Place & { readonly isDone: boolean }> {
    const features = this.#features;
    let place = start;
    let idle = 0;
    for (let round = 0; round < rounds && idle < 3; round++) {
      const { mean, factor, bound } = place;
      const { slope, curvature } = regression(this.#draws, place.gradients, features);
      const whitened = factor.transpose().mmul(curvature);
      const direction = factor.transpose().mmul(slope);
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric(whitened), {
        assumeSymmetric: true,
      });
      // A round widens a direction at most tenfold, and may narrow it a lot.
      const eigenvalues = realEigenvalues.map((eigenvalue) =>
        Math.min(1e10, Math.max(0.01, Math.abs(eigenvalue))),
      );
      const rotated = eigenvectorMatrix.transpose().mmul(direction);
      let next: Place | undefined;
      for (let share = 1; share > 1e-3 && !next; share *= 0.4) {
        const scales = eigenvalues.map((eigenvalue) => 1 / (1 - share + share * eigenvalue));
        const step = rotated.clone();
        scales.forEach((scale, i) => step.set(i, 0, share * scale * rotated.get(i, 0)));
        const moved = factor.mmul(eigenvectorMatrix.mmul(step)).to1DArray();
        const wide = factor.mmul(eigenvectorMatrix).mmul(Matrix.diag(scales.map(Math.sqrt)));
        const cholesky = new CholeskyDecomposition(symmetric(wide.mmul(wide.transpose())));
        if (!cholesky.isPositiveDefinite()) continue;
        const visited = await this.visit(
          mean.map((coordinate, i) => coordinate + moved[i]!),
          cholesky.lowerTriangularMatrix,
        );
        // Far out a density may overflow to a value without a slope: a shorter step stays where there is one.
        if (visited?.gradients && visited.bound > bound) next = { ...visited, gradients: visited.gradients };
      }
      if (!next) return { ...place, isDone: true };
      idle = next.bound - bound < negligible * Math.max(1, Math.abs(bound) * 1e-6) ? idle + 1 : 0;
      place = next;
    }
    return { ...place, isDone: idle >= 3 };
  }

  /**
   * The nearest of all.
   * @throws NumericalError if no start has a finite density, or the density seems to have no integral.
   */
  async nearest(): Promise<Gaussian> {
    let best: Place | undefined;
    for (const start of await this.#starts()) {
      const reached = await this.climb(start);
      const agrees = best && Math.abs(reached.bound - best.bound) < same;
      if (!best || reached.bound > best.bound) best = reached;
      if (agrees) break;
    }
    const { mean, factor, bound } = best!;
    if (factor.to1DArray().some((entry) => Math.abs(entry) > widest))
      throw new NumericalError({
        problem: "The density has no integral: the Gaussian that is nearest to it widens without end",
        expected: "a density with an integral",
        received: "one without",
        remedy: "does a parameter lack a prior, or does the log-density not depend on it?",
      });
    return { mean, factor: Float64Array.from(factor.to1DArray()), bound };
  }

  /**
   * Starts, around 0, of several widths: the widest that has a finite density, the one with the best bound, then the others.
   * Around other points only where there are none.
   */
  async #starts(): Promise<Place[]> {
    const features = this.#features;
    const stream = new RandomStream(split(this.#key, "start"));
    let isFiniteSomewhere = false;
    for (let attempt = 0; attempt < 20; attempt++) {
      const mean = Float64Array.from({ length: features }, () => (attempt === 0 ? 0 : 2 * stream.normal()));
      const starts: Place[] = [];
      for (const scale of [1, 0.1, 0.01, 1e-3, 1e-4]) {
        const visited = await this.visit(mean, Matrix.eye(features).mul(scale));
        if (visited) isFiniteSomewhere = true;
        if (visited?.gradients) starts.push({ ...visited, gradients: visited.gradients });
      }
      const [first, ...others] = starts;
      if (first) return [first, ...others.sort((a, b) => b.bound - a.bound)];
    }
    throw new NumericalError(
      isFiniteSomewhere
        ? {
            problem: "The gradient of the log-density is not finite where the log-density is",
            expected: "a finite gradient",
            received: "one that is not finite",
            remedy: "look for a square root, logarithm or quotient at 0",
          }
        : {
            problem: "The log-density is not a finite number around any of 20 starting points",
            expected: "a finite number",
            received: "none",
            remedy: "check the bounds of the parameters, and logarithms and quotients in the density",
          },
    );
  }
}

/**
 * Standard normal rows and their negatives, more with more features. Their second moments are made the identity: else the
 * covariance that is best for the draws is not the one that the regression leads to, and rounds end early between the two.
 */
function antithetic(features: number, key: RandomKey): Float64Array {
  const pairs = Math.max(32, 4 * features);
  const stream = new RandomStream(split(key, "gaussian"));
  const drawn = Matrix.from1DArray(
    pairs,
    features,
    Array.from({ length: pairs * features }, () => stream.normal()),
  );
  const moments = drawn.transpose().mmul(drawn).div(pairs);
  const factor = new CholeskyDecomposition(moments).lowerTriangularMatrix;
  const half = solve(factor, drawn.transpose()).transpose().to1DArray();
  return Float64Array.from([...half, ...half.map((value) => -value)]);
}

/** Mean of the gradients, and minus the slopes of their regression on the draws: `curvature[i][j]` of gradient i by draw j. */
function regression(
  draws: Float64Array,
  gradients: Float64Array,
  features: number,
): { readonly slope: Matrix; readonly curvature: Matrix } {
  const rows = draws.length / features;
  const sums = new Float64Array(features);
  const products = new Float64Array(features * features);
  for (let row = 0; row < draws.length; row += features)
    for (let i = 0; i < features; i++) {
      const slope = gradients[row + i]!;
      sums[i]! += slope;
      for (let j = 0; j < features; j++) products[i * features + j]! += slope * draws[row + j]!;
    }
  // Draws have a mean of 0 and the identity for their second moments.
  return {
    slope: Matrix.columnVector(sums).div(rows),
    curvature: Matrix.from1DArray(features, features, products).div(-rows),
  };
}

function symmetric(matrix: Matrix): Matrix {
  return Matrix.add(matrix, matrix.transpose()).mul(0.5);
}
