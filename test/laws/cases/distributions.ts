/**
 * The table that drives the laws of distributions: at least one row for every exported one. An export without a row does not
 * compile.
 *
 * @module
 */

import { diagonalNormal } from "../../../src/distributions/diagonalNormal.ts";
import type { Distribution } from "../../../src/distributions/distribution.ts";
import { laplace, logistic, studentT } from "../../../src/distributions/further/independent.ts";
import { mixtureOf } from "../../../src/distributions/further/mixtureOf.ts";
import { uniform } from "../../../src/distributions/further/uniform.ts";
import { uniformNormal } from "../../../src/distributions/further/uniformNormal.ts";
import { gaussianMixture } from "../../../src/distributions/gaussianMixture.ts";
import { kernelDensity } from "../../../src/distributions/kernelDensity.ts";
import { standardNormal } from "../../../src/distributions/standardNormal.ts";
import { tailedNormal } from "../../../src/distributions/tailedNormal.ts";
import type { DistributionName } from "./exported.ts";

/** Rows by the name of the exported function: a distribution of any number of features. */
export const distributionCases: Readonly<
  Record<DistributionName, Readonly<Record<string, (features: number) => Distribution>>>
> = {
  diagonalNormal: { plain: (features) => diagonalNormal({ features }) },
  gaussianMixture: {
    "three components": (features) => gaussianMixture({ features, components: 3 }),
  },
  laplace: { plain: (features) => laplace({ features }) },
  logistic: { plain: (features) => logistic({ features }) },
  mixtureOf: {
    "t and uniform": (features) =>
      mixtureOf({
        parts: [
          studentT({ features }),
          uniform({ lower: new Array(features).fill(-2), upper: new Array(features).fill(4) }),
        ],
      }),
  },
  studentT: { plain: (features) => studentT({ features }) },
  kernelDensity: { "five points": (features) => kernelDensity({ features, points: 5 }) },
  standardNormal: { plain: (features) => standardNormal({ features }) },
  tailedNormal: { "a tenth": (features) => tailedNormal({ features, share: 0.1 }) },
  uniform: {
    "from -2 to 4": (features) =>
      uniform({ lower: new Array(features).fill(-2), upper: new Array(features).fill(4) }),
  },
  uniformNormal: {
    "the second uniform": (features) =>
      uniformNormal({ scale: [0.5, 3].slice(0, features), uniform: features > 1 ? [1] : [] }),
  },
};

/** How far the integral of a row reaches, where that is not 400: a kink costs the sum digits, which finer cells give back. */
export const reaches: Readonly<Record<string, number>> = { "laplace: plain": 100 };
