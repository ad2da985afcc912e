/**
 * The iteration of Gaussianization: directions are found, the rows along them made normal, and again.
 *
 *     x <- x + A (Psi(A^T x) - A^T x)        log p gains log Psi_k' for each direction k
 *
 * With as many directions as features that is a rotation and a marginal Gaussianization. The layer found first is the
 * one next to the data.
 *
 * @module
 */

import { Matrix } from "ml-matrix";
import { logTwoPi } from "../../numerics/constants.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";
import type { StandardizedRows } from "../statisticalFit.ts";
import { binColumn } from "./binnedColumn.ts";
import { applyKnots } from "./columnSpline.ts";
import { type MarginalKnots, type MarginalOptions, marginalMap } from "./marginalMap.ts";
import { directionsOf, project, type RotationKind } from "./rotations.ts";

/** How the layers are made. */
export interface LayerPlan {
  readonly rotation: RotationKind;
  /** Directions of a layer; as many as features but for `sliced`. */
  readonly directions: number;
  readonly marginal: MarginalOptions;
  /**
   * Before the layers: the columns made normal one by one and then white, or white alone.
   */
  readonly start: "marginal" | "white";
}

/** One layer: orthonormal directions in columns, and the knots along each. */
export interface Layer {
  readonly axes: Matrix;
  readonly knots: readonly MarginalKnots[];
}

/** Rows on their way to normal, column by column; changed in place. */
export interface Moving {
  columns: Float64Array[];
  readonly weights: Float64Array | undefined;
  /** Log-determinant so far, one per row. */
  readonly logAbsDet: Float64Array;
}

/** Rows before the first layer. */
export function movingRows({ rows, data, weights }: StandardizedRows, features: number): Moving {
  return {
    columns: Array.from({ length: features }, (_, i) =>
      Float64Array.from({ length: rows }, (_, row) => data[row * features + i]!),
    ),
    weights,
    logAbsDet: new Float64Array(rows),
  };
}

/** Takes rows through a layer. */
export function passLayer(rows: Moving, { axes, knots }: Layer): void {
  const along = project(rows.columns, axes);
  if (axes.columns === axes.rows) {
    along.forEach((coordinates, k) => applyKnots(coordinates, rows.logAbsDet, knots[k]!));
    rows.columns = along;
    return;
  }
  along.forEach((coordinates, k) => {
    const before = coordinates.slice();
    applyKnots(coordinates, rows.logAbsDet, knots[k]!);
    rows.columns.forEach((column, i) => {
      const factor = axes.get(i, k);
      for (let row = 0; row < coordinates.length; row++)
        column[row]! += factor * (coordinates[row]! - before[row]!);
    });
  });
}

/** Squared distance of each row from the origin. */
export function squaresOf({ columns, logAbsDet }: Moving): Float64Array {
  const out = new Float64Array(logAbsDet.length);
  for (const column of columns) for (let row = 0; row < out.length; row++) out[row]! += column[row]! ** 2;
  return out;
}

/** Log-density of each row: that of the standard normal, and what the layers add. */
export function logDensities(rows: Moving): Float64Array {
  const constant = 0.5 * rows.columns.length * logTwoPi;
  const squares = squaresOf(rows);
  return rows.logAbsDet.map((logAbsDet, row) => logAbsDet - constant - 0.5 * squares[row]!);
}

/** Fits a layer along given directions. */
function fitLayer(rows: Moving, axes: Matrix, options: MarginalOptions): Layer {
  // One direction at a time: all of them are as many numbers as the rows.
  const knots = Array.from({ length: axes.columns }, (_, k) => {
    const [coordinates] = project(rows.columns, axes.subMatrix(0, axes.rows - 1, k, k));
    return marginalMap(binColumn(coordinates!, rows.weights), options);
  });
  return { axes, knots };
}

/** The layers before the iteration. */
export function startLayer(index: number, rows: Moving, plan: LayerPlan, stream: RandomStream): Layer {
  const features = rows.columns.length;
  if (plan.start === "marginal" && index === 0)
    return fitLayer(rows, Matrix.eye(features, features), { ...plan.marginal, step: 0.95 });
  return fitLayer(rows, directionsOf("pca", rows, features, stream), { ...plan.marginal, step: 0 });
}

/** Number of layers that a plan starts with. */
export function startLayers(plan: LayerPlan): number {
  return plan.start === "marginal" ? 2 : 1;
}

/** Fits layer `index` to where the rows are now. */
export function nextLayer(index: number, rows: Moving, plan: LayerPlan, key: RandomKey): Layer {
  const stream = new RandomStream(split(key, index));
  if (index < startLayers(plan)) return startLayer(index, rows, plan, stream);
  return fitLayer(rows, directionsOf(plan.rotation, rows, plan.directions, stream), plan.marginal);
}
