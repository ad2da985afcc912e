/**
 * The architecture of each kind by name.
 *
 * @module
 */

import { refuse } from "../options.ts";
import {
  type Architecture,
  maskedAutoregressiveFlow,
  type NeuralSplineFlowOptions,
  neuralSplineFlow,
  realNVP,
} from "./architecture.ts";
import { continuousFlow } from "./continuousFlow.ts";
import { planarFlow, radialFlow, sylvesterFlow } from "./elementaryFlows.ts";
import { flowMatching } from "./flowMatching.ts";
import { type FlowKind, flowKinds } from "./kinds.ts";
import { residualFlow } from "./residualFlow.ts";

type Maker = (options: NeuralSplineFlowOptions) => Architecture | Promise<Architecture>;

/** Of the kinds that are known by their papers, and loaded when one is asked for. */
const ofPaper =
  (
    choose: (flows: typeof import("./paperFlows.ts")) => (options: NeuralSplineFlowOptions) => Architecture,
  ): Maker =>
  async (options) =>
    choose(await import("./paperFlows.ts"))(options);

/** The same of those whose maps are networks. */
const ofNetworks =
  (
    choose: (flows: typeof import("./networkFlows.ts")) => (options: NeuralSplineFlowOptions) => Architecture,
  ): Maker =>
  async (options) =>
    choose(await import("./networkFlows.ts"))(options);

/** Every kind with its defaults. */
const architectures: Readonly<Record<FlowKind, Maker>> = {
  realnvp: realNVP,
  maf: maskedAutoregressiveFlow,
  nsf: neuralSplineFlow,
  "nsf-ar": (options) => neuralSplineFlow({ ...options, autoregressive: true }),
  planar: planarFlow,
  radial: radialFlow,
  sylvester: sylvesterFlow,
  residual: residualFlow,
  cnf: continuousFlow,
  "flow-matching": flowMatching,
  nice: ofPaper(({ nice }) => nice),
  iaf: ofPaper(({ inverseAutoregressiveFlow }) => inverseAutoregressiveFlow),
  naf: ofPaper(({ neuralAutoregressiveFlow }) => neuralAutoregressiveFlow),
  sospf: ofPaper(({ sumOfSquaresFlow }) => sumOfSquaresFlow),
  bpf: ofPaper(({ bernsteinFlow }) => bernsteinFlow),
  unaf: ofNetworks(({ unconstrainedAutoregressiveFlow }) => unconstrainedAutoregressiveFlow),
  bnaf: ofNetworks(({ blockNeuralAutoregressiveFlow }) => blockNeuralAutoregressiveFlow),
  gf: ofPaper(({ gaussianizationFlow }) => gaussianizationFlow),
  ttf: ofPaper(({ tailTransformFlow }) => tailTransformFlow),
  "mixture-of-flows": ofPaper(({ mixtureOfFlows }) => mixtureOfFlows),
  ncsf: async (options) => (await import("./circularFlow.ts")).circularSplineFlow(options),
};

/**
 * The architecture of a kind, of some sizes; `bins` are those of splines alone.
 * @param options - With `embedding` those of the layers of a network that the context goes through first.
 */
export async function architectureOf(
  kind: string,
  {
    bins,
    embedding,
    ...sizes
  }: NeuralSplineFlowOptions & { readonly embedding?: readonly number[] | undefined },
): Promise<Architecture> {
  if (embedding) {
    const { embeddedArchitecture } = await import("./embedded/embeddedFlow.ts");
    return await embeddedArchitecture({ ...sizes, embedding }, (inner) =>
      architectureOf(kind, { ...sizes, ...inner, bins }),
    );
  }
  if (!Object.hasOwn(architectures, kind)) refuse("fit", "flow", `one of ${flowKinds.join(", ")}`, kind);
  const hasBins = bins !== undefined && ["nsf", "nsf-ar", "ncsf", "ttf", "mixture-of-flows"].includes(kind);
  return architectures[kind as FlowKind](hasBins ? { ...sizes, bins } : sizes);
}
