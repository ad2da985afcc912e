/**
 * The index of this family: one line for each transformer. Public, tried by the laws and read from model files is what stands here;
 * its type is its name without "Transformer".
 *
 * @module
 */

export { type CubicSplineOptions, cubicSpline } from "./cubicSpline.ts";
export { type LinearRationalSplineOptions, linearRationalSpline } from "./linearRationalSpline.ts";
export { type LinearSplineOptions, linearSpline } from "./linearSpline.ts";
export { type QuadraticSplineOptions, quadraticSpline } from "./quadraticSpline.ts";
