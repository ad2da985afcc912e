/**
 * Ordinary differential equations that are not stiff: the pair of orders 5 and 4 of Dormand and Prince, with the step
 * chosen so that the estimated error of each step stays below a tolerance.
 *
 * J. Dormand, P. Prince, "A family of embedded Runge-Kutta formulae", Journal of Computational and Applied
 * Mathematics 6 (1980), table 2, https://doi.org/10.1016/0771-050X(80)90013-3. The step control is that of
 * E. Hairer, S. Norsett, G. Wanner, "Solving Ordinary Differential Equations I" (1993), II.4.
 *
 * @module
 */

import { NumericalError } from "../../errors.ts";
import { dormandPrince, dormandPrinceError } from "./rungeKutta.ts";

/** The stages after the first; the last is at the new state. */
const stages = [...dormandPrince.stages, dormandPrince.weights];
const nodes = [...dormandPrince.nodes, 1];

/** Writes the derivative at time t of the state y to `out`. */
export type Derivative = (t: number, y: Float64Array, out: Float64Array) => void;

/** Moves one state through time; keeps its step between calls. */
export class DormandPrince {
  readonly #derivative: Derivative;
  readonly #tolerance: number;
  readonly #slopes: Float64Array[];
  readonly #trial: Float64Array;
  #step = 0;

  /**
   * @param size - Numbers of the state.
   * @param tolerance - Largest error of a step, absolute below 1 and relative above.
   */
  constructor(derivative: Derivative, size: number, tolerance: number) {
    this.#derivative = derivative;
    this.#tolerance = tolerance;
    this.#slopes = Array.from({ length: 7 }, () => new Float64Array(size));
    this.#trial = new Float64Array(size);
  }

  /** Forgets the step of the state before, so that a state's path does not depend on others. */
  reset(): void {
    this.#step = 0;
  }

  /**
   * Moves `y` from time `from` to `to`, in place; `to` may lie before `from`.
   * @throws {@link NumericalError} if no step is small enough: the state runs off to infinity or the equation is stiff.
   */
  advance(y: Float64Array, from: number, to: number): void {
    const span = to - from;
    if (span === 0) return;
    const slopes = this.#slopes;
    const trial = this.#trial;
    let t = from;
    this.#derivative(t, y, slopes[0]!);
    // A first step that moves the state by a hundredth; the control does the rest.
    let step = this.#step || 0.01 / Math.max(1e-8, norm(slopes[0]!));
    for (let count = 0; count < 1e6; count++) {
      const left = to - t;
      const last = step >= Math.abs(left);
      const h = last ? left : Math.sign(span) * step;
      for (let stage = 0; stage < 6; stage++) {
        const weights = stages[stage]!;
        for (let i = 0; i < y.length; i++) {
          let sum = 0;
          for (let j = 0; j < weights.length; j++) sum += weights[j]! * slopes[j]![i]!;
          trial[i] = y[i]! + h * sum;
        }
        this.#derivative(t + nodes[stage]! * h, trial, slopes[stage + 1]!);
      }
      let error = 0;
      for (let i = 0; i < y.length; i++) {
        let sum = 0;
        for (let j = 0; j < 7; j++) sum += dormandPrinceError[j]! * slopes[j]![i]!;
        const componentError =
          Math.abs(h * sum) / (this.#tolerance * Math.max(1, Math.abs(y[i]!), Math.abs(trial[i]!)));
        // A NaN must not pass as small.
        if (!(componentError <= error)) error = componentError;
      }
      if (error <= 1) {
        y.set(trial);
        t += h;
        if (last) {
          // The step that was cut short says little about the next.
          this.#step = step;
          return;
        }
        // The last stage was taken at the new state.
        [slopes[0], slopes[6]] = [slopes[6]!, slopes[0]!];
      }
      step = Math.abs(h) * (Number.isNaN(error) ? 0.1 : Math.min(5, Math.max(0.2, 0.9 * error ** -0.2)));
      if (step < 1e-14 * Math.max(1, Math.abs(t))) break;
    }
    throw new NumericalError({
      where: "gradientFlow",
      problem: `no step from time ${t} towards ${to} keeps the error below ${this.#tolerance}`,
      expected: `a step with an error below ${this.#tolerance}`,
      received: "none",
      remedy: "raise `tolerance`, or check that the densities are smooth there",
    });
  }
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
