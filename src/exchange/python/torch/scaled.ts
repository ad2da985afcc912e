/**
 * Affine maps whose scale is an exponential, and those of a context, which make a normal distribution conditional.
 *
 * @module
 */

import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import { invertTransformer } from "../../../transformers/invertTransformer.ts";
import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { inputsOf, picked, torchNetwork } from "./networks.ts";

/** y = e^s x + t from base to data, of t and s. */
export const scaledByExponential: Transformer = invertTransformer(
  positiveAffineTransformer({ scale: "exponential", leastSlope: 0 }),
);

/** The affine map of means, then log scales, that a network makes of the context; without one the context is them. */
export function conditionalScale(features: number, encoder: Call | undefined, state: StateDict): Part {
  const inputs = encoder ? inputsOf(encoder) : 2 * features;
  const network = encoder ? torchNetwork(encoder, state, inputs) : undefined;
  if (network && network.outputs !== 2 * features)
    throw encoder!.refusal("arguments", `a network of ${2 * features} outputs`, `${network.outputs}`);
  const places = range(features).flatMap((i) => [i, features + i]);
  const { conditioner, values } = network
    ? picked([network], places)
    : { conditioner: layeredConditioner({ layers: [{ kind: "pick", places }] }), values: {} };
  return {
    bijection: elementwise({ features, context: inputs, transformer: scaledByExponential, conditioner }),
    values: under("network", values),
  };
}
