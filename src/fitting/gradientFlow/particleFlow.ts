/**
 * The gradient flow of particles that estimate the score from each other.
 *
 *     p_t(z)  = 1/n sum_j K((z - z_j) / h),      K a product of normals, h_i = c s_i a feature
 *     dz/dt   = m (grad log mu(z) - grad log p_t(z)),      m = p_t(z) or 1
 *
 * with s_i the standard deviation of the particles at time t, and c the bandwidth. All particles count, the point's own
 * too. The bias: p_t estimates rho_t blurred by the kernel. For a normal rho_t of deviation s the score comes out as
 * -z / (s^2 (1 + c^2)) instead of -z / s^2, so that with unit mobility and mu = N(0, 1)
 *
 *     d s^2/dt = -2 s^2 + 2 / (1 + c^2),       s^2 -> 1 / (1 + c^2)
 *
 * for many particles: they end too narrow. Between modes the estimate is too high and mass moves too late.
 *
 * Outside of the cloud the score is that of the nearest particle, and grows as the distance over h^2: a point there
 * is driven away, by exp(t / h^2). Followed points should be where particles are.
 *
 * log abs(det J) of phi_t is the integral of div u along the path. Points that are not particles are carried by the same
 * field, of which the particles' paths are kept as cubics between the steps of the solver.
 *
 * B. Silverman, "Density Estimation for Statistics and Data Analysis" (1986), section 4.3.2, for the default c.
 *
 * @module
 */

import { DataError, type ErrorFacts, UsageError } from "../../errors.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { Stabilized } from "../../numerics/stabilized.ts";
import type { ResolvedDensity } from "./density.ts";
import type { Mobility } from "./gradientFlow.ts";
import type { PathParts, TrajectoryParts } from "./trajectory.ts";

interface Common {
  readonly times: Float64Array;
  readonly tolerance: number;
  readonly jacobians: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The particles at the end of a step. */
interface Moment {
  readonly t: number;
  readonly points: Float64Array;
  readonly velocity: Float64Array;
}

/** The kernel estimate from one set of particles. */
class KernelEstimate {
  /** Row-major. */
  readonly particles: Float64Array;
  readonly #features: number;
  readonly #precision: Float64Array;
  readonly #logScale: number;
  readonly #terms: Float64Array;

  constructor(particles: Float64Array, features: number, bandwidth: number) {
    const rows = particles.length / features;
    this.particles = particles;
    this.#features = features;
    this.#precision = new Float64Array(features);
    this.#terms = new Float64Array(rows);
    let logScale = -Math.log(rows) - 0.5 * features * logTwoPi;
    for (let i = 0; i < features; i++) {
      let mean = 0;
      for (let at = i; at < particles.length; at += features) mean += particles[at]! / rows;
      let variance = 0;
      for (let at = i; at < particles.length; at += features) variance += (particles[at]! - mean) ** 2 / rows;
      this.#precision[i] = 1 / (bandwidth ** 2 * variance);
      logScale += 0.5 * Math.log(this.#precision[i]!);
    }
    this.#logScale = logScale;
  }

  /**
   * log p, its gradient and, where there is room for it, its Hessian at the point that starts at `start`. O(n d), with the
   * Hessian O(n d^2).
   */
  evaluate(points: Float64Array, start: number, score: Float64Array, hessian?: Float64Array): number {
    const d = this.#features;
    const [particles, precision, terms] = [this.particles, this.#precision, this.#terms];
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < terms.length; j++) {
      let squares = 0;
      for (let i = 0; i < d; i++)
        squares += precision[i]! * (points[start + i]! - particles[j * d + i]!) ** 2;
      terms[j] = -0.5 * squares;
      if (terms[j]! > largest) largest = terms[j]!;
    }
    score.fill(0);
    hessian?.fill(0);
    let sum = 0;
    for (let j = 0; j < terms.length; j++) {
      const term = terms[j]! - largest;
      // Adds nothing that the sum would keep.
      if (term < -40) continue;
      const share = Math.exp(term);
      sum += share;
      for (let i = 0; i < d; i++) {
        const pull = precision[i]! * (particles[j * d + i]! - points[start + i]!);
        score[i]! += share * pull;
        if (!hessian) continue;
        for (let l = 0; l <= i; l++)
          hessian[i * d + l]! += share * pull * precision[l]! * (particles[j * d + l]! - points[start + l]!);
      }
    }
    for (let i = 0; i < d; i++) score[i]! /= sum;
    if (hessian)
      for (let i = 0; i < d; i++)
        for (let l = 0; l <= i; l++) {
          const value = hessian[i * d + l]! / sum - score[i]! * score[l]! - (i === l ? precision[i]! : 0);
          hessian[i * d + l] = value;
          hessian[l * d + i] = value;
        }
    return this.#logScale + largest + Math.log(sum);
  }
}

/** What is wrong where no step of the particles is small enough. */
const runOff = (what: string, time: number, remedy: string): ErrorFacts => ({
  where: "gradientFlow",
  problem: `${what} run off at time ${time}`,
  expected: "a step that is small enough",
  received: "none",
  remedy,
});

/** Particles moved to the last of the times, and the field that they made. */
export class ParticleFlow {
  readonly #to: ResolvedDensity;
  readonly #mobility: Mobility;
  readonly #bandwidth: number;
  readonly #common: Common;
  readonly #features: number;
  readonly #history: Moment[] = [];

  private constructor(to: ResolvedDensity, mobility: Mobility, bandwidth: number, common: Common) {
    this.#to = to;
    this.#mobility = mobility;
    this.#bandwidth = bandwidth;
    this.#common = common;
    this.#features = to.features;
  }

  /**
   * Moves the particles. O(n^2 d) per stage; the paths are kept, n d numbers per step.
   * @throws {@link DataError} for fewer than two particles, or a constant feature; UsageError for a bandwidth not above 0.
   */
  static async create(
    points: Float64Array,
    to: ResolvedDensity,
    mobility: Mobility,
    bandwidth: number | undefined,
    common: Common,
  ): Promise<ParticleFlow> {
    const d = to.features;
    const rows = points.length / d;
    for (let i = 0; i < d; i++)
      if (points.every((value, at) => at % d !== i || value === points[i]))
        throw new DataError({
          where: "gradientFlow",
          problem: `all ${rows} particles have the same feature ${i + 1}`,
          expected: "spread in each feature",
          received: "none",
          remedy: "a density needs spread in each",
        });
    const width = bandwidth ?? (4 / ((d + 2) * rows)) ** (1 / (d + 4));
    if (!(width > 0 && Number.isFinite(width)))
      throw new UsageError({
        where: "gradientFlow",
        subject: "bandwidth",
        expected: "above 0",
        received: `${width}`,
      });
    const flow = new ParticleFlow(to, mobility, width, common);
    await flow.#solve(points.slice());
    return flow;
  }

  /** log of the kernel estimate at time 0. */
  logDensityAtStart(points: Float64Array): Float64Array {
    const d = this.#features;
    const estimate = new KernelEstimate(this.#history[0]!.points, d, this.#bandwidth);
    const score = new Float64Array(d);
    return Float64Array.from({ length: points.length / d }, (_, row) =>
      estimate.evaluate(points, row * d, score),
    );
  }

  /** The field of an estimate at points, to `out`; its Jacobians, row-major, to `slope` where given. */
  async #field(
    estimate: KernelEstimate,
    points: Float64Array,
    out: Float64Array,
    slope?: Float64Array,
  ): Promise<void> {
    const d = this.#features;
    const pull = await this.#to.gradient(points);
    const curvature = slope && (await this.#curvature(points));
    const score = new Float64Array(d);
    const hessian = new Float64Array(d * d);
    for (let start = 0; start < points.length; start += d) {
      const value = estimate.evaluate(points, start, score, curvature && hessian);
      const mobility = this.#mobility === "unit" ? 1 : Math.exp(value);
      for (let i = 0; i < d; i++) out[start + i] = mobility * (pull[start + i]! - score[i]!);
      if (!slope || !curvature) continue;
      // grad(m v) = m (grad v + v grad log m), grad log m = grad log p or 0.
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++) {
          const own = mobility * (curvature[start * d + i * d + j]! - hessian[i * d + j]!);
          slope[start * d + i * d + j] = own + (this.#mobility === "unit" ? 0 : out[start + i]! * score[j]!);
        }
    }
  }

  /** Hessians of log mu, by central differences of its gradient. */
  async #curvature(points: Float64Array): Promise<Float64Array> {
    const d = this.#features;
    const out = new Float64Array(points.length * d);
    for (let j = 0; j < d; j++) {
      const step = (value: number): number => 6e-6 * Math.max(1, Math.abs(value));
      const up = await this.#to.gradient(points.map((v, at) => (at % d === j ? v + step(v) : v)));
      const down = await this.#to.gradient(points.map((v, at) => (at % d === j ? v - step(v) : v)));
      for (let at = 0; at < points.length; at++) {
        const moved = points[at - (at % d) + j]!;
        const width = moved + step(moved) - (moved - step(moved));
        out[at * d + j] = (up[at]! - down[at]!) / width;
      }
    }
    return out;
  }

  /** Carries points by the field of the particles: forwards from 0, or backwards from each time to 0. */
  async #carry(points: Float64Array, backwards: boolean): Promise<PathParts> {
    const d = this.#features;
    const { times, tolerance, jacobians: wanted, signal } = this.#common;
    const rows = points.length / d;
    const size = points.length;
    const slope = new Float64Array(size * d);
    const velocity = new Float64Array(size);
    // The particles' own paths are known; carried again, those at the rim would run off with every rounding.
    const first = this.#history[0]!.points;
    const isOwn =
      !backwards && size === first.length && points.every((coordinate, at) => coordinate === first[at]);
    const make = (from: number): Stabilized =>
      new Stabilized(
        async (t, y, out) => {
          const sign = backwards ? -1 : 1;
          const estimate = this.#estimateAt(from + sign * t);
          await this.#field(estimate, isOwn ? estimate.particles : y.subarray(0, size), velocity, slope);
          for (let at = 0; at < size; at++) out[at] = isOwn ? 0 : sign * velocity[at]!;
          for (let row = 0; row < rows; row++) {
            let divergence = 0;
            for (let i = 0; i < d; i++) divergence += slope[row * d * d + i * d + i]!;
            out[size + row] = sign * divergence;
            if (!wanted) continue;
            for (let i = 0; i < d; i++)
              for (let j = 0; j < d; j++) {
                let sum = 0;
                for (let l = 0; l < d; l++)
                  sum += slope[row * d * d + i * d + l]! * y[size + rows + row * d * d + l * d + j]!;
                out[size + rows + row * d * d + i * d + j] = sign * sum;
              }
          }
        },
        start.length,
        {
          tolerance,
          signal,
          failure: (t) => runOff("points", Math.abs(from - t), "raise `bandwidth`"),
        },
      );
    const start = new Float64Array(size + rows + (wanted ? rows * d * d : 0));
    start.set(points);
    if (wanted)
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < d; i++) start[size + rows + row * d * d + i * d + i] = 1;
    const states: Float64Array[] = [];
    const state = start.slice();
    const solver = make(0);
    let t = 0;
    for (const next of times) {
      if (backwards) {
        state.set(start);
        await make(next).advance(state, 0, next);
      } else await solver.advance(state, t, next);
      t = next;
      if (isOwn) state.set(this.#estimateAt(next).particles);
      states.push(state.slice());
    }
    return {
      times,
      points: states.map((state) => state.slice(0, size)),
      logAbsDet: states.map((state) => state.slice(size, size + rows)),
      jacobians: wanted ? states.map((state) => state.slice(size + rows)) : undefined,
    };
  }

  /** Follows points from time 0. O(rows n d^2) per stage. */
  async toBase(points: Float64Array): Promise<TrajectoryParts> {
    const d = this.#features;
    const parts = await this.#carry(points, false);
    const velocities: Float64Array[] = [];
    const divergences: Float64Array[] = [];
    for (let k = 0; k < parts.times.length; k++) {
      const velocity = new Float64Array(points.length);
      const slope = new Float64Array(points.length * d);
      await this.#field(this.#estimateAt(parts.times[k]!), parts.points[k]!, velocity, slope);
      velocities.push(velocity);
      divergences.push(
        Float64Array.from({ length: points.length / d }, (_, row) => {
          let sum = 0;
          for (let i = 0; i < d; i++) sum += slope[row * d * d + i * d + i]!;
          return sum;
        }),
      );
    }
    return { ...parts, velocities, divergences };
  }

  /** Follows points backwards from each of the times. */
  toData(points: Float64Array): Promise<PathParts> {
    return this.#carry(points, true);
  }

  async #solve(points: Float64Array): Promise<void> {
    const { times, tolerance, signal } = this.#common;
    const solver = new Stabilized(
      (_, y, out) => this.#field(new KernelEstimate(y, this.#features, this.#bandwidth), y, out),
      points.length,
      {
        tolerance,
        signal,
        onStep: (t, y, slope) => {
          if (this.#history.at(-1)?.t !== t)
            this.#history.push({ t, points: y.slice(), velocity: slope.slice() });
        },
        failure: (t) => runOff("particles", t, "check the gradient of `to` there"),
      },
    );
    const end = times[times.length - 1]!;
    const velocity = new Float64Array(points.length);
    await this.#field(new KernelEstimate(points, this.#features, this.#bandwidth), points, velocity);
    this.#history.push({ t: 0, points: points.slice(), velocity });
    await solver.advance(points, 0, end);
  }

  /** The estimate at any time up to the last. */
  #estimateAt(t: number): KernelEstimate {
    const history = this.#history;
    let low = 0;
    let high = history.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (history[middle]!.t <= t) low = middle;
      else high = middle;
    }
    const a = history[low]!;
    const b = history[high]!;
    const span = b.t - a.t;
    if (span === 0) return new KernelEstimate(a.points, this.#features, this.#bandwidth);
    const s = Math.max(0, Math.min(1, (t - a.t) / span));
    const h00 = (1 + 2 * s) * (1 - s) ** 2;
    const h10 = span * s * (1 - s) ** 2;
    const h11 = span * s * s * (s - 1);
    const points = a.points.map(
      (value, at) => h00 * value + (1 - h00) * b.points[at]! + h10 * a.velocity[at]! + h11 * b.velocity[at]!,
    );
    return new KernelEstimate(points, this.#features, this.#bandwidth);
  }
}
