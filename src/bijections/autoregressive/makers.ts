/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { type CouplingOptions, coupling } from "./coupling.ts";
export { type ElementwiseOptions, elementwise } from "./elementwise.ts";
export { type MarginalSplineOptions, marginalSpline } from "./marginalSpline.ts";
export { type MaskedAutoregressiveOptions, maskedAutoregressive } from "./maskedAutoregressive.ts";
export { type SlicedSplineOptions, slicedSpline } from "./slicedSpline.ts";
