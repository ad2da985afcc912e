/** Densities that several tests of gradient flows start from. */

import type { NormalMixture } from "../../src/fitting/gradientFlow/normalMixture.ts";

/** Two modes in one dimension. */
export const twoModes: NormalMixture = {
  weights: [0.4, 0.6],
  means: [[-1.2], [1]],
  covariances: [[0.3], [0.5]],
};

/** Three unequal components in two dimensions. */
export const plane: NormalMixture = {
  weights: [0.3, 0.5, 0.2],
  means: [
    [-1, 0.2],
    [1, 0.5],
    [0, -1],
  ],
  covariances: [
    [0.4, 0.1, 0.1, 0.3],
    [0.3, 0, 0, 0.6],
    [0.8, -0.2, -0.2, 0.5],
  ],
};

export const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Largest absolute difference. */
export const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

/** Whether numbers never fall, but for rounding and the error of a step. */
export const neverFalls = (values: ArrayLike<number>, slack = 1e-9): boolean =>
  Array.from(values).every((value, i) => i === 0 || value >= values[i - 1]! - slack);
