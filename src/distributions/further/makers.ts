/**
 * The index of the distributions that few models have: one line for each. Public, tried by the laws and read from model files is what
 * stands here; its name is its type.
 *
 * @module
 */

export { type MixtureOfOptions, mixtureOf } from "./mixtureOf.ts";
export { type UniformOptions, uniform } from "./uniform.ts";
export { type UniformNormalOptions, uniformNormal } from "./uniformNormal.ts";
