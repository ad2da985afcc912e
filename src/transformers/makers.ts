/**
 * The index of the transformers: one line for each. Public, tried by the laws and read from model files is what stands here; its
 * type is its name without "Transformer".
 *
 * @module
 */

export { type AffineTransformerOptions, affineTransformer } from "./affineTransformer.ts";
export { chainTransformer } from "./chainTransformer.ts";
export {
  type RationalQuadraticOptions,
  rationalQuadraticTransformer,
} from "./rationalQuadraticTransformer.ts";
export { sinhArcsinh } from "./sinhArcsinh.ts";
