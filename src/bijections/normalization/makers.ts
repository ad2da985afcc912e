/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { actNorm } from "./actNorm.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./batchNormalization.ts";
export { type WhiteningOptions, whitening } from "./whitening.ts";
