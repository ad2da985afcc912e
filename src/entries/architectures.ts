/**
 * Architectures: flows that are not fitted yet, for `fit(table, { flow: realNVP({ hidden: [64, 64] }) })`.
 *
 * @module pushforward/architectures
 */

export {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  type ArchitectureSizes,
  type BaseMaker,
  maskedAutoregressiveFlow,
  type NeuralSplineFlowOptions,
  neuralSplineFlow,
  realNVP,
  type TransformerFlowOptions,
  type Unsized,
} from "../architectures/architecture.ts";
export { type CircularSplineFlowOptions, circularSplineFlow } from "../architectures/circularFlow.ts";
export {
  type ContinuousFlowOptions,
  type ContinuousFlowSizes,
  continuousFlow,
} from "../architectures/continuousFlow.ts";
export {
  type ElementaryFlowOptions,
  planarFlow,
  radialFlow,
  type SylvesterFlowOptions,
  sylvesterFlow,
} from "../architectures/elementaryFlows.ts";
export { type EmbeddedFlowOptions, embeddedFlow } from "../architectures/embedded/embeddedFlow.ts";
export { type FlowMatchingOptions, flowMatching } from "../architectures/flowMatching.ts";
export { type GraphicalFlowOptions, graphicalFlow } from "../architectures/graphical/graphicalFlow.ts";
export { ownArchitecture } from "../architectures/kindOf.ts";
export {
  blockNeuralAutoregressiveFlow,
  type UnconstrainedAutoregressiveFlowOptions,
  unconstrainedAutoregressiveFlow,
} from "../architectures/networkFlows.ts";
export {
  type BernsteinFlowOptions,
  bernsteinFlow,
  type GaussianizationFlowOptions,
  gaussianizationFlow,
  inverseAutoregressiveFlow,
  type MixtureOfFlowsOptions,
  mixtureOfFlows,
  type NeuralAutoregressiveFlowOptions,
  neuralAutoregressiveFlow,
  nice,
  type SumOfSquaresFlowOptions,
  sumOfSquaresFlow,
  type TailTransformFlowOptions,
  tailTransformFlow,
} from "../architectures/paperFlows.ts";
export { type ResidualFlowOptions, residualFlow } from "../architectures/residualFlow.ts";
export { type SphereFlowOptions, sphereFlow } from "../architectures/sphere/sphereFlow.ts";
export { type SurjectiveFlowOptions, surjectiveFlow } from "../architectures/surjective/surjectiveFlow.ts";
export type { Training } from "../architectures/training.ts";
export type { FlowSizes } from "../fitting/flowOption.ts";
