/**
 * The table of all distributions: what a model file may hold as a base.
 *
 * @module
 */

import { type Reader, Registry } from "../registry.ts";
import { diagonalNormal } from "./diagonalNormal.ts";
import type { Distribution } from "./distribution.ts";
import { type GaussianMixtureDistributionOptions, gaussianMixture } from "./gaussianMixture.ts";
import { type KernelDensityOptions, kernelDensity } from "./kernelDensity.ts";
import { standardNormal } from "./standardNormal.ts";
import { type TailedNormalOptions, tailedNormal } from "./tailedNormal.ts";

/** One row per type. */
const readers: Readonly<Record<string, Reader<Distribution>>> = {
  standardNormal: (json) => standardNormal(json as unknown as { features: number }),
  diagonalNormal: (json) => diagonalNormal(json as unknown as { features: number }),
  gaussianMixture: (json) => gaussianMixture(json as unknown as GaussianMixtureDistributionOptions),
  kernelDensity: (json) => kernelDensity(json as unknown as KernelDensityOptions),
  tailedNormal: (json) => tailedNormal(json as unknown as TailedNormalOptions),
};

/** All distributions that a model file may hold as a base, those that users have registered among them. */
export const distributionRegistry: Registry<Distribution> = /* @__PURE__ */ new Registry(
  "distribution",
  "distributions",
  readers,
);

/**
 * The distribution that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function distributionFromJson(json: unknown): Distribution {
  return distributionRegistry.read(json);
}
