/**
 * The index of this family, of distributions whose features depend on each other, or on a context: one line for each. Public, tried by
 * the laws and read from model files is what stands here; its name is its type.
 *
 * @module
 */

export { type ClassNormalOptions, classNormal } from "./classNormal.ts";
export {
  type ConditionalGaussianMixtureOptions,
  conditionalGaussianMixture,
} from "./conditionalGaussianMixture.ts";
export { type ConditionalNormalOptions, conditionalNormal } from "./conditionalNormal.ts";
export { type LowRankNormalOptions, lowRankNormal } from "./lowRankNormal.ts";
export { type Resampled, type ResampledOptions, resampled } from "./resampled.ts";
export { type SortedOptions, sorted } from "./sorted.ts";
export { uniformSphere } from "./uniformSphere.ts";
