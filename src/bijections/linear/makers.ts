/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { type AffineOptions, affine } from "./affine.ts";
export { luAffine } from "./luAffine.ts";
export { permutation } from "./permutation.ts";
export { type RotationOptions, rotation } from "./rotation.ts";
export { standardization } from "./standardization.ts";
export { type TriangularAffineOptions, triangularAffine } from "./triangularAffine.ts";
