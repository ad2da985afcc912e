/**
 * The table that drives the laws of distributions: at least one row for every exported one. An export without a row does not
 * compile.
 *
 * @module
 */

import { diagonalNormal } from "../../../src/distributions/diagonalNormal.ts";
import type { Distribution } from "../../../src/distributions/distribution.ts";
import { gaussianMixture } from "../../../src/distributions/gaussianMixture.ts";
import { kernelDensity } from "../../../src/distributions/kernelDensity.ts";
import { standardNormal } from "../../../src/distributions/standardNormal.ts";
import { tailedNormal } from "../../../src/distributions/tailedNormal.ts";
import { uniform } from "../../../src/distributions/uniform.ts";
import { uniformNormal } from "../../../src/distributions/uniformNormal.ts";
import type { DistributionName } from "./exported.ts";

/** Rows by the name of the exported function: a distribution of any number of features. */
export const distributionCases: Readonly<
  Record<DistributionName, Readonly<Record<string, (features: number) => Distribution>>>
> = {
  diagonalNormal: { plain: (features) => diagonalNormal({ features }) },
  gaussianMixture: {
    "three components": (features) => gaussianMixture({ features, components: 3 }),
  },
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
