/**
 * Networks that supply the parameters of transformers.
 *
 * @module pushforward/networks
 */

export type { Activation, ActivationName } from "../networks/activations.ts";
export * from "../networks/circular/makers.ts";
export type {
  Conditioner,
  ConditionerJson,
  ConditionerNetwork,
  ConditionerSizes,
} from "../networks/conditionerContract.ts";
export { conditionerFromJson } from "../networks/conditionerFromJson.ts";
export * from "../networks/convolution/makers.ts";
export type { Layer, LinearLayer } from "../networks/layers.ts";
export type { ContractionNorm, ContractiveActivation } from "../networks/lipschitzNetwork.ts";
export * from "../networks/makers.ts";
export { type Network, type NetworkOptions, network } from "../networks/network.ts";
export {
  type ParentsConditionerOptions,
  parentsConditioner,
} from "../networks/parents/parentsConditioner.ts";
