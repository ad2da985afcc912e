/**
 * The gradient flow with unit mobility from a mixture of normals to a normal, exact up to the tolerance of an
 * ordinary differential equation, in any dimension.
 *
 *     dz/dt = grad log mu(z) - grad log rho_t(z),   mu = N(b, C),   rho = sum_k w_k N(m_k, S_k)
 *
 * rho_t solves the linear Fokker-Planck equation d rho_t/dt = div(grad rho_t - rho_t grad log mu), whose transition
 * kernel is normal; so each component moves on its own, with E = exp(-t C^-1):
 *
 *     m_k(t) = b + E (m_k - b),      S_k(t) = E S_k E + C (1 - E^2)
 *
 * which for mu = N(0, I) is m e^-t and S e^-2t + (1 - e^-2t) I. The computation is done in the eigenbasis of C, in
 * which E is diagonal. log abs(det J) of phi_t is log rho(x) - log rho_t(phi_t(x)); the Jacobian itself solves
 * dJ/dt = (grad u) J, with the Hessian of log rho_t in closed form.
 *
 * H. Risken, "The Fokker-Planck Equation" (1989), section 6.5, for the kernel.
 *
 * @module
 */

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { AbortedError } from "../../errors.ts";
import { DormandPrince } from "../../numerics/ode/dormandPrince.ts";
import { MixtureAt, type NormalMixture } from "./normalMixture.ts";
import type { PathParts, TrajectoryParts } from "./trajectory.ts";

/** Rows between two turns of the event loop, so that an abort is heard. */
const rowsATurn = 64;

/** The field u(t, z), in the eigenbasis of the covariance of mu around its mean. */
class ExactField {
  readonly features: number;
  readonly #mixture: MixtureAt;
  /** Eigenvalues of C. */
  readonly #spread: Float64Array;
  /** Columns are the eigenvectors of C. */
  readonly #basis: Matrix;
  readonly #center: Float64Array;
  readonly #means: Float64Array[];
  readonly #covariances: Float64Array[];
  #time = 0;

  constructor(from: NormalMixture, to: NormalMixture) {
    const d = to.means[0]!.length;
    this.features = d;
    this.#center = Float64Array.from(to.means[0]!);
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
      Matrix.from1DArray(d, d, [...to.covariances[0]!]),
      { assumeSymmetric: true },
    );
    this.#spread = Float64Array.from(realEigenvalues);
    this.#basis = eigenvectorMatrix;
    this.#means = from.means.map((mean) => this.inward(Float64Array.from(mean)));
    const turned = this.#basis.transpose();
    this.#covariances = from.covariances.map((covariance) =>
      Float64Array.from(
        turned
          .mmul(Matrix.from1DArray(d, d, [...covariance]))
          .mmul(this.#basis)
          .to1DArray(),
      ),
    );
    this.#mixture = new MixtureAt({
      weights: from.weights,
      means: this.#means.map((mean) => Array.from(mean)),
      covariances: this.#covariances.map((covariance) => Array.from(covariance)),
    });
  }

  /** Data coordinates to own ones. */
  inward(points: Float64Array): Float64Array {
    return this.#rotate(
      points.map((value, at) => value - this.#center[at % this.features]!),
      true,
    );
  }

  /** Own coordinates to data ones. */
  outward(points: Float64Array): Float64Array {
    return this.#rotate(points, false).map((value, at) => value + this.#center[at % this.features]!);
  }

  /** Vectors from own coordinates. */
  outwardVector(vectors: Float64Array): Float64Array {
    return this.#rotate(vectors, false);
  }

  /** A matrix from own coordinates. */
  outwardMatrix(matrix: Float64Array): Float64Array {
    const d = this.features;
    const square = Matrix.from1DArray(d, d, [...matrix]);
    return Float64Array.from(this.#basis.mmul(square).mmul(this.#basis.transpose()).to1DArray());
  }

  #rotate(points: Float64Array, inward: boolean): Float64Array {
    const d = this.features;
    const out = new Float64Array(points.length);
    for (let start = 0; start < points.length; start += d)
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++)
          out[start + i]! += (inward ? this.#basis.get(j, i) : this.#basis.get(i, j)) * points[start + j]!;
    return out;
  }

  #moveTo(t: number): void {
    if (t === this.#time) return;
    this.#time = t;
    const d = this.features;
    const decay = this.#spread.map((time) => Math.exp(-t / time));
    const grown = this.#spread.map((time) => -time * Math.expm1((-2 * t) / time));
    for (let k = 0; k < this.#means.length; k++) {
      const mean = this.#means[k]!.map((value, i) => decay[i]! * value);
      const covariance = this.#covariances[k]!.map((value, at) => {
        const i = Math.floor(at / d);
        const j = at % d;
        return decay[i]! * value * decay[j]! + (i === j ? grown[i]! : 0);
      });
      this.#mixture.move(k, mean, covariance);
    }
  }

  /** log rho_t. */
  logDensity(t: number, z: Float64Array, start = 0): number {
    this.#moveTo(t);
    return this.#mixture.evaluate(z, start);
  }

  /** u(t, z) to `out`, its Jacobian to `slope` where given. */
  velocity(t: number, z: Float64Array, out: Float64Array, slope?: Float64Array): void {
    this.#moveTo(t);
    const d = this.features;
    this.#mixture.evaluate(z, 0, out, slope);
    for (let i = 0; i < d; i++) {
      out[i] = -z[i]! / this.#spread[i]! - out[i]!;
      if (!slope) continue;
      for (let j = 0; j < d; j++)
        slope[i * d + j] = -slope[i * d + j]! - (i === j ? 1 / this.#spread[i]! : 0);
    }
  }
}

/** Options of the computation. */
export interface ExactOptions {
  readonly times: Float64Array;
  readonly tolerance: number;
  readonly jacobians: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The flow of one mixture to one normal. */
export class ExactFlow {
  readonly #field: ExactField;
  readonly #options: ExactOptions;

  constructor(from: NormalMixture, to: NormalMixture, options: ExactOptions) {
    this.#field = new ExactField(from, to);
    this.#options = options;
  }

  /** Follows points from time 0. O(K d^3) per row and stage, K components. */
  async toBase(points: Float64Array): Promise<TrajectoryParts> {
    const field = this.#field;
    const { times } = this.#options;
    const d = field.features;
    const velocities: Float64Array[] = Array.from(times, () => new Float64Array(points.length));
    const divergences = Array.from(times, () => new Float64Array(points.length / d));
    const velocity = new Float64Array(d);
    const slope = new Float64Array(d * d);
    const parts = await this.#carry(points, (state, move, visit) => {
      let t = 0;
      times.forEach((next, k) => {
        move(state, t, next);
        t = next;
        visit(k, state);
      });
    });
    for (let k = 0; k < times.length; k++) {
      const inward = field.inward(parts.points[k]!);
      for (let row = 0; row < divergences[k]!.length; row++) {
        field.velocity(times[k]!, inward.subarray(row * d, (row + 1) * d), velocity, slope);
        velocities[k]!.set(velocity, row * d);
        for (let i = 0; i < d; i++) divergences[k]![row]! += slope[i * d + i]!;
      }
      velocities[k] = field.outwardVector(velocities[k]!);
    }
    return { ...parts, velocities, divergences };
  }

  /** Follows points backwards from each of the times. */
  toData(points: Float64Array): Promise<PathParts> {
    const { times } = this.#options;
    return this.#carry(
      points,
      (start, move, visit) => {
        times.forEach((t, k) => {
          const state = start.slice();
          move(state, t, 0);
          visit(k, state);
        });
      },
      true,
    );
  }

  async #carry(
    points: Float64Array,
    route: (
      state: Float64Array,
      move: (state: Float64Array, from: number, to: number) => void,
      visit: (k: number, state: Float64Array) => void,
    ) => void,
    backwards = false,
  ): Promise<PathParts> {
    const field = this.#field;
    const { times, tolerance, jacobians: wanted, signal } = this.#options;
    const d = field.features;
    const rows = points.length / d;
    const slope = wanted ? new Float64Array(d * d) : undefined;
    const size = d + (wanted ? d * d : 0);
    const velocity = new Float64Array(d);
    const solver = new DormandPrince(
      (t, y, out) => {
        field.velocity(t, y, velocity, slope);
        out.set(velocity);
        if (slope)
          for (let i = 0; i < d; i++)
            for (let j = 0; j < d; j++) {
              let sum = 0;
              for (let l = 0; l < d; l++) sum += slope[i * d + l]! * y[d + l * d + j]!;
              out[d + i * d + j] = sum;
            }
      },
      size,
      tolerance,
    );
    const moved = Array.from(times, () => new Float64Array(points.length));
    const logAbsDet = Array.from(times, () => new Float64Array(rows));
    const jacobians = wanted ? Array.from(times, () => new Float64Array(rows * d * d)) : undefined;
    const inward = field.inward(points);
    for (let row = 0; row < rows; row++) {
      if (row % rowsATurn === 0) {
        await new Promise((resolve) => setTimeout(resolve));
        if (signal?.aborted) throw new AbortedError("the gradient flow was stopped");
      }
      const start = inward.slice(row * d, (row + 1) * d);
      const state = new Float64Array(size);
      state.set(start);
      if (wanted) for (let i = 0; i < d; i++) state[d + i * d + i] = 1;
      solver.reset();
      route(
        state,
        (y, from, to) => solver.advance(y, from, to),
        (k, y) => {
          const t = times[k]!;
          moved[k]!.set(y.subarray(0, d), row * d);
          logAbsDet[k]![row] = backwards
            ? field.logDensity(t, start) - field.logDensity(0, y)
            : field.logDensity(0, start) - field.logDensity(t, y);
          jacobians?.[k]?.set(field.outwardMatrix(y.subarray(d)), row * d * d);
        },
      );
    }
    return { times, points: moved.map((each) => field.outward(each)), logAbsDet, jacobians };
  }
}
