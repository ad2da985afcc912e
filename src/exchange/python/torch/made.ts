/**
 * `MADE` of nflows and normflows: a masked network in which the context is added to hidden units, or gates them.
 *
 * @module
 */

import type { ParameterValues } from "../../../models/parameters.ts";
import type { Activation } from "../../../networks/activations.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import { range, reordered, reorderedMatrix, sortedPlaces } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { batchNorm, blockEpsilon } from "./batchNorm.ts";
import { lastLayer, type Outputs } from "./residualNet.ts";

/** Units of a layer: their degrees in the library, and the place there of each of ours, which are sorted. */
interface Units {
  readonly degrees: readonly number[];
  readonly order: readonly number[];
}

const unitsOf = (degrees: readonly number[]): Units => ({ degrees, order: sortedPlaces(degrees) });

/** What a MADE is made with. */
export interface MadeSizes {
  readonly features: number;
  readonly outputs: Outputs;
  readonly hidden: number;
  /** Number of what it is given; 0 for nothing. */
  readonly context: number;
  readonly blocks: number;
  readonly isResidual: boolean;
  /** Whether degrees of hidden units were drawn. */
  readonly isRandom: boolean;
  /** Whether the order of the features was drawn (normflows). */
  readonly isPermuted?: boolean | undefined;
  readonly activation: Activation;
  readonly isNormalized: boolean;
  /** Features that come in as sines and cosines, with their factors and weights (normflows). */
  readonly periodic?:
    | {
        readonly places: readonly number[];
        readonly frequencies: readonly number[];
        readonly values: ParameterValues;
      }
    | undefined;
}

/** The network, and the features in the order in which it conditions them. */
export interface Made extends ConditionerPart {
  readonly context: number;
  readonly order: readonly number[];
}

/**
 * The network of a masked autoregressive transform.
 * @param library - nflows activates what it adds of the context to the first layer, adds more in each block, and activates before
 *   blocks that are not residual; that of nflows.nn does not activate these two; in normflows the context gates what blocks add.
 */
export function made(
  state: StateDict,
  sizes: MadeSizes,
  library: "nflows" | "nflows.nn" | "normflows",
): Made {
  const { features, outputs, hidden, context, blocks, isResidual, isRandom, activation, isNormalized } =
    sizes;
  const isGated = library === "normflows";
  const each = (outputs.count ?? outputs.order.length) / features;
  const ours = outputs.order.length / features;
  const final = state.at("final_layer");
  const inputDegrees = sizes.isPermuted
    ? [...final.tensor("degrees", [features * each])].filter((_, i) => i % each === 0)
    : range(features).map((i) => i + 1);
  if (sortedPlaces(inputDegrees).some((place, i) => inputDegrees[place] !== i + 1))
    throw final.refusal(
      "degrees",
      `is not an order of ${features} features`,
      "an order",
      `[${inputDegrees}]`,
    );
  const inputs = unitsOf(inputDegrees);
  const values: Record<string, Float64Array> = {};
  const keep = (name: string, own: Readonly<Record<string, Float64Array>>): void => {
    Object.assign(values, under(name, own));
  };
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
  const ofContext = (
    kind: "shift" | "gate",
    module: StateDict,
    { order }: Units,
    name: string,
    isActivated: boolean,
  ): Layer => {
    keep(name, {
      weight: reorderedMatrix(module.tensor("weight", [hidden, context]), context, order, range(context)),
      bias: reordered(module.tensor("bias", [hidden]), order),
    });
    return { kind, inputs: [0, context], ...(isActivated ? { activation } : {}) };
  };
  const normalized = (module: StateDict, { order }: Units, name: string): Layer => {
    const { scale, shift: added } = batchNorm(module, hidden, blockEpsilon);
    keep(name, { scale: reordered(scale, order), shift: reordered(added, order) });
    return { kind: "scale" };
  };

  const layers: Layer[] = [];
  if (sizes.periodic) {
    const { places, frequencies, values: weights } = sizes.periodic;
    layers.push({
      kind: "periodic",
      places: places.map((place) => context + inputs.order.indexOf(place)),
      frequencies,
    });
    keep("0", weights);
  }
  const first = masked(state.at("initial_layer"), inputs, String(layers.length));
  layers.push(first.layer);
  let { units } = first;
  if (context > 0)
    layers.push(
      ofContext("shift", state.at("context_layer"), units, String(layers.length), library === "nflows"),
    );
  if (!isResidual && library === "nflows") layers.push({ kind: "activation", ...activation });
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
      if (k === 0 && context > 0 && !isGated)
        inner.push(ofContext("shift", module.at("context_layer"), units, name(), false));
    }
    if (context > 0 && isGated)
      inner.push(ofContext("gate", module.at("context_layer"), units, name(), false));
    layers.push({ kind: "residual", layers: inner });
  }

  const degrees = inputDegrees.flatMap((degree) => new Array<number>(each).fill(degree));
  final.expect("degrees", [features * each], degrees, "those that follow from the config");
  final.expect(
    "mask",
    [features * each, hidden],
    degrees.flatMap((degree) => units.degrees.map((own) => Number(degree > own))),
    "the mask that follows from its degrees",
  );
  const placed = inputs.order.flatMap((feature) => outputs.order.slice(feature * ours, (feature + 1) * ours));
  keep(
    String(layers.length),
    lastLayer(final, hidden, units.order, { ...outputs, count: features * each, order: placed }, hidden),
  );
  layers.push({ kind: "linear", units: range(features) });
  // Set k has the first k features. The context is not among the inputs that masks let through: it is added.
  const sets = range(features).map((k) => "0".repeat(context) + "1".repeat(k) + "0".repeat(features - k));
  return { conditioner: layeredConditioner({ layers, sets }), values, context, order: inputs.order };
}
