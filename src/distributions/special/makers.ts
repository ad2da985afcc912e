/**
 * The index of the distributions of one-dimensional laws, with ends or of angles, of low rank, and given a context: one line for each. Public, tried by the
 * laws and read from model files is what stands here; its name is its type.
 *
 * @module
 */

export {
  type ConditionalGaussianMixtureOptions,
  conditionalGaussianMixture,
} from "./conditionalGaussianMixture.ts";
export { type HalfOptions, half } from "./half.ts";
export { type IndependentOptions, laplace, logistic, studentT } from "./independent.ts";
export { type LowRankNormalOptions, lowRankNormal } from "./lowRankNormal.ts";
export { type TruncatedOptions, truncated } from "./truncated.ts";
export { vonMises } from "./vonMises.ts";
