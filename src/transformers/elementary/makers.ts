/**
 * The index of this family: one line for each transformer. Public, tried by the laws and read from model files is what stands here;
 * its type is its name without "Transformer".
 *
 * @module
 */

export { arcsinh } from "./arcsinh.ts";
export { type DistributionFunctionOptions, distributionFunction } from "./distributionFunction.ts";
export { type EluOptions, elu } from "./elu.ts";
export { type ExponentialOptions, exponential } from "./exponential.ts";
export { type LeakyReluOptions, leakyRelu } from "./leakyRelu.ts";
export { type LeakyTanhOptions, leakyTanh } from "./leakyTanh.ts";
export { type LogTanhOptions, logTanh } from "./logTanh.ts";
export { shiftTransformer } from "./shiftTransformer.ts";
export { type SigmoidOptions, sigmoidTransformer } from "./sigmoidTransformer.ts";
export { type SoftClipOptions, softClipTransformer } from "./softClipTransformer.ts";
export { softplusTransformer } from "./softplusTransformer.ts";
export { tanhTransformer } from "./tanhTransformer.ts";
