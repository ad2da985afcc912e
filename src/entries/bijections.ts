/**
 * Bijections, from which flows are built: forward goes from base to data, inverse from data to base.
 *
 * @module pushforward/bijections
 */

export { type CouplingOptions, coupling } from "../bijections/autoregressive/coupling.ts";
export { type ElementwiseOptions, elementwise } from "../bijections/autoregressive/elementwise.ts";
export { type MarginalSplineOptions, marginalSpline } from "../bijections/autoregressive/marginalSpline.ts";
export {
  type MaskedAutoregressiveOptions,
  maskedAutoregressive,
} from "../bijections/autoregressive/maskedAutoregressive.ts";
export { type SlicedSplineOptions, slicedSpline } from "../bijections/autoregressive/slicedSpline.ts";
export type { Bijection, BijectionJson, Branch, Mapped } from "../bijections/bijection.ts";
export { bijectionFromJson } from "../bijections/bijectionFromJson.ts";
export { type Chain, chain } from "../bijections/combinators/chain.ts";
export { invert } from "../bijections/combinators/invert.ts";
export { type Repeated, type RepeatedOptions, repeated } from "../bijections/combinators/repeated.ts";
export {
  type Continuous,
  type ContinuousOptions,
  continuous,
  type Divergence,
  type Solved,
  type SolveOptions,
} from "../bijections/continuous/continuous.ts";
export { type AdditiveLogisticOptions, additiveLogistic } from "../bijections/domains/additiveLogistic.ts";
export { type BoundedOptions, bounded } from "../bijections/domains/bounded.ts";
export { type HeavyTailsOptions, heavyTails } from "../bijections/domains/heavyTails.ts";
export { type AffineOptions, affine } from "../bijections/linear/affine.ts";
export { luAffine } from "../bijections/linear/luAffine.ts";
export { permutation } from "../bijections/linear/permutation.ts";
export { type RotationOptions, rotation } from "../bijections/linear/rotation.ts";
export { standardization } from "../bijections/linear/standardization.ts";
export { type TriangularAffineOptions, triangularAffine } from "../bijections/linear/triangularAffine.ts";
export { absoluteValue } from "../bijections/piecewise/absoluteValue.ts";
export { type DirectionalMapOptions, directionalMap } from "../bijections/residual/directionalMap.ts";
export { type PlanarOptions, planar } from "../bijections/residual/planar.ts";
export { type RadialOptions, radial } from "../bijections/residual/radial.ts";
export { type RadialMapOptions, radialMap } from "../bijections/residual/radialMap.ts";
export type { RadialProfile } from "../bijections/residual/radialProfiles.ts";
export {
  type Residual,
  type ResidualLogDet,
  type ResidualOptions,
  residual,
} from "../bijections/residual/residual.ts";
export { type Roulette, seriesError } from "../bijections/residual/residualLogDet.ts";
export { type SylvesterOptions, sylvester } from "../bijections/residual/sylvester.ts";
