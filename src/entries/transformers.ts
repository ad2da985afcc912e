/**
 * Transformers: monotone maps of one number, whose parameters a conditioner supplies.
 *
 * @module pushforward/transformers
 */

export { affineTransformer } from "../transformers/affineTransformer.ts";
export { chainTransformer } from "../transformers/chainTransformer.ts";
export {
  type RationalQuadraticOptions,
  rationalQuadraticTransformer,
} from "../transformers/rationalQuadraticTransformer.ts";
export { sinhArcsinh } from "../transformers/sinhArcsinh.ts";
export type { Tails } from "../transformers/splineTails.ts";
export type { ScalarMapped, Transformer, TransformerJson } from "../transformers/transformer.ts";
export { transformerFromJson } from "../transformers/transformerFromJson.ts";
