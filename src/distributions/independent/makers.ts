/**
 * The index of this family, of distributions whose features are independent of each other: one line for each. Public, tried by the laws
 * and read from model files is what stands here; its name is its type.
 *
 * @module
 */

export { type HalfOptions, half } from "./half.ts";
export { type IndependentOptions, laplace, logistic, studentT } from "./locationScale.ts";
export { type TruncatedOptions, truncated } from "./truncated.ts";
export { type UniformNormalOptions, uniformNormal } from "./uniformNormal.ts";
export { vonMises } from "./vonMises.ts";
