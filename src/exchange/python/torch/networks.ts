/**
 * Networks that couplings and bases are given: the MLPs of normflows and nflows, and `Linear` and `Sequential` of PyTorch.
 *
 * @module
 */

import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range, reorderedMatrix } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "./activations.ts";

/** A network as layers, with its number of outputs. */
export interface TorchNetwork {
  readonly layers: readonly Layer[];
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly outputs: number;
}

/** Layers that are put together one by one. */
class Layers {
  readonly layers: Layer[] = [];
  readonly values: Record<string, Float64Array> = {};
  /** Units of the last layer. */
  units: number;
  #columns: readonly number[] | undefined;

  /** @param columns - Inputs that there are here; the library gives its network 0 in the place of the others. */
  constructor(inputs: number, columns?: readonly number[]) {
    this.units = inputs;
    this.#columns = columns;
  }

  linear(state: StateDict, outputs: number, hasBias = true): void {
    const columns = this.#columns ?? range(this.units);
    const weight = reorderedMatrix(
      state.tensor("weight", [outputs, this.units]),
      this.units,
      range(outputs),
      columns,
    );
    const name = String(this.layers.length);
    const bias = hasBias ? { bias: state.tensor("bias", [outputs]) } : {};
    Object.assign(this.values, under(name, { weight, ...bias }));
    this.layers.push({ kind: "linear", outputs, ...(hasBias ? {} : { bias: false }) });
    this.units = outputs;
    this.#columns = undefined;
  }

  get made(): TorchNetwork {
    return { layers: this.layers, values: this.values, outputs: this.units };
  }
}

/** `normflows.nets.MLP`. */
function mlp(
  call: Call,
  state: StateDict,
  inputs: number,
  columns: readonly number[] | undefined,
): TorchNetwork {
  const own = call.named([
    "layers",
    "leaky",
    "score_scale",
    "output_fn",
    "output_scale",
    "init_zeros",
    "dropout",
  ]);
  const sizes = own.integers("layers");
  if (sizes.length < 2 || sizes[0] !== inputs || sizes.some((size) => size < 1))
    throw own.refusal("layers", `sizes from ${inputs} inputs on`, `[${sizes}]`);
  const leaky = own.number("leaky", 0);
  const scoreScale = own.has("score_scale") ? own.number("score_scale") : undefined;
  const outputScale = own.has("output_scale") ? own.number("output_scale") : undefined;
  const activations = { sigmoid: "sigmoid", relu: "relu", tanh: "tanh", clampexp: "clampExp" } as const;
  const output = own.has("output_fn")
    ? own.word("output_fn", Object.keys(activations) as (keyof typeof activations)[])
    : undefined;
  own.flag("init_zeros", false);
  // In evaluation mode nothing is dropped; the module has a place.
  const hasDropout = own.has("dropout");
  if (hasDropout) own.number("dropout");
  own.done();
  const net = state.at("net");
  const made = new Layers(inputs, columns);
  let place = 0;
  sizes.slice(1).forEach((size, i) => {
    const isLast = i === sizes.length - 2;
    if (isLast && hasDropout) place++;
    made.linear(net.at(place++), size);
    if (isLast) return;
    made.layers.push({ kind: "activation", activation: "leakyRelu", slope: leaky });
    place++;
  });
  const multiply = (scale: number | undefined): void => {
    if (scale === undefined) return;
    const [factor] = net.at(place++).tensor("scale", []);
    made.layers.push({ kind: "multiply", factor: factor! });
  };
  // Without a function of the outputs the library has no scales.
  if (output !== undefined) {
    multiply(scoreScale);
    made.layers.push({ kind: "activation", activation: activations[output] });
    place++;
    multiply(outputScale);
  }
  return made.made;
}

/** `nflows.nn.nets.MLP`. */
function nflowsMlp(call: Call, state: StateDict, inputs: number): TorchNetwork {
  const own = call.named(["in_shape", "out_shape", "hidden_sizes", "activation", "activate_output"]);
  const [inShape, outShape, hidden] = ["in_shape", "out_shape", "hidden_sizes"].map((name) =>
    own.integers(name),
  );
  if (inShape!.length !== 1 || inShape![0] !== inputs || outShape!.length !== 1)
    throw own.refusal(
      "in_shape and out_shape",
      `[${inputs}] and one number`,
      `[${inShape}] and [${outShape}]`,
    );
  const activation = torchActivation(own.call("activation"), "relu");
  const isActivated = own.flag("activate_output", false);
  own.done();
  const made = new Layers(inputs);
  const last = hidden!.length;
  [...hidden!, outShape![0]!].forEach((size, i) => {
    const middle = (): StateDict => state.at("_hidden_layers").at(i - 1);
    made.linear(i === 0 ? state.at("_input_layer") : i === last ? state.at("_output_layer") : middle(), size);
    if (i < last || isActivated) made.layers.push({ kind: "activation", ...activation });
  });
  return made.made;
}

/** `torch.nn.Sequential` of dense layers and activations, or one dense layer. */
function sequential(
  call: Call,
  state: StateDict,
  inputs: number,
  columns: readonly number[] | undefined,
): TorchNetwork {
  const made = new Layers(inputs, columns);
  const add = (layer: Call, own: StateDict): void => {
    if (layer.name !== "Linear") {
      made.layers.push({ kind: "activation", ...torchActivation(layer, "relu") });
      return;
    }
    const named = layer.named(["in_features", "out_features", "bias"]);
    if (named.integer("in_features") !== made.units)
      throw named.refusal("in_features", String(made.units), String(named.value("in_features")));
    made.linear(own, named.integer("out_features", undefined, 1), named.flag("bias", true));
    named.done();
  };
  if (call.name === "Linear") add(call, state);
  else {
    // Its modules are arguments by position.
    const own = call.named(range(call.positions).map(String));
    range(call.positions).forEach((i) => {
      add(own.call(String(i))!, state.at(i));
    });
    own.done();
  }
  return made.made;
}

/** The network that an argument is. */
export function torchNetwork(
  call: Call,
  state: StateDict,
  inputs: number,
  columns?: readonly number[],
): TorchNetwork {
  if (call.name === "MLP")
    return call.has("in_shape") ? nflowsMlp(call, state, inputs) : mlp(call, state, inputs, columns);
  if (call.name === "Linear" || call.name === "Sequential") return sequential(call, state, inputs, columns);
  throw call.unknown(["MLP", "Linear", "Sequential"], "network");
}

/** The number of inputs that a network is made with. */
export function inputsOf(call: Call): number {
  switch (call.name) {
    case "MLP": {
      const sizes = call.has("in_shape")
        ? call.integers("in_shape")
        : call.named(["layers"]).integers("layers");
      return sizes[0] ?? 0;
    }
    case "Linear":
      return call.named(["in_features", "out_features", "bias"]).integer("in_features", undefined, 1);
    default: {
      const named = call.named(range(call.positions).map(String));
      const first = call.positions > 0 ? named.call("0") : undefined;
      if (first?.name !== "Linear")
        throw call.refusal("arguments", "a network whose first layer is dense", first?.dottedName ?? "none");
      return inputsOf(first);
    }
  }
}

/** Networks of the same input, with what of their outputs, one after another, are the parameters of a map. */
export function picked(
  networks: readonly TorchNetwork[],
  places: readonly number[],
  factors?: readonly number[],
): ConditionerPart {
  const [first] = networks;
  const pick: Layer = { kind: "pick", places, ...(factors ? { factors } : {}) };
  if (networks.length === 1)
    return { conditioner: layeredConditioner({ layers: [...first!.layers, pick] }), values: first!.values };
  return {
    conditioner: layeredConditioner({
      layers: [{ kind: "parallel", branches: networks.map(({ layers }) => layers) }, pick],
    }),
    values: Object.assign({}, ...networks.map(({ values }, i) => under(`0.${i}`, values))) as Record<
      string,
      Float64Array
    >,
  };
}
