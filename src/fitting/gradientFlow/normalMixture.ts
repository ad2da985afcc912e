/**
 * A mixture of normals with its score and the Hessian of its logarithm.
 *
 *     p(z)               = sum_k w_k N(z; m_k, S_k)
 *     grad log p         = sum_k r_k a_k,       a_k = -S_k^-1 (z - m_k),  r_k = w_k N_k / p
 *     Hessian of log p   = sum_k r_k (a_k a_k' - S_k^-1) - grad log p grad log p'
 *
 * @module
 */

import { ShapeError, UsageError } from "../../errors.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import {
  drawFromMixture,
  type MixtureTerms,
  mixtureLogDensity,
  mixtureTerms,
  type NormalComponent,
  whitening,
} from "../../numerics/normalDistributions.ts";
import { refuse } from "../../options.ts";
import type { RandomStream } from "../../random/philox.ts";

/** A mixture of normals as numbers. A fitted `GaussianMixture` is one. */
export interface NormalMixture {
  /** Weights, above 0; they add up to 1. */
  readonly weights: readonly number[];
  /** Means, one per component. */
  readonly means: readonly (readonly number[])[];
  /** Covariances, one per component, row-major. */
  readonly covariances: readonly (readonly number[])[];
}

/**
 * A component of a mixture; its offset is NaN where the covariance is not positive definite. O(d^3).
 *
 * @param whiten - What its W is written to.
 */
function componentOf(
  weight: number,
  mean: Float64Array,
  covariance: Float64Array,
  whiten: Float64Array,
): NormalComponent {
  const logDeterminant = whitening(covariance, mean.length, whiten);
  return { weight, mean, whiten, offset: Math.log(weight) - 0.5 * (mean.length * logTwoPi + logDeterminant) };
}

/** Draws points, row-major. */
export function sampleMixture(
  { weights, means, covariances }: NormalMixture,
  rows: number,
  stream: RandomStream,
): Float64Array {
  const d = means[0]!.length;
  const components = weights.map((weight, k) =>
    componentOf(
      weight,
      Float64Array.from(means[k]!),
      Float64Array.from(covariances[k]!),
      new Float64Array(d * d),
    ),
  );
  const out = new Float64Array(rows * d);
  for (let at = 0; at < out.length; at += d) drawFromMixture(components, stream, out.subarray(at, at + d));
  return out;
}

/** A mixture made ready to be evaluated; {@link move} changes it in place. */
export class MixtureAt {
  /** Numbers of a point. */
  readonly features: number;
  readonly #components: NormalComponent[];
  readonly #precision: Float64Array[];
  readonly #terms: MixtureTerms;
  readonly #pulls: Float64Array[];

  /**
   * @throws ShapeError if sizes do not fit together.
   * @throws UsageError if the weights are not positive with sum 1, or a covariance is not positive definite.
   */
  constructor({ weights, means, covariances }: NormalMixture) {
    const d = means[0]?.length ?? 0;
    if (d === 0 || weights.length !== means.length || weights.length !== covariances.length)
      throw new ShapeError({
        where: "mixture",
        problem: `there are ${weights.length} weights, ${means.length} means and ${covariances.length} covariances`,
        expected: "equally many, at least one",
        received: `${weights.length}, ${means.length} and ${covariances.length}`,
        remedy: "give one of each per component, of at least one feature",
      });
    for (let k = 0; k < means.length; k++)
      if (means[k]!.length !== d || covariances[k]!.length !== d * d)
        throw new ShapeError({
          where: "mixture",
          subject: `component ${k + 1}`,
          expected: `a mean of ${d} and a covariance of ${d * d} numbers`,
          received: `${means[k]!.length} and ${covariances[k]!.length}`,
        });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!weights.every((weight) => weight > 0) || !(Math.abs(total - 1) < 1e-9))
      refuse("mixture", "weights", "above 0 and add up to 1", weights.join(", "));
    this.features = d;
    this.#components = weights.map((weight, k) => ({
      weight,
      mean: Float64Array.from(means[k]!),
      whiten: new Float64Array(d * d),
      offset: Number.NaN,
    }));
    this.#precision = means.map(() => new Float64Array(d * d));
    this.#pulls = means.map(() => new Float64Array(d));
    this.#terms = mixtureTerms(means.length, d);
    covariances.forEach((covariance, k) => {
      this.move(k, this.#components[k]!.mean, Float64Array.from(covariance));
    });
  }

  /**
   * Gives component k another mean and covariance. O(d^3).
   * @throws UsageError if the covariance is not positive definite.
   */
  move(k: number, mean: Float64Array, covariance: Float64Array): void {
    const d = this.features;
    const { weight, mean: place, whiten } = this.#components[k]!;
    place.set(mean);
    const component = componentOf(weight, place, covariance, whiten);
    if (Number.isNaN(component.offset))
      throw new UsageError({
        where: "mixture",
        subject: `the covariance of component ${k + 1}`,
        expected: "positive definite",
        received: "one that is not",
      });
    this.#components[k] = component;
    const precision = this.#precision[k]!;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        let value = 0;
        for (let l = Math.max(i, j); l < d; l++) value += whiten[l * d + i]! * whiten[l * d + j]!;
        precision[i * d + j] = value;
      }
  }

  /**
   * log p at the point that starts at `start`; the score goes to `score`, the Hessian, row-major, to `hessian`.
   * O(K d^2).
   */
  evaluate(points: Float64Array, start: number, score?: Float64Array, hessian?: Float64Array): number {
    const d = this.features;
    const count = this.#components.length;
    const { logTerms, noises } = this.#terms;
    const value = mixtureLogDensity(this.#components, points, start, this.#terms);
    if (!score) return value;
    for (let k = 0; k < count; k++) {
      const { whiten } = this.#components[k]!;
      const pull = this.#pulls[k]!.fill(0);
      for (let i = 0; i < d; i++)
        for (let j = 0; j <= i; j++) pull[j]! -= whiten[i * d + j]! * noises[k]![i]!;
    }
    score.fill(0);
    hessian?.fill(0);
    for (let k = 0; k < count; k++) {
      const share = Math.exp(logTerms[k]! - value);
      const pull = this.#pulls[k]!;
      for (let i = 0; i < d; i++) {
        score[i]! += share * pull[i]!;
        if (hessian)
          for (let j = 0; j < d; j++)
            hessian[i * d + j]! += share * (pull[i]! * pull[j]! - this.#precision[k]![i * d + j]!);
      }
    }
    if (hessian)
      for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) hessian[i * d + j]! -= score[i]! * score[j]!;
    return value;
  }

  /** log p of each point, in nats. */
  logDensity(points: Float64Array): Float64Array {
    const d = this.features;
    return Float64Array.from({ length: points.length / d }, (_, row) => this.evaluate(points, row * d));
  }

  /** grad log p at each point. */
  gradient(points: Float64Array): Float64Array {
    const d = this.features;
    const out = new Float64Array(points.length);
    for (let at = 0; at < points.length; at += d) this.evaluate(points, at, out.subarray(at, at + d));
    return out;
  }
}
