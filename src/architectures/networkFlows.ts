/**
 * Flows whose monotone maps are networks: integrals of positive networks (UNAF), and networks of blocks (BNAF).
 *
 * @module
 */

import { blockAutoregressive } from "../bijections/blocks/blockAutoregressive.ts";
import { chain } from "../bijections/combinators/chain.ts";
import { anyNumber, count, listOf, type OptionTable } from "../options.ts";
import { unconstrainedMonotonicNetwork } from "../transformers/integrals/unconstrainedMonotonicNetwork.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf, checkArchitecture } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import { inTurn, transformerFlow } from "./transformerFlow.ts";

/** Options of {@link unconstrainedAutoregressiveFlow}. */
export interface UnconstrainedAutoregressiveFlowOptions extends ArchitectureOptions {
  /** Numbers that the conditioner gives the integrand of each feature, at least 1 (default 8). */
  readonly signal?: number | undefined;
  /** Sizes of the hidden layers of each integrand (default 32; a second layer costs a matrix product per node). */
  readonly integrand?: readonly number[] | undefined;
  /** Nodes of each quadrature (default 16). */
  readonly nodes?: number | undefined;
}

const unconstrainedOptionTable: OptionTable<UnconstrainedAutoregressiveFlowOptions> = {
  ...architectureOptionTable,
  signal: count,
  integrand: listOf(anyNumber, "an array of sizes, such as [32]"),
  nodes: count,
};

/**
 * Unconstrained neural autoregressive flow (Wehenkel and Louppe 2019, https://arxiv.org/abs/1908.05164): autoregressive maps that are
 * integrals of positive networks, over 5 standard deviations, straight beyond. A density costs one network pass per transform and one of the
 * integrand per node, a sample some ten times as many of the integrand; default 3 transforms.
 * @throws UsageError if a size is not a positive integer.
 */
export function unconstrainedAutoregressiveFlow(
  options: UnconstrainedAutoregressiveFlowOptions,
): Architecture;
export function unconstrainedAutoregressiveFlow(
  options?: Unsized<UnconstrainedAutoregressiveFlowOptions>,
): ArchitectureMaker;
export function unconstrainedAutoregressiveFlow(
  options?: UnconstrainedAutoregressiveFlowOptions | Unsized<UnconstrainedAutoregressiveFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized(
    "unconstrainedAutoregressiveFlow",
    options,
    unconstrainedOptionTable,
    ({ signal = 8, integrand = [32], nodes = 16, ...rest }) =>
      transformerFlow(rest, {
        named: "unaf",
        kind: "unaf",
        isAutoregressive: true,
        transformer: unconstrainedMonotonicNetwork({ signal, hidden: integrand, nodes, reach: 5 }),
        usualTransforms: 3,
      }),
  );
}

/**
 * Block neural autoregressive flow (De Cao et al. 2019, https://arxiv.org/abs/1904.04676): each transform is one network of all features,
 * `hidden` units for each of them in each layer (default 16, 16), beside which a learned share passes. A density costs one pass of it, a sample some ten for each feature;
 * default 2 transforms, the features in turn forwards and backwards.
 * @throws UsageError if a size is not a positive integer.
 */
export function blockNeuralAutoregressiveFlow(options: ArchitectureOptions): Architecture;
export function blockNeuralAutoregressiveFlow(options?: Unsized<ArchitectureOptions>): ArchitectureMaker;
export function blockNeuralAutoregressiveFlow(
  options?: ArchitectureOptions | Unsized<ArchitectureOptions>,
): Architecture | ArchitectureMaker {
  return sized("blockNeuralAutoregressiveFlow", options, architectureOptionTable, (checked) => {
    const { features, context = 0, transforms = 2, hidden = [16, 16] } = checked;
    checkArchitecture("bnaf", { features, context, transforms, hidden });
    return madeAs({
      kind: "bnaf",
      features,
      context,
      transforms,
      hidden,
      base: baseOf("bnaf", checked),
      bijection: chain(
        Array.from({ length: transforms }, (_, t) =>
          blockAutoregressive({ features, context, units: hidden, gated: true, order: inTurn(features, t) }),
        ),
      ),
    });
  });
}
