/**
 * Bijections, from which flows are built: forward goes from base to data, inverse from data to base.
 *
 * @module pushforward/bijections
 */

export * from "../bijections/autoregressive/makers.ts";
export type {
  Bijection,
  BijectionJson,
  Branch,
  DataRows,
  Mapped,
  NamedValues,
} from "../bijections/bijection.ts";
export { bijectionFromJson } from "../bijections/bijectionFromJson.ts";
export * from "../bijections/blocks/makers.ts";
export * from "../bijections/combinators/makers.ts";
export type { Divergence, Solved, SolveOptions } from "../bijections/continuous/continuous.ts";
export * from "../bijections/continuous/makers.ts";
export * from "../bijections/domains/makers.ts";
export * from "../bijections/linear/makers.ts";
export * from "../bijections/matrices/makers.ts";
export * from "../bijections/normalization/makers.ts";
export * from "../bijections/orthogonal/makers.ts";
export * from "../bijections/piecewise/makers.ts";
export * from "../bijections/residual/makers.ts";
export type { RadialProfile } from "../bijections/residual/radialProfiles.ts";
export { type Roulette, seriesError } from "../bijections/residual/residualLogDet.ts";
export { type Places, placesIn, squeezeOrder } from "../bijections/shapes.ts";
export * from "../bijections/sphere/makers.ts";
export {
  type BijectionGraphOptions,
  bijectionGraph,
  type GraphStep,
  type NamedSizes,
} from "../bijections/structure/bijectionGraph.ts";
export * from "../bijections/structure/makers.ts";
export { type AugmentationOptions, augmentation } from "../bijections/surjections/augmentation.ts";
export { largest } from "../bijections/surjections/largest.ts";
export { type RoundingOptions, rounding } from "../bijections/surjections/rounding.ts";
export type { Lift, Surjection, SurjectionJson } from "../bijections/surjections/surjection.ts";
