/**
 * Whitening, a map made from data: towards the base they have mean 0 and the identity as their covariance.
 *
 *     covariance of y = R diag(s^2) R^T, s descending
 *     pca        x = diag(1/s) R^T (y - m)          y = R diag(s) x + m             logAbsDet = sum(log s) forward
 *     zca        x = R diag(1/s) R^T (y - m)        y = R diag(s) R^T x + m         the same
 *     cholesky   x = L^-1 (y - m)                   y = L x + m,  L L^T the covariance
 *
 * All of them are one another's rotations. `pca` has the principal axes as features, `zca` is as near to the data as a whitening can be, `cholesky` is
 * triangular (Kessy, Lewin & Strimmer 2018). An axis along which the data hardly vary counts with a millionth of the largest
 * deviation, so that the map can be inverted. The largest entry of an axis is positive: the same data give the same map.
 *
 * @see https://doi.org/10.1080/00031305.2016.1277159
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, statistics } from "../../graph/parameters.ts";
import { covariances, moments } from "../../numerics/moments.ts";
import { checkedOptions, count, type OptionTable, oneOf, required } from "../../options.ts";
import type { Bijection, DataRows } from "../bijection.ts";
import { triangularAffine } from "../linear/triangularAffine.ts";

/** Options of {@link whitening}. */
export interface WhiteningOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Which of the maps that whiten (default `pca`). */
  readonly method?: "pca" | "zca" | "cholesky" | undefined;
}

const methods = ["pca", "zca", "cholesky"] as const;

const whiteningOptionTable: OptionTable<WhiteningOptions> = {
  features: required(count),
  method: oneOf(methods),
};

/** The least deviation along an axis, as a share of the largest. */
const leastShare = 1e-6;

/** Mean, axes by columns and deviations of rows. */
async function principalAxes({ values, weights }: DataRows, n: number) {
  const { EigenvalueDecomposition, Matrix } = await import("ml-matrix");
  const { mean } = moments(values, n, weights);
  const flat = covariances(values, n, mean, weights);
  const matrix = new Matrix(Array.from({ length: n }, (_, i) => [...flat.subarray(i * n, (i + 1) * n)]));
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, k) => k).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const largest = Math.sqrt(Math.max(0, realEigenvalues[order[0]!]!)) || 1;
  const scale = Float64Array.from(order, (k) =>
    Math.max(Math.sqrt(Math.max(0, realEigenvalues[k]!)), leastShare * largest),
  );
  const rotation = new Float64Array(n * n);
  order.forEach((k, column) => {
    const axis = Array.from({ length: n }, (_, i) => eigenvectorMatrix.get(i, k));
    const top = axis.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) + 1e-9 ? entry : best), 0);
    axis.forEach((entry, i) => {
      rotation[i * n + column] = top < 0 ? -entry : entry;
    });
  });
  return { mean, rotation, scale };
}

/**
 * Whitening. Its statistics are those of data: `fit` takes the rows of training, `valuesFromData` of `pushforward/fitting` those that it is given. Until
 * then it is the identity. The statistics of `pca` and `zca` are `mean`, `rotation` (axes by columns) and `scale`, those of `cholesky` the parameters
 * of `triangularAffine`.
 * @throws UsageError if `features` is not a positive integer, or for a method that there is not.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = whitening({ features: 2, method: "zca" });
 * const values = {
 *   "bijection.mean": Float64Array.of(1, -0.5),
 *   "bijection.rotation": Float64Array.of(0.8, -0.6, 0.6, 0.8),
 *   "bijection.scale": Float64Array.of(1.5, 0.5),
 * };
 */
export function whitening(options: WhiteningOptions): Bijection {
  const { features: n, method = "pca" } = checkedOptions("whitening", options, whiteningOptionTable);
  const toJSON = () => ({ type: "whitening", features: n, method });
  if (method === "cholesky")
    return {
      ...triangularAffine({ features: n, fitted: true }),
      type: "whitening",
      async valuesFrom(rows) {
        const { mean, rotation, scale } = await principalAxes(rows, n);
        return { shift: mean, ...(await lowerFactor(rotation, scale, n)) };
      },
      toJSON,
    };
  const turn = (x: Expr, p: Bound, transposed: boolean): Expr =>
    g.linear(x, leafOf(p, "rotation"), undefined, { transposed });
  const isZca = method === "zca";
  return {
    type: "whitening",
    features: n,
    context: 0,
    parameters: {
      mean: statistics([n], 0),
      rotation: {
        shape: [n, n],
        initializer: { kind: "identity" },
        kind: "statistics",
        used: (n * (n - 1)) / 2,
      },
      scale: statistics([n], 1),
    },
    forward(x, p) {
      const scaled = g.mul(isZca ? turn(x, p, true) : x, leafOf(p, "scale"));
      return { value: g.add(turn(scaled, p, false), leafOf(p, "mean")), logAbsDet: logDeterminant(p) };
    },
    inverse(y, p) {
      const scaled = g.div(turn(g.sub(y, leafOf(p, "mean")), p, true), leafOf(p, "scale"));
      return { value: isZca ? turn(scaled, p, false) : scaled, logAbsDet: g.neg(logDeterminant(p)) };
    },
    valuesFrom: (rows) => principalAxes(rows, n),
    toJSON,
  };
}

const logDeterminant = (p: Bound): Expr => g.sum(g.log(leafOf(p, "scale")));

/** The lower triangle L of R diag(s^2) R^T = L L^T: of a QR decomposition of diag(s) R^T, whose digits a product of both would lose. */
async function lowerFactor(rotation: Float64Array, scale: Float64Array, n: number) {
  const { Matrix, QrDecomposition } = await import("ml-matrix");
  const rows = Array.from({ length: n }, (_, k) =>
    Array.from({ length: n }, (_, i) => scale[k]! * rotation[i * n + k]!),
  );
  const upper = new QrDecomposition(new Matrix(rows)).upperTriangularMatrix;
  const lower = new Float64Array(n * n);
  const logDiagonal = Float64Array.from({ length: n }, (_, i) => Math.log(Math.abs(upper.get(i, i))));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) lower[i * n + j] = Math.sign(upper.get(j, j)) * upper.get(j, i);
  return { lower, logDiagonal };
}
