/**
 * The index of the transformers that the usual flows have; each folder here is a family with an index of its own, which is loaded
 * with the first model that holds one of it. One line for each: public, tried by the laws and read from model files is what stands
 * here; its type is its name without "Transformer".
 *
 * @module
 */

export { type AffineTransformerOptions, affineTransformer } from "./affineTransformer.ts";
export { chainTransformer } from "./chainTransformer.ts";
export { invertTransformer } from "./invertTransformer.ts";
export {
  type RationalQuadraticOptions,
  rationalQuadraticTransformer,
} from "./rationalQuadraticTransformer.ts";
