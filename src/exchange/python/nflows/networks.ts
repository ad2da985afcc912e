/**
 * Networks of `nflows.nn.nets` and `nflows.transforms.made` that give transforms their parameters.
 *
 * @module
 */

import type { Call } from "../call.ts";
import type { ConditionerPart } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";
import { type Made, made } from "../torch/made.ts";
import { type Outputs, residualNet } from "../torch/residualNet.ts";

/** Number of what a network is given; None is nothing. */
const contextOf = (call: Call): number =>
  call.has("context_features") ? call.integer("context_features", 0, 1) : 0;

/** The network that `transform_net_create_fn` makes for so many inputs and outputs. */
export function networkOf(
  call: Call,
  state: StateDict,
  inputs: number,
  outputs: Outputs,
): ConditionerPart & { readonly context: number } {
  if (call.name !== "ResidualNet") throw call.unknown(["ResidualNet"], "network");
  const own = call.named([
    "in_features",
    "out_features",
    "hidden_features",
    "context_features",
    "num_blocks",
    "activation",
    "dropout_probability",
    "use_batch_norm",
  ]);
  const expected = { in_features: inputs, out_features: outputs.order.length };
  for (const [name, size] of Object.entries(expected))
    if (own.has(name) && own.integer(name) !== size)
      throw own.refusal(name, String(size), String(own.value(name)));
  const context = contextOf(own);
  const sizes = {
    inputs,
    outputs,
    hidden: own.integer("hidden_features", undefined, 1),
    context,
    blocks: own.integer("num_blocks", 2),
    activation: torchActivation(own.call("activation"), "relu"),
    isNormalized: own.flag("use_batch_norm", false),
  };
  // In evaluation mode nothing is dropped.
  own.number("dropout_probability", 0);
  own.done();
  return { ...residualNet(state, sizes), context };
}

/** The network of a masked autoregressive transform, or of a distribution; its arguments are those of the call. */
export function madeOf(
  call: Call,
  state: StateDict,
  features: number,
  outputs: Outputs,
  library: "nflows" | "nflows.nn" = "nflows",
): Made {
  const sizes = {
    features,
    outputs,
    hidden: call.integer("hidden_features", undefined, 1),
    context: contextOf(call),
    blocks: call.integer("num_blocks", 2),
    isResidual: call.flag("use_residual_blocks", true),
    isRandom: call.flag("random_mask", false),
    activation: torchActivation(call.call("activation"), "relu"),
    isNormalized: call.flag("use_batch_norm", false),
  };
  // In evaluation mode nothing is dropped.
  call.number("dropout_probability", 0);
  return made(state, sizes, library);
}
