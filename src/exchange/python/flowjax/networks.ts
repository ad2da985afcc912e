/**
 * `equinox.nn.MLP`, plain and with the masks of FlowJAX's autoregressive maps.
 *
 * @module
 */

import type { Activation, ActivationName } from "../../../networks/activations.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range, reordered, reorderedMatrix, sortedPlaces } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";

/** Our names of the activations of `jax.nn`, and of `jax.numpy`. */
const activations: Readonly<Record<string, ActivationName>> = {
  celu: "celu",
  elu: "elu",
  // Approximated, unless it is told otherwise.
  gelu: "geluTanh",
  hard_sigmoid: "hardSigmoid",
  hard_silu: "hardSwish",
  hard_swish: "hardSwish",
  hard_tanh: "hardTanh",
  identity: "identity",
  leaky_relu: "leakyRelu",
  log_sigmoid: "logSigmoid",
  mish: "mish",
  relu: "relu",
  relu6: "relu6",
  selu: "selu",
  sigmoid: "sigmoid",
  silu: "silu",
  sin: "sine",
  soft_sign: "softsign",
  softplus: "softplus",
  swish: "silu",
  tanh: "tanh",
};

function jaxActivation(call: Call | undefined): Activation {
  if (!call) return { activation: "relu" };
  const name = Object.hasOwn(activations, call.name) ? activations[call.name] : undefined;
  if (!name) throw call.unknown(Object.keys(activations), "activation");
  call.done();
  // The library's has no threshold.
  return name === "softplus" ? { activation: name, threshold: 1e300 } : { activation: name };
}

/** Sizes and the activation of the networks of a flow. */
export interface NetworkArguments {
  readonly width: number;
  readonly depth: number;
  readonly activation: Activation;
}

export function networkArguments(call: Call): NetworkArguments {
  return {
    width: call.integer("nn_width", 50, 1),
    depth: call.integer("nn_depth", 1),
    activation: jaxActivation(call.call("nn_activation")),
  };
}

/** A network of one layer of a flow; `offsets` is added to its outputs. */
export function mlp(
  state: StateDict,
  index: number,
  {
    width,
    depth,
    activation,
    inputs,
    offsets,
  }: NetworkArguments & { readonly inputs: number; readonly offsets: readonly number[] },
): ConditionerPart {
  const layers: Layer[] = [];
  const values: Record<string, Float64Array> = {};
  const sizes = [inputs, ...new Array<number>(depth).fill(width), offsets.length];
  sizes.slice(1).forEach((outputs, l) => {
    const module = state.at("layers").at(l);
    const isLast = l === depth;
    const { part: weight } = module.slice("weight", index, [outputs, sizes[l]!]);
    const { part: bias } = module.slice("bias", index, [outputs]);
    const added = isLast ? bias.map((value, i) => value + offsets[i]!) : bias;
    Object.assign(values, under(String(layers.length), { weight, bias: added }));
    layers.push({ kind: "linear", ...(isLast ? {} : { outputs }) });
    if (!isLast) layers.push({ kind: "activation", ...activation });
  });
  return { conditioner: layeredConditioner({ layers }), values };
}

/** A masked network: hidden units have ranks, and see what has a rank up to theirs; the context has the rank -1. */
export function maskedMlp(
  state: StateDict,
  index: number,
  {
    width,
    depth,
    activation,
    features,
    context,
    offsets,
  }: NetworkArguments & {
    readonly features: number;
    readonly context: number;
    readonly offsets: readonly number[];
  },
): ConditionerPart {
  const hidden = range(width).map((i) => (context > 0 ? (i % features) - 1 : i % (features - 1)));
  const inputs = [...range(features), ...new Array<number>(context).fill(-1)];
  const outputs = range(features).flatMap((i) => offsets.map(() => i));
  const ranks = [inputs, ...range(depth).map(() => hidden), outputs];
  // Ours: the context first, and hidden units by their ranks.
  const orders = [
    [...range(context).map((i) => features + i), ...range(features)],
    ...range(depth).map(() => sortedPlaces(hidden)),
    range(outputs.length),
  ];
  const layers: Layer[] = [];
  const values: Record<string, Float64Array> = {};
  ranks.slice(1).forEach((to, l) => {
    const from = ranks[l]!;
    const isLast = l === depth;
    const module = state.at("layers").at(l);
    const args = module.at("weight").at("args");
    const shape = [to.length, from.length];
    const mask = to.flatMap((rank) => from.map((other) => Number(isLast ? rank > other : rank >= other)));
    const { part: kept } = args.slice("0", index, shape);
    if (kept.some((value, i) => value !== mask[i]))
      throw args.refusal("0", "is not the mask that follows from the config", "that mask", "another");
    const { part: weight } = args.slice("1", index, shape);
    const { part: bias } = module.slice("bias", index, [to.length]);
    const order = orders[l + 1]!;
    const added = isLast
      ? bias.map((value, i) => value + offsets[i % offsets.length]!)
      : reordered(bias, order);
    Object.assign(
      values,
      under(String(layers.length), {
        weight: reorderedMatrix(weight, from.length, order, orders[l]!),
        bias: added,
      }),
    );
    const units = isLast ? range(features) : order.map((place) => to[place]! + 1);
    layers.push({ kind: "linear", ...(isLast ? {} : { outputs: to.length }), units });
    if (!isLast) layers.push({ kind: "activation", ...activation });
  });
  // Set k has the context and the first k features.
  const sets = range(features).map((k) => "1".repeat(context + k) + "0".repeat(features - k));
  return { conditioner: layeredConditioner({ layers, sets }), values };
}
