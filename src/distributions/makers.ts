/**
 * The index of the distributions: one line for each. Public, tried by the laws and read from model files is what stands here; its
 * name is its type.
 *
 * @module
 */

export { diagonalNormal } from "./diagonalNormal.ts";
export { type GaussianMixtureDistributionOptions, gaussianMixture } from "./gaussianMixture.ts";
export { type KernelDensityOptions, kernelDensity } from "./kernelDensity.ts";
export { standardNormal } from "./standardNormal.ts";
export { type TailedNormalOptions, tailedNormal } from "./tailedNormal.ts";
