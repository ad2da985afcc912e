/**
 * Ordinary differential equations that are very stiff: the L-stable Rosenbrock method of order 2,
 *
 *     (1 - g h A) k1 = f(y)
 *     (1 - g h A) k2 = f(y + h k1) - 2 k1
 *     y'             = y + 3/2 h k1 + 1/2 h k2,      g = 1 - 1/sqrt(2)
 *
 * of order 2 for every matrix A, so that A may leave out of the Jacobian what is not stiff. y + h k1 is of order 1; the
 * difference, h (k1 + k2) / 2, chooses the step.
 *
 * J. Verwer, E. Spee, J. Blom, W. Hundsdorfer, "A second-order Rosenbrock method applied to photochemical dispersion
 * problems", SIAM Journal on Scientific Computing 20 (1999), https://doi.org/10.1137/S1064827597326651, equation 2.3.
 *
 * @module
 */

import { AbortedError, type ErrorFacts, NumericalError } from "../../errors.ts";

/** What the solver needs to know of f. */
export interface StiffSystem {
  /** Weights of the squared errors of the state's numbers; they add up to 1. */
  readonly weights: Float64Array;
  /** Writes f(y) to `out`; NaN where y is outside of its domain, which makes the step smaller. */
  derivative(y: Float64Array, out: Float64Array): Promise<void>;
  /** Prepares A at y, where `derivative` was just called. */
  linearize(y: Float64Array): Promise<void>;
  /** Prepares (1 - `share` A)^-1. */
  factor(share: number): boolean;
  /** Applies it to `right`, in place. */
  solve(right: Float64Array): void;
  /** What to say when no step is small enough. */
  failure(t: number): ErrorFacts;
}

const gamma: number = 1 - Math.SQRT1_2;

/** Moves one state through time; keeps its step between calls. */
export class Rosenbrock {
  readonly #system: StiffSystem;
  readonly #tolerance: number;
  readonly #signal: AbortSignal | undefined;
  #step = 0;

  /** @param tolerance - Largest error of a step of order 1, in the weighted root mean square, absolute below 1 and relative above. */
  constructor(system: StiffSystem, tolerance: number, signal: AbortSignal | undefined) {
    this.#system = system;
    this.#tolerance = tolerance;
    this.#signal = signal;
  }

  /**
   * Moves `y` from time `from` to the later time `to`, in place.
   * @throws {@link NumericalError} if no step is small enough, AbortedError if the signal fires.
   */
  async advance(y: Float64Array, from: number, to: number): Promise<void> {
    if (from === to) return;
    const system = this.#system;
    const slope = new Float64Array(y.length);
    const k1 = new Float64Array(y.length);
    const k2 = new Float64Array(y.length);
    const middle = new Float64Array(y.length);
    let t = from;
    let isNew = true;
    let step = this.#step;
    for (let count = 0; ; count++) {
      // A macrotask now and then lets aborts through.
      if (count % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
      if (this.#signal?.aborted) throw new AbortedError("the gradient flow was stopped");
      if (isNew) {
        await system.derivative(y, slope);
        await system.linearize(y);
        isNew = false;
      }
      step ||= Math.sqrt(this.#tolerance) / Math.max(1, Math.sqrt(meanSquare(slope)));
      const last = step >= to - t;
      const h = last ? to - t : step;
      let error = Number.NaN;
      if (system.factor(gamma * h)) {
        k1.set(slope);
        system.solve(k1);
        for (let i = 0; i < y.length; i++) middle[i] = y[i]! + h * k1[i]!;
        await system.derivative(middle, k2);
        for (let i = 0; i < y.length; i++) k2[i]! -= 2 * k1[i]!;
        system.solve(k2);
        let squares = 0;
        for (let i = 0; i < y.length; i++) {
          middle[i] = y[i]! + h * (1.5 * k1[i]! + 0.5 * k2[i]!);
          squares += system.weights[i]! * ((0.5 * h * (k1[i]! + k2[i]!)) / Math.max(1, Math.abs(y[i]!))) ** 2;
        }
        error = Math.sqrt(squares) / this.#tolerance;
      }
      if (error <= 1) {
        y.set(middle);
        isNew = true;
        if (last) {
          this.#step = step;
          return;
        }
        t += h;
      }
      step = h * (Number.isNaN(error) ? 0.25 : Math.min(3, Math.max(0.2, 0.85 * error ** -0.5)));
      if (step < 1e-13 * Math.max(1, to)) throw new NumericalError(system.failure(t));
    }
  }
}

function meanSquare(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}
