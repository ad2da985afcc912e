/**
 * Networks of `nflows.nn.nets` that give couplings their parameters.
 *
 * @module
 */

import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range, reordered, reorderedMatrix } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torchActivations.ts";
import { batchNorm, blockEpsilon } from "./batchNorm.ts";

/** The outputs of a network as a transform of ours takes them. */
export interface Outputs {
  /** Place in the library of each of our outputs. */
  readonly order: readonly number[];
  /** Factor of each of our outputs (default 1), by the number of hidden units. */
  factor?(place: number, hidden: number): number;
}

/** The last layer, with its outputs in our order. */
export function lastLayer(
  state: StateDict,
  width: number,
  columns: readonly number[],
  { order, factor = () => 1 }: Outputs,
  hidden: number,
): { weight: Float64Array; bias: Float64Array } {
  const weight = reorderedMatrix(state.tensor("weight", [order.length, width]), width, order, columns);
  const bias = reordered(state.tensor("bias", [order.length]), order);
  return {
    weight: weight.map((value, i) => value * factor(Math.floor(i / width), hidden)),
    bias: bias.map((value, i) => value * factor(i, hidden)),
  };
}

/** Number of what a network is given; None is nothing. */
export const contextOf = (call: Call): number =>
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
  const hidden = own.integer("hidden_features", undefined, 1);
  const context = contextOf(own);
  const blocks = own.integer("num_blocks", 2);
  const activation = torchActivation(own.call("activation"), "relu");
  // In evaluation mode nothing is dropped.
  own.number("dropout_probability", 0);
  const isNormalized = own.flag("use_batch_norm", false);
  own.done();

  const layers: Layer[] = [];
  const values: Record<string, Float64Array> = {};
  const linear = (module: StateDict, from: number, name: string): void => {
    Object.assign(
      values,
      under(name, { weight: module.tensor("weight", [hidden, from]), bias: module.tensor("bias", [hidden]) }),
    );
  };
  layers.push({ kind: "linear", outputs: hidden });
  linear(state.at("initial_layer"), inputs + context, "0");
  for (const b of range(blocks)) {
    const module = state.at("blocks").at(b);
    const inner: Layer[] = [];
    const name = (): string => `${layers.length}.${inner.length}`;
    for (const k of [0, 1]) {
      if (isNormalized) {
        Object.assign(
          values,
          under(name(), batchNorm(module.at("batch_norm_layers").at(k), hidden, blockEpsilon)),
        );
        inner.push({ kind: "scale" });
      }
      inner.push({ kind: "activation", ...activation });
      linear(module.at("linear_layers").at(k), hidden, name());
      inner.push({ kind: "linear", outputs: hidden });
    }
    if (context > 0) {
      linear(module.at("context_layer"), context, name());
      inner.push({ kind: "gate", inputs: [inputs, inputs + context] });
    }
    layers.push({ kind: "residual", layers: inner });
  }
  Object.assign(
    values,
    under(String(layers.length), lastLayer(state.at("final_layer"), hidden, range(hidden), outputs, hidden)),
  );
  layers.push({ kind: "linear" });
  return { conditioner: layeredConditioner({ layers }), values, context };
}
