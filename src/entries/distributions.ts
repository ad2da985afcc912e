/**
 * Distributions: bases of flows, and the density of a base that is pushed forward.
 *
 * @module pushforward/distributions
 */

export { type ManyToOne, type ManyToOneOptions, manyToOne } from "../distributions/bounds/manyToOne.ts";
export * from "../distributions/composed/makers.ts";
export { pushforwardLogProb, pushforwardSample } from "../distributions/density.ts";
export type { Distribution, DistributionJson, DrawnBound } from "../distributions/distribution.ts";
export { distributionFromJson } from "../distributions/distributionFromJson.ts";
export * from "../distributions/independent/makers.ts";
export * from "../distributions/joint/makers.ts";
export * from "../distributions/makers.ts";
export { type LangevinOptions, type LangevinTarget, langevin } from "../distributions/stochastic/langevin.ts";
export type { StochasticMap } from "../distributions/stochastic/stochasticMap.ts";
export { type SurjectionChain, surjectionChain } from "../distributions/stochastic/surjectionChain.ts";
export {
  type VariationalAutoencoderOptions,
  variationalAutoencoder,
} from "../distributions/stochastic/variationalAutoencoder.ts";
export * from "../distributions/uniform/makers.ts";
