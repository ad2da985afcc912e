/**
 * The index of this family: one line for each bijection. Public, tried by the laws and read from model files is what stands here;
 * its name is its type.
 *
 * @module
 */

export { channelAffine } from "./channelAffine.ts";
export { type LowRankAffineOptions, lowRankAffine } from "./lowRankAffine.ts";
export { matrixExponential } from "./matrixExponential.ts";
export { qrAffine, type ReflectedAffineOptions } from "./qrAffine.ts";
export { discreteCosine, type HaarWaveletsOptions, haarWavelets } from "./spectra.ts";
export { svdAffine } from "./svdAffine.ts";
