/**
 * Transformers: monotone maps of one number, whose parameters a conditioner supplies.
 *
 * @module pushforward/transformers
 */

export * from "../transformers/makers.ts";
export type { Tails } from "../transformers/splineTails.ts";
export type { ScalarMapped, Transformer, TransformerJson } from "../transformers/transformer.ts";
export { transformerFromJson } from "../transformers/transformerFromJson.ts";
