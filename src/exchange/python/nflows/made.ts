/**
 * `nflows.transforms.made.MADE`: a masked network in which the context is added to hidden units.
 *
 * @module
 */

import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range, reordered, reorderedMatrix, sortedPlaces } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torchActivations.ts";
import { batchNorm, blockEpsilon } from "./batchNorm.ts";
import { contextOf, lastLayer, type Outputs } from "./networks.ts";

/** Units of a layer: their degrees in the library, and the place there of each of ours, which are sorted. */
interface Units {
  readonly degrees: readonly number[];
  readonly order: readonly number[];
}

const unitsOf = (degrees: readonly number[]): Units => ({ degrees, order: sortedPlaces(degrees) });

/** The network of a masked autoregressive transform; its arguments are those of the call. */
export function made(
  call: Call,
  state: StateDict,
  features: number,
  outputs: Outputs,
): ConditionerPart & { readonly context: number } {
  const hidden = call.integer("hidden_features", undefined, 1);
  const context = contextOf(call);
  const blocks = call.integer("num_blocks", 2);
  const isResidual = call.flag("use_residual_blocks", true);
  const isRandom = call.flag("random_mask", false);
  const activation = torchActivation(call.call("activation"), "relu");
  // In evaluation mode nothing is dropped.
  call.number("dropout_probability", 0);
  const isNormalized = call.flag("use_batch_norm", false);

  const values: Record<string, Float64Array> = {};
  const keep = (name: string, own: Readonly<Record<string, Float64Array>>): void => {
    Object.assign(values, under(name, own));
  };
  const inputs: Units = { degrees: range(features).map((i) => i + 1), order: range(features) };
  const usual = range(hidden).map((i) => (i % Math.max(1, features - 1)) + Math.min(1, features - 1));

  /** A masked layer of hidden units; its degrees are in the state dict, drawn where masks are random. */
  const masked = (
    module: StateDict,
    from: Units,
    name: string,
  ): { readonly layer: Layer; readonly units: Units } => {
    if (!isRandom) module.expect("degrees", [hidden], usual, "those that follow from the config");
    const degrees = [...module.tensor("degrees", [hidden])];
    if (
      degrees.some((degree) => !Number.isSafeInteger(degree) || degree < 0 || degree >= Math.max(features, 1))
    )
      throw module.refusal("degrees", `must be from 0 to ${features - 1}`, "degrees", `[${degrees}]`);
    const units = unitsOf(degrees);
    const width = from.degrees.length;
    const mask = degrees.flatMap((degree) => from.degrees.map((each) => Number(degree >= each)));
    module.expect("mask", [hidden, width], mask, "the mask that follows from its degrees");
    const weight = reorderedMatrix(module.tensor("weight", [hidden, width]), width, units.order, from.order);
    const bias = reordered(module.tensor("bias", [hidden]), units.order);
    keep(name, { weight: from === inputs ? withContext(weight) : weight, bias });
    return {
      layer: { kind: "linear", outputs: hidden, units: units.order.map((place) => degrees[place]!) },
      units,
    };
  };
  /** Columns of 0 for the context, which this layer does not see. */
  const withContext = (weight: Float64Array): Float64Array => {
    const wide = new Float64Array(hidden * (context + features));
    for (const unit of range(hidden))
      wide.set(
        weight.subarray(unit * features, (unit + 1) * features),
        unit * (context + features) + context,
      );
    return wide;
  };
  const shift = (module: StateDict, { order }: Units, name: string, activated: boolean): Layer => {
    keep(name, {
      weight: reorderedMatrix(module.tensor("weight", [hidden, context]), context, order, range(context)),
      bias: reordered(module.tensor("bias", [hidden]), order),
    });
    return { kind: "shift", inputs: [0, context], ...(activated ? { activation } : {}) };
  };
  const normalized = (module: StateDict, { order }: Units, name: string): Layer => {
    const { scale, shift: added } = batchNorm(module, hidden, blockEpsilon);
    keep(name, { scale: reordered(scale, order), shift: reordered(added, order) });
    return { kind: "scale" };
  };

  const first = masked(state.at("initial_layer"), inputs, "0");
  const layers: Layer[] = [first.layer];
  let { units } = first;
  if (context > 0) layers.push(shift(state.at("context_layer"), units, "1", true));
  if (!isResidual) layers.push({ kind: "activation", ...activation });
  for (const b of range(blocks)) {
    const module = state.at("blocks").at(b);
    if (!isResidual) {
      if (isNormalized) layers.push(normalized(module.at("batch_norm"), units, String(layers.length)));
      const next = masked(module.at("linear"), units, String(layers.length));
      layers.push(next.layer, { kind: "activation", ...activation });
      ({ units } = next);
      continue;
    }
    const inner: Layer[] = [];
    const name = (): string => `${layers.length}.${inner.length}`;
    for (const k of [0, 1]) {
      if (isNormalized) inner.push(normalized(module.at("batch_norm_layers").at(k), units, name()));
      inner.push({ kind: "activation", ...activation });
      const next = masked(module.at("linear_layers").at(k), units, name());
      inner.push(next.layer);
      ({ units } = next);
      if (k === 0 && context > 0) inner.push(shift(module.at("context_layer"), units, name(), false));
    }
    layers.push({ kind: "residual", layers: inner });
  }

  const final = state.at("final_layer");
  const each = outputs.order.length / features;
  const degrees = range(features * each).map((i) => Math.floor(i / each) + 1);
  final.expect("degrees", [features * each], degrees, "those that follow from the config");
  final.expect(
    "mask",
    [features * each, hidden],
    degrees.flatMap((degree) => units.degrees.map((own) => Number(degree > own))),
    "the mask that follows from its degrees",
  );
  keep(String(layers.length), lastLayer(final, hidden, units.order, outputs, hidden));
  layers.push({ kind: "linear", units: range(features) });
  // Set k has the first k features. The context is not among the inputs that masks let through: it is added.
  const sets = range(features).map((k) => "0".repeat(context) + "1".repeat(k) + "0".repeat(features - k));
  return { conditioner: layeredConditioner({ layers, sets }), values, context };
}
