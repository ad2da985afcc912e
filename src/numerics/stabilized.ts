/**
 * Ordinary differential equations that are stiff as diffusion is: an explicit Runge-Kutta-Chebyshev method of order 2,
 * whose s stages are stable for steps up to 0.65 s^2 divided by the spectral radius of the Jacobian. So the work grows
 * with the square root of the stiffness, and nothing is solved.
 *
 * B. Sommeijer, L. Shampine, J. Verwer, "RKC: an explicit solver for parabolic PDEs", Journal of Computational and
 * Applied Mathematics 88 (1997), https://doi.org/10.1016/S0377-0427(97)00219-7; equations 2.2 to 2.7 and section 3.
 *
 * @module
 */

import { AbortedError, type ErrorFacts, NumericalError } from "../errors.ts";

/** Writes the derivative at time t of the state y to `out`; NaN in it makes the step smaller. */
export type AsyncDerivative = (t: number, y: Float64Array, out: Float64Array) => Promise<void> | void;

/** Damping of the stability polynomial, as in RKC. */
const damping = 2 / 13;
/** Steps between two estimates of the spectral radius. */
const stepsAnEstimate = 25;
const maximumStages = 500;

/** Options of the solver. */
export interface StabilizedOptions {
  /** Largest error of a step, in the root mean square over the state, absolute below 1 and relative above. */
  readonly tolerance: number;
  readonly signal: AbortSignal | undefined;
  /** Called after each step, with the state and its derivative, which are not kept. */
  readonly onStep?: ((t: number, y: Float64Array, slope: Float64Array) => void) | undefined;
  /** What to say when no step is small enough. */
  readonly failure: (t: number) => ErrorFacts;
}

/** Coefficients of the s stages, in the letters of the paper. */
function chebyshev(s: number) {
  const w0 = 1 + damping / s ** 2;
  const T = [1, w0];
  const dT = [0, 1];
  const ddT = [0, 0];
  for (let j = 2; j <= s; j++) {
    T.push(2 * w0 * T[j - 1]! - T[j - 2]!);
    dT.push(2 * T[j - 1]! + 2 * w0 * dT[j - 1]! - dT[j - 2]!);
    ddT.push(4 * dT[j - 1]! + 2 * w0 * ddT[j - 1]! - ddT[j - 2]!);
  }
  const w1 = dT[s]! / ddT[s]!;
  const b = T.map((_, j) => (j < 2 ? ddT[2]! / dT[2]! ** 2 : ddT[j]! / dT[j]! ** 2));
  const a = T.map((value, j) => 1 - b[j]! * value);
  const c = T.map((_, j) => (j < 2 ? 0 : (w1 * ddT[j]!) / dT[j]!));
  c[1] = c[2]! / dT[2]!;
  return { w0, w1, a, b, c };
}

/** Moves one large state through time; keeps its step and its estimate of the stiffness between calls. */
export class Stabilized {
  readonly #derivative: AsyncDerivative;
  readonly #options: StabilizedOptions;
  readonly #slope: Float64Array;
  readonly #next: Float64Array;
  readonly #nextSlope: Float64Array;
  readonly #stages: Float64Array[];
  readonly #direction: Float64Array;
  #radius = 0;
  #age = Number.POSITIVE_INFINITY;
  #step = 0;

  constructor(derivative: AsyncDerivative, size: number, options: StabilizedOptions) {
    const make = (): Float64Array => new Float64Array(size);
    this.#derivative = derivative;
    this.#options = options;
    this.#slope = make();
    this.#next = make();
    this.#nextSlope = make();
    this.#stages = [make(), make(), make()];
    this.#direction = make();
  }

  /**
   * Moves `y` from time `from` to the later time `to`, in place.
   * @throws {@link NumericalError} if no step is small enough, AbortedError if the signal fires.
   */
  async advance(y: Float64Array, from: number, to: number): Promise<void> {
    if (from === to) return;
    const { tolerance, signal, onStep, failure } = this.#options;
    let t = from;
    let slope = this.#slope;
    let nextSlope = this.#nextSlope;
    await this.#derivative(t, y, slope);
    onStep?.(t, y, slope);
    let step = this.#step || (0.1 * Math.sqrt(tolerance)) / Math.max(1e-8, rms(slope));
    for (let count = 0; ; count++) {
      // A macrotask now and then lets aborts through.
      if (count % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
      if (signal?.aborted) throw new AbortedError("the gradient flow was stopped");
      if (this.#age >= stepsAnEstimate) {
        await this.#estimateRadius(t, y, slope);
        this.#age = 0;
      }
      this.#age++;
      const allowed = (0.65 * maximumStages ** 2) / Math.max(this.#radius, 1e-300);
      const h0 = Math.min(step, allowed);
      const last = h0 >= to - t;
      const h = last ? to - t : h0;
      const stages = Math.max(2, 1 + Math.floor(Math.sqrt(1 + 1.54 * h * this.#radius)));
      const next = await this.#attempt(t, y, slope, h, stages);
      await this.#derivative(t + h, next, nextSlope);
      let squares = 0;
      for (let i = 0; i < y.length; i++) {
        const error = 0.8 * (y[i]! - next[i]!) + 0.4 * h * (slope[i]! + nextSlope[i]!);
        squares += (error / (tolerance * Math.max(1, Math.abs(y[i]!), Math.abs(next[i]!)))) ** 2;
      }
      const error = Math.sqrt(squares / y.length);
      if (error <= 1) {
        y.set(next);
        t = last ? to : t + h;
        [slope, nextSlope] = [nextSlope, slope];
        onStep?.(t, y, slope);
        if (last) {
          this.#step = Math.max(step, h);
          return;
        }
      } else this.#age = Number.POSITIVE_INFINITY;
      step = h * (Number.isNaN(error) ? 0.1 : Math.min(3, Math.max(0.1, 0.8 * error ** (-1 / 3))));
      if (step < 1e-13 * Math.max(1, to)) throw new NumericalError(failure(t));
    }
  }

  /** One step of s stages; the result stays in a scratch array. */
  async #attempt(
    t: number,
    y: Float64Array,
    slope: Float64Array,
    h: number,
    s: number,
  ): Promise<Float64Array> {
    const { w0, w1, a, b, c } = chebyshev(s);
    let [before, last, next] = this.#stages as [Float64Array, Float64Array, Float64Array];
    const slopeHere = this.#next;
    before.set(y);
    const first = b[1]! * w1 * h;
    for (let i = 0; i < y.length; i++) last[i] = y[i]! + first * slope[i]!;
    for (let j = 2; j <= s; j++) {
      await this.#derivative(t + c[j - 1]! * h, last, slopeHere);
      const mu = (2 * b[j]! * w0) / b[j - 1]!;
      const nu = -b[j]! / b[j - 2]!;
      const muSlope = (2 * b[j]! * w1) / b[j - 1]!;
      const gamma = -a[j - 1]! * muSlope;
      for (let i = 0; i < y.length; i++)
        next[i] =
          (1 - mu - nu) * y[i]! +
          mu * last[i]! +
          nu * before[i]! +
          h * (muSlope * slopeHere[i]! + gamma * slope[i]!);
      [before, last, next] = [last, next, before];
    }
    return last;
  }

  /** The power method on differences of the derivative, from the vector that it ended with before. */
  async #estimateRadius(t: number, y: Float64Array, slope: Float64Array): Promise<void> {
    const direction = this.#direction;
    const trialState = this.#stages[0]!;
    const out = this.#next;
    if (rms(direction) === 0)
      // No direction of which the stiffest has no part: signs in a fixed irregular order.
      for (let i = 0; i < direction.length; i++) direction[i] = ((i * 2654435761) >>> 16) % 2 === 0 ? 1 : -1;
    const size = 1e-7 * Math.max(1e-3, rms(y));
    let radius = 0;
    for (let iteration = 0; iteration < 60; iteration++) {
      const scale = size / rms(direction);
      for (let i = 0; i < y.length; i++) trialState[i] = y[i]! + scale * direction[i]!;
      await this.#derivative(t, trialState, out);
      for (let i = 0; i < y.length; i++) direction[i] = out[i]! - slope[i]!;
      const estimate = rms(direction) / size;
      if (!Number.isFinite(estimate)) {
        direction.fill(0);
        throw new NumericalError(this.#options.failure(t));
      }
      if (estimate === 0) {
        direction.fill(0);
        break;
      }
      const change = Math.abs(estimate - radius);
      radius = Math.max(estimate, iteration < 4 ? 0 : radius);
      if (iteration > 3 && change < 0.02 * estimate) break;
    }
    this.#radius = 1.2 * radius;
  }
}

function rms(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum / values.length);
}
