/**
 * Flows that are known by their papers, which load when one of them is chosen.
 *
 * @module
 */

import {
  type Architecture,
  type ArchitectureOptions,
  bernsteinFlow,
  blockNeuralAutoregressiveFlow,
  flowMatching,
  gaussianizationFlow,
  inverseAutoregressiveFlow,
  mixtureOfFlows,
  neuralAutoregressiveFlow,
  nice,
  radialFlow,
  sumOfSquaresFlow,
  tailTransformFlow,
  unconstrainedAutoregressiveFlow,
} from "pushforward/architectures";
import type { FlowChoice, KindName } from "../state.ts";
import type { ChosenArchitecture } from "./architectures.ts";

const makers: Readonly<Partial<Record<KindName, (options: ArchitectureOptions) => Architecture>>> = {
  nice,
  iaf: inverseAutoregressiveFlow,
  naf: neuralAutoregressiveFlow,
  sospf: sumOfSquaresFlow,
  bpf: bernsteinFlow,
  ttf: tailTransformFlow,
  unaf: unconstrainedAutoregressiveFlow,
  bnaf: blockNeuralAutoregressiveFlow,
  "mixture-of-flows": mixtureOfFlows,
};

/** Learning rates of those whose monotone maps are networks. */
const rates: Readonly<Partial<Record<KindName, number>>> = { unaf: 0.015, bnaf: 0.02 };

/** The architecture of a choice with its learning rate, or undefined for a flow that is none of these. */
export function paperArchitecture({ kind, depth, width }: FlowChoice): ChosenArchitecture | undefined {
  if (kind === "radial")
    return { architecture: radialFlow({ features: 2, transforms: depth }), learningRate: 0.015 };
  if (kind === "gf")
    return { architecture: gaussianizationFlow({ features: 2, transforms: depth }), learningRate: 0.03 };
  if (kind === "flow-matching")
    return {
      architecture: flowMatching({ features: 2, hidden: [width, width] }),
      learningRate: 0.015,
      hasOwnLoss: true,
    };
  const architecture = makers[kind]?.({ features: 2, transforms: depth, hidden: [width, width] });
  return architecture && { architecture, learningRate: rates[kind] ?? 0.006 };
}
