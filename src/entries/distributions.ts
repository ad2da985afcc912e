/**
 * Distributions: bases of flows, and the density of a base that is pushed forward.
 *
 * @module pushforward/distributions
 */

export { diagonalNormal } from "../distributions/diagonalNormal.ts";
export type { Distribution, DistributionJson } from "../distributions/distribution.ts";
export { distributionFromJson } from "../distributions/distributionFromJson.ts";
export {
  type GaussianMixtureDistributionOptions,
  gaussianMixture,
} from "../distributions/gaussianMixture.ts";
export { type KernelDensityOptions, kernelDensity } from "../distributions/kernelDensity.ts";
export { standardNormal } from "../distributions/standardNormal.ts";
export { type TailedNormalOptions, tailedNormal } from "../distributions/tailedNormal.ts";
export { pushforwardLogProb, pushforwardSample } from "../models/density.ts";
