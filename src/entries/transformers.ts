/**
 * Transformers: monotone maps of one number, whose parameters a conditioner supplies.
 *
 * @module pushforward/transformers
 */

export * from "../transformers/circular/makers.ts";
export * from "../transformers/elementary/makers.ts";
export * from "../transformers/formula/makers.ts";
export * from "../transformers/integrals/makers.ts";
export type { Interval } from "../transformers/interval.ts";
export * from "../transformers/makers.ts";
export * from "../transformers/mixtures/makers.ts";
export * from "../transformers/neural/makers.ts";
export * from "../transformers/polynomials/makers.ts";
export * from "../transformers/positive/makers.ts";
export * from "../transformers/powers/makers.ts";
export * from "../transformers/splines/makers.ts";
export type { Tails } from "../transformers/splineTails.ts";
export * from "../transformers/structure/makers.ts";
export * from "../transformers/tails/makers.ts";
export type {
  FeaturesMapped,
  ScalarMapped,
  Transformer,
  TransformerJson,
} from "../transformers/transformer.ts";
export { transformerFromJson } from "../transformers/transformerFromJson.ts";
