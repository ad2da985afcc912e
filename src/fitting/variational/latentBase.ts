/**
 * The base of a variational flow, and a wider one with heavy tails beside it: what the flow draws from, and what its tails are
 * checked by.
 *
 * Both are mixtures of the same components, with mean m, factor L and z = L^-1 (x - m): normal ones, or those of Student's
 * distribution with 3 degrees of freedom,
 *
 *     log q(z) = -|z|^2 / 2 - n log(2 pi) / 2
 *     log s(z) = -(nu + n) / 2 log(1 + |z|^2 / nu) + log gamma((nu + n) / 2) - log gamma(nu / 2) - n log(nu pi) / 2
 *
 * @module
 */

import type { Distribution } from "../../distributions/distribution.ts";
import { gaussianMixture } from "../../distributions/gaussianMixture.ts";
import { standardNormal } from "../../distributions/standardNormal.ts";
import { elementwise } from "../../graph/ops/elementwise.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { logTwoPi } from "../../numerics/constants.ts";

/** One component, with a lower triangular factor, row-major. */
export interface Component {
  readonly logWeight: number;
  readonly mean: Float64Array;
  readonly factor: Float64Array;
}

const freedom = 3;

/** log gamma of multiples of a half. */
function logGammaOfHalf(twice: number): number {
  let sum = twice % 2 === 0 ? 0 : 0.5 * Math.log(Math.PI);
  for (let k = twice % 2 === 0 ? 2 : 1; k < twice; k += 2) sum += Math.log(k / 2);
  return sum;
}

/** A base of normal components, computed on arrays. */
export class LatentBase {
  readonly features: number;
  readonly components: readonly Component[];

  constructor(features: number, components: readonly Component[]) {
    this.features = features;
    this.components = components;
  }

  /** One standard normal component. */
  static standard(features: number): LatentBase {
    const factor = Float64Array.from({ length: features * features }, (_, i) =>
      i % (features + 1) === 0 ? 1 : 0,
    );
    return new LatentBase(features, [{ logWeight: 0, mean: new Float64Array(features), factor }]);
  }

  get isStandard(): boolean {
    return this.components.length === 1;
  }

  /** As the base of a flow. */
  get distribution(): Distribution {
    const { features } = this;
    return this.isStandard
      ? standardNormal({ features })
      : gaussianMixture({ features, components: this.components.length });
  }

  /** Values of the parameters of {@link distribution}. */
  get values(): ParameterValues {
    if (this.isStandard) return {};
    const n = this.features;
    return {
      logWeight: Float64Array.from(this.components, ({ logWeight }) => logWeight),
      mean: Float64Array.from(this.components.flatMap(({ mean }) => Array.from(mean))),
      factor: Float64Array.from(
        this.components.flatMap(({ factor }) =>
          Array.from({ length: n }, (_, i) =>
            Array.from({ length: i + 1 }, (_, j) =>
              i === j ? Math.log(factor[i * n + i]!) : factor[i * n + j]!,
            ),
          ).flat(),
        ),
      ),
    };
  }

  /** Numbers of standard normal noise that {@link sample} takes for one row; {@link wide} takes more. */
  get noise(): number {
    return this.isStandard ? this.features : this.features + 1;
  }

  get wideNoise(): number {
    return this.features + 1 + freedom;
  }

  /** A sample of the base for each row of noise, the same that {@link distribution} makes of it. */
  sample(noise: Float64Array): Float64Array {
    return this.#samples(noise, this.noise, () => 1);
  }

  /** Samples of the wide base. */
  wideSample(noise: Float64Array): Float64Array {
    return this.#samples(noise, this.wideNoise, (row) => {
      let square = 0;
      for (let i = 0; i < freedom; i++) square += row[this.features + 1 + i]! ** 2;
      return Math.sqrt(freedom / square);
    });
  }

  #samples(noise: Float64Array, width: number, scaleOf: (row: Float64Array) => number): Float64Array {
    const n = this.features;
    const rows = noise.length / width;
    const out = new Float64Array(rows * n);
    for (let row = 0; row < rows; row++) {
      const rowNoise = noise.subarray(row * width, (row + 1) * width);
      const { mean, factor } = this.#chosen(rowNoise[n]);
      const scale = scaleOf(rowNoise);
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += factor[i * n + j]! * rowNoise[j]!;
        out[row * n + i] = mean[i]! + scale * sum;
      }
    }
    return out;
  }

  #chosen(noise: number | undefined): Component {
    const last = this.components.at(-1)!;
    if (this.isStandard) return last;
    const level = 0.5 * (1 + elementwise.erf.value(noise! * Math.SQRT1_2, 0, 0));
    let sum = 0;
    for (const component of this.components) {
      sum += Math.exp(component.logWeight);
      if (level < sum) return component;
    }
    return last;
  }

  /** Log-densities of points of the wide base, in nats. */
  wideLogProb(points: Float64Array): Float64Array {
    return this.logProbs(points).wide;
  }

  /** Log-densities of points, in nats: of the base, and of the wide one. */
  logProbs(points: Float64Array): { readonly own: Float64Array; readonly wide: Float64Array } {
    const n = this.features;
    const rows = points.length / n;
    const own = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
    const wide = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
    const normal = -0.5 * n * logTwoPi;
    const student =
      logGammaOfHalf(freedom + n) - logGammaOfHalf(freedom) - 0.5 * n * Math.log(freedom * Math.PI);
    const z = new Float64Array(n);
    for (const { logWeight, mean, factor } of this.components) {
      let offset = logWeight;
      for (let i = 0; i < n; i++) offset -= Math.log(factor[i * n + i]!);
      for (let row = 0; row < rows; row++) {
        let square = 0;
        for (let i = 0; i < n; i++) {
          let sum = points[row * n + i]! - mean[i]!;
          for (let j = 0; j < i; j++) sum -= factor[i * n + j]! * z[j]!;
          z[i] = sum / factor[i * n + i]!;
          square += z[i]! ** 2;
        }
        own[row] = logAdd(own[row]!, offset + normal - 0.5 * square);
        wide[row] = logAdd(wide[row]!, offset + student - 0.5 * (freedom + n) * Math.log1p(square / freedom));
      }
    }
    return { own, wide };
  }
}

/** log(e^a + e^b). */
export function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high));
}
