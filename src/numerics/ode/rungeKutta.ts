/**
 * Runge-Kutta methods as tables of numbers.
 *
 * @module
 */

/** An explicit method: row i of `stages` holds the weights of the slopes before stage i + 1, which is at `nodes[i]`. */
export interface RungeKutta {
  readonly stages: readonly (readonly number[])[];
  readonly nodes: readonly number[];
  /** Weights of the slopes in a step. */
  readonly weights: readonly number[];
}

/** Euler's method, of order 1. */
const euler: RungeKutta = { stages: [], nodes: [], weights: [1] };

/** The midpoint method, of order 2. */
const midpoint: RungeKutta = { stages: [[1 / 2]], nodes: [1 / 2], weights: [0, 1] };

/** The classical method of Kutta (1901), of order 4. */
const rk4: RungeKutta = {
  stages: [[1 / 2], [0, 1 / 2], [0, 0, 1]],
  nodes: [1 / 2, 1 / 2, 1],
  weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
};

/**
 * The method of order 5 of J. Dormand and P. Prince, "A family of embedded Runge-Kutta formulae", Journal of Computational
 * and Applied Mathematics 6 (1980), table 2, https://doi.org/10.1016/0771-050X(80)90013-3. A further stage, at the new
 * state, is the first slope of the next step.
 */
export const dormandPrince: RungeKutta = {
  stages: [
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  ],
  nodes: [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1],
  weights: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
};

/** Order 5 minus order 4 of {@link dormandPrince}; the last weight is that of the slope at the new state. */
export const dormandPrinceError: readonly number[] = [
  71 / 57600,
  0,
  -71 / 16695,
  71 / 1920,
  -17253 / 339200,
  22 / 525,
  -1 / 40,
];

/** Name of an explicit method. */
export type RungeKuttaName = "euler" | "midpoint" | "rk4" | "dormand-prince";

/** Explicit methods by name. */
export const rungeKuttaMethods: Readonly<Record<RungeKuttaName, RungeKutta>> = {
  euler,
  midpoint,
  rk4,
  "dormand-prince": dormandPrince,
};
