/**
 * Distributions: bases of flows, and the density of a base that is pushed forward.
 *
 * @module pushforward/distributions
 */

export {
  type HamiltonianMonteCarloOptions,
  hamiltonianMonteCarlo,
} from "../distributions/bounds/hamiltonianMonteCarlo.ts";
export { type LangevinOptions, langevin } from "../distributions/bounds/langevin.ts";
export { type ManyToOne, type ManyToOneOptions, manyToOne } from "../distributions/bounds/manyToOne.ts";
export type { LangevinTarget } from "../distributions/bounds/stepsTowards.ts";
export type { StochasticMap } from "../distributions/bounds/stochasticMap.ts";
export { type SurjectionChain, surjectionChain } from "../distributions/bounds/surjectionChain.ts";
export {
  type VariationalAutoencoderOptions,
  variationalAutoencoder,
} from "../distributions/bounds/variationalAutoencoder.ts";
export * from "../distributions/composed/makers.ts";
export { pushforwardLogProb, pushforwardSample } from "../distributions/density.ts";
export type { Distribution, DistributionJson, DrawnBound } from "../distributions/distribution.ts";
export { distributionFromJson } from "../distributions/distributionFromJson.ts";
export * from "../distributions/independent/makers.ts";
export * from "../distributions/joint/makers.ts";
export * from "../distributions/makers.ts";
export * from "../distributions/uniform/makers.ts";
