/**
 * Networks of residual blocks that give couplings their parameters, as nflows and normflows have them.
 *
 * @module
 */

import type { ParameterValues } from "../../../models/parameters.ts";
import type { Activation } from "../../../networks/activations.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import { range, reordered, reorderedMatrix } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { batchNorm, blockEpsilon } from "./batchNorm.ts";

/** The outputs of a network as a transform of ours takes them. */
export interface Outputs {
  /** Place in the library of each of our outputs. */
  readonly order: readonly number[];
  /** Number of outputs in the library, where some have no part in what it computes. */
  readonly count?: number | undefined;
  /** Factor of each of our outputs (default 1), by the number of hidden units. */
  factor?(place: number, hidden: number): number;
}

/** The last layer, with its outputs in our order. */
export function lastLayer(
  state: StateDict,
  width: number,
  columns: readonly number[],
  { order, count = order.length, factor = () => 1 }: Outputs,
  hidden: number,
): { weight: Float64Array; bias: Float64Array } {
  const weight = reorderedMatrix(state.tensor("weight", [count, width]), width, order, columns);
  const bias = reordered(state.tensor("bias", [count]), order);
  return {
    weight: weight.map((value, i) => value * factor(Math.floor(i / width), hidden)),
    bias: bias.map((value, i) => value * factor(i, hidden)),
  };
}

/** A residual network: what `ResidualNet` of nflows and normflows is made with. */
export interface ResidualNetSizes {
  readonly inputs: number;
  readonly outputs: Outputs;
  readonly hidden: number;
  /** Number of what it is given; 0 for nothing. */
  readonly context: number;
  readonly blocks: number;
  readonly activation: Activation;
  readonly isNormalized: boolean;
  /** What comes before the first layer, with its values. */
  readonly before?: { readonly layer: Layer; readonly values: ParameterValues } | undefined;
}

/** `ResidualNet` in evaluation mode: the context is an input more, and gates what each block adds. */
export function residualNet(
  state: StateDict,
  { inputs, outputs, hidden, context, blocks, activation, isNormalized, before }: ResidualNetSizes,
): ConditionerPart {
  const layers: Layer[] = [];
  const values: Record<string, Float64Array> = {};
  const linear = (module: StateDict, from: number, name: string): void => {
    Object.assign(
      values,
      under(name, { weight: module.tensor("weight", [hidden, from]), bias: module.tensor("bias", [hidden]) }),
    );
  };
  if (before) {
    layers.push(before.layer);
    Object.assign(values, under("0", before.values));
  }
  linear(state.at("initial_layer"), inputs + context, String(layers.length));
  layers.push({ kind: "linear", outputs: hidden });
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
  return { conditioner: layeredConditioner({ layers }), values };
}
