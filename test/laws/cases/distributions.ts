/**
 * The table that drives the laws of distributions: at least one row for every exported one. An export without a row does not
 * compile.
 *
 * @module
 */

import { elementwise } from "../../../src/bijections/autoregressive/elementwise.ts";
import { mixtureOf } from "../../../src/distributions/composed/mixtureOf.ts";
import { pushforward } from "../../../src/distributions/composed/pushforward.ts";
import { diagonalNormal } from "../../../src/distributions/diagonalNormal.ts";
import type { Distribution } from "../../../src/distributions/distribution.ts";
import { gaussianMixture } from "../../../src/distributions/gaussianMixture.ts";
import { half } from "../../../src/distributions/independent/half.ts";
import { laplace, logistic, studentT } from "../../../src/distributions/independent/locationScale.ts";
import { truncated } from "../../../src/distributions/independent/truncated.ts";
import { uniformNormal } from "../../../src/distributions/independent/uniformNormal.ts";
import { vonMises } from "../../../src/distributions/independent/vonMises.ts";
import { classNormal } from "../../../src/distributions/joint/classNormal.ts";
import { conditionalGaussianMixture } from "../../../src/distributions/joint/conditionalGaussianMixture.ts";
import { conditionalNormal } from "../../../src/distributions/joint/conditionalNormal.ts";
import { lowRankNormal } from "../../../src/distributions/joint/lowRankNormal.ts";
import { resampled } from "../../../src/distributions/joint/resampled.ts";
import { sorted } from "../../../src/distributions/joint/sorted.ts";
import { kernelDensity } from "../../../src/distributions/kernelDensity.ts";
import { standardNormal } from "../../../src/distributions/standardNormal.ts";
import { tailedNormal } from "../../../src/distributions/tailedNormal.ts";
import { uniform } from "../../../src/distributions/uniform/uniform.ts";
import { sortedValues } from "../../../src/graph/library/sorted.ts";
import * as g from "../../../src/graph/ops.ts";
import { sigmoidTransformer } from "../../../src/transformers/elementary/sigmoidTransformer.ts";
import { sinhArcsinh } from "../../../src/transformers/tails/sinhArcsinh.ts";
import type { DistributionName } from "./exported.ts";

/** The same at points that ascend: engines and differences are compared where there is a density. */
const atAscending = (own: Distribution): Distribution => ({
  ...own,
  logProb: (x, p) => own.logProb(sortedValues(x, own.features), p),
});
/** A distribution of a context, at one. */
function given(own: Distribution, at: readonly number[] = [0.4]): Distribution {
  const c = g.constant(at);
  return { ...own, logProb: (x, p) => own.logProb(x, p, c), sample: (noise, p) => own.sample(noise, p, c) };
}

/** A flow of a context, and one of none. */
const [conditional, unconditional] = [1, 0].map((context) => (features: number): Distribution => {
  const bijection = elementwise({ features, context, transformer: sinhArcsinh() });
  return pushforward({ base: standardNormal({ features }), bijection, place: new Array(features).fill(2) });
}) as [(features: number) => Distribution, (features: number) => Distribution];

/** Rows by the name of the exported function: a distribution of any number of features. */
export const distributionCases: Readonly<
  Record<DistributionName, Readonly<Record<string, (features: number) => Distribution>>>
> = {
  classNormal: {
    "one-hot": (features) => given(classNormal({ features, classes: 3 }), [0, 1, 0]),
    index: (features) => given(classNormal({ features, classes: 3, encoding: "index" }), [2]),
  },
  conditionalNormal: {
    "one hidden layer": (features) => given(conditionalNormal({ features, context: 1, hidden: [3] })),
  },
  conditionalGaussianMixture: {
    "two components": (features) =>
      given(
        conditionalGaussianMixture({ features, context: 1, components: 2, hidden: [3], leastScale: 0.01 }),
      ),
  },
  diagonalNormal: { plain: (features) => diagonalNormal({ features }) },
  gaussianMixture: {
    "three components": (features) => gaussianMixture({ features, components: 3 }),
  },
  half: {
    normal: (features) => half({ features }),
    "Student's t": (features) => half({ features, law: "studentT" }),
  },
  laplace: { plain: (features) => laplace({ features }) },
  logistic: { plain: (features) => logistic({ features }) },
  lowRankNormal: { "rank 1": (features) => lowRankNormal({ features, rank: 1 }) },
  mixtureOf: {
    "t and uniform": (features) =>
      mixtureOf({
        parts: [
          studentT({ features }),
          uniform({ lower: new Array(features).fill(-2), upper: new Array(features).fill(4) }),
        ],
      }),
    "two flows, whose weights follow a context": (features) =>
      given(mixtureOf({ parts: [conditional(features), diagonalNormal({ features })], hidden: [3] })),
  },
  pushforward: {
    "a flow, moved": unconditional,
    "of a context, onto an interval": (features) =>
      given(
        pushforward({
          base: conditional(features),
          bijection: elementwise({ features, transformer: sigmoidTransformer() }),
        }),
      ),
  },
  resampled: {
    "of four points": (features) => resampled({ features, hidden: [4], truncation: 4 }),
  },
  studentT: { plain: (features) => studentT({ features }) },
  kernelDensity: { "five points": (features) => kernelDensity({ features, points: 5 }) },
  sorted: {
    "standard normal": (features) => atAscending(sorted({ of: standardNormal({ features }) })),
    "uniform and normal": (features) =>
      atAscending(
        sorted({
          of: mixtureOf({
            parts: [
              uniform({ lower: new Array(features).fill(-2), upper: new Array(features).fill(4) }),
              standardNormal({ features }),
            ],
          }),
        }),
      ),
  },
  standardNormal: { plain: (features) => standardNormal({ features }) },
  tailedNormal: { "a tenth": (features) => tailedNormal({ features, share: 0.1 }) },
  truncated: {
    "normal, below 3": (features) =>
      truncated({ lower: new Array(features).fill(null), upper: new Array(features).fill(3) }),
    "Laplace, from -2 to 4": (features) =>
      truncated({
        lower: new Array(features).fill(-2),
        upper: new Array(features).fill(4),
        law: "laplace",
      }),
    "logistic, above -2": (features) =>
      truncated({
        lower: new Array(features).fill(-2),
        upper: new Array(features).fill(null),
        law: "logistic",
      }),
  },
  uniform: {
    "from -2 to 4": (features) =>
      uniform({ lower: new Array(features).fill(-2), upper: new Array(features).fill(4) }),
  },
  uniformNormal: {
    "the second uniform": (features) =>
      uniformNormal({ scale: [0.5, 3].slice(0, features), uniform: features > 1 ? [1] : [] }),
  },
  vonMises: { plain: (features) => vonMises({ features }) },
};

/** How far the integral of a row reaches, where that is not 400: a kink costs the sum digits, which finer cells give back. */
export const reaches: Readonly<Record<string, number>> = { "laplace: plain": 100 };
