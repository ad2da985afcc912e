/**
 * How saved descriptions become distributions again.
 *
 * @module
 */

import type { Readers } from "../registry.ts";
import { diagonalNormal } from "./diagonalNormal.ts";
import type { Distribution } from "./distribution.ts";
import { type GaussianMixtureDistributionOptions, gaussianMixture } from "./gaussianMixture.ts";
import { type KernelDensityOptions, kernelDensity } from "./kernelDensity.ts";
import { type TailedNormalOptions, tailedNormal } from "./tailedNormal.ts";

/** One row per type; the standard normal, which most models have, is in the registry itself. */
export const readers: Readers<Distribution> = {
  diagonalNormal: (json) => diagonalNormal(json as unknown as { features: number }),
  gaussianMixture: (json) => gaussianMixture(json as unknown as GaussianMixtureDistributionOptions),
  kernelDensity: (json) => kernelDensity(json as unknown as KernelDensityOptions),
  tailedNormal: (json) => tailedNormal(json as unknown as TailedNormalOptions),
};
