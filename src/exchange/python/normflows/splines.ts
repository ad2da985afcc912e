/**
 * Neural spline flows of normflows: its couplings, which also map what conditions them, and its autoregressive maps, on the line and
 * around circles.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import type { Layer } from "../../../networks/layers.ts";
import { positiveSplineTransformer } from "../../../transformers/positive/positiveSplineTransformer.ts";
import { eachTransformer } from "../../../transformers/structure/eachTransformer.ts";
import { movedTransformer } from "../../../transformers/structure/movedTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { chainOf, type Part, placedAt, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";
import { made } from "../torch/made.ts";
import { residualNet } from "../torch/residualNet.ts";
import { expectChosenFeatures } from "./chosenFeatures.ts";
import { contextOf } from "./couplings.ts";

const splineArguments = ["num_input_channels", "num_blocks", "num_hidden_channels"];

/** How a spline goes on beyond its box; `listed` where the library was given one way for each feature. */
interface Ends {
  readonly isCircular: readonly boolean[];
  readonly bounds: readonly number[];
  readonly isListed: boolean;
  /** Whether it is a map of [0, 1] alone. */
  readonly isBoxed?: boolean;
}

/** What the wrappers have in common. */
function common(
  own: Call,
  features: number,
): {
  readonly blocks: number;
  readonly hidden: number;
  readonly context: number;
  readonly bins: number;
  readonly activation: ReturnType<typeof torchActivation>;
} {
  const named = own.integer("num_input_channels", undefined, 1);
  if (named !== features) throw own.refusal("num_input_channels", String(features), String(named));
  // In evaluation mode nothing is dropped.
  own.number("dropout_probability", 0);
  return {
    blocks: own.integer("num_blocks"),
    hidden: own.integer("num_hidden_channels", undefined, 1),
    context: contextOf(own, "num_context_channels"),
    bins: own.integer("num_bins", 8, 2),
    activation: torchActivation(own.call("activation"), "relu"),
  };
}

/** Which features are around circles. */
function circular(own: Call, features: number): readonly boolean[] {
  const places = own.integers("ind_circ");
  if (places.some((place) => place < 0 || place >= features))
    throw own.refusal("ind_circ", `features from 0 to ${features - 1}`, `[${places}]`);
  return range(features).map((i) => places.includes(i));
}

/** Half-widths of the boxes: one number, or a tensor, of which the state dict has what is needed. */
function boundsOf(
  own: Call,
  features: number,
  usual: number,
): { readonly bounds: readonly number[]; readonly isTensor: boolean } {
  if (!Array.isArray(own.value("tail_bound")))
    return { bounds: new Array<number>(features).fill(own.number("tail_bound", usual)), isTensor: false };
  const tensor = own.tensor("tail_bound")!;
  if (tensor.shape.length !== 1 || tensor.shape[0] !== features)
    throw own.refusal("tail_bound", `a number, or ${features} of them`, `of the shape [${tensor.shape}]`);
  return { bounds: [...tensor.data], isTensor: true };
}

/** Half-widths that a module has kept of some features. */
function placed(module: StateDict, bounds: readonly number[], places: readonly number[]): readonly number[] {
  module.expectClose(
    "tail_bound",
    places.map((i) => bounds[i]!),
    "that of the config",
  );
  return [...module.tensor("tail_bound", [places.length])];
}

/** The spline of a feature. Where the library was given a list, it gives 0 beyond the box. */
const splineOf = (bins: number, { isCircular, bounds, isListed, isBoxed }: Ends, i: number): Transformer =>
  isBoxed
    ? movedTransformer({
        inner: positiveSplineTransformer({ bins, bound: 0.5, tails: "none" }),
        by: 0.5,
      })
    : positiveSplineTransformer({
        bins,
        bound: bounds[i]!,
        tails: isCircular[i] ? "circular" : "identity",
        beyond: isListed ? "zero" : "same",
      });

/** The splines of some features, and what the library's parameters of each are to ours. */
function splines(
  bins: number,
  ends: Ends,
): {
  readonly transformer: Transformer;
  /** Parameters of a feature in the library. */
  readonly each: number;
  /** Parameters of all features, by their places in the library. */
  readonly order: readonly number[];
} {
  const { isCircular, bounds, isListed } = ends;
  const parts = range(bounds.length).map((i) => splineOf(bins, ends, i));
  const count = Math.max(...parts.map(({ parameterCount }) => parameterCount));
  const each = isListed ? 3 * bins + 1 : count;
  const order = parts.flatMap((_, i) =>
    range(count).map((k) => {
      // Of a list each feature has a slope for every knot; those at the ends of a line are not used.
      const first = isListed && !isCircular[i] && k >= 2 * bins ? 1 : 0;
      return i * each + k + first;
    }),
  );
  const isOne = parts.every((part) => JSON.stringify(part.toJSON()) === JSON.stringify(parts[0]!.toJSON()));
  return { transformer: isOne ? parts[0]! : eachTransformer({ parts }), each, order };
}

/** Sines and cosines that come before a network; nothing where no feature is around a circle. */
function periodicFeatures(
  state: StateDict,
  features: number,
  places: readonly number[],
  frequencies: readonly number[],
  isTensor: boolean,
): {
  readonly layer: Extract<Layer, { kind: "periodic" }>;
  readonly values: { sine: Float64Array; cosine: Float64Array };
} {
  expectChosenFeatures(state, features, places, "the circular features");
  const weights = state.tensor("weights", [places.length, 2]);
  const scale = isTensor ? [...state.tensor("scale", [places.length])] : frequencies;
  return {
    layer: { kind: "periodic", places, frequencies: scale },
    values: {
      sine: weights.filter((_, i) => i % 2 === 0),
      cosine: weights.filter((_, i) => i % 2 === 1),
    },
  };
}

/** `CoupledRationalQuadraticSpline` and the circular one: a coupling, and a spline of each feature that conditions it. */
export function coupledSpline(call: Call, state: StateDict, features: number): Part {
  const isCircularFlow = call.name.startsWith("Circular");
  const own = call.named([
    ...splineArguments,
    ...(isCircularFlow ? ["ind_circ"] : []),
    "num_context_channels",
    "num_bins",
    ...(isCircularFlow ? [] : ["tails"]),
    "tail_bound",
    "activation",
    "dropout_probability",
    "reverse_mask",
    ...(isCircularFlow ? ["mask", "init_identity"] : []),
  ]);
  const { blocks, hidden, context, bins, activation } = common(own, features);
  const { bounds, isTensor } = boundsOf(own, features, 3);
  const isReversed = own.flag("reverse_mask", false);
  const mask = isCircularFlow ? own.tensor("mask") : undefined;
  if (mask && (mask.shape.length !== 1 || mask.shape[0] !== features))
    throw own.refusal("mask", `a list of ${features} numbers`, `of the shape [${mask.shape}]`);
  if (isCircularFlow) own.flag("init_identity", true);
  const tails = isCircularFlow ? undefined : tailsOf(own);
  const isCircular =
    tails === undefined ? circular(own, features) : new Array<boolean>(features).fill(tails === "circular");
  own.done();
  const module = state.at("prqct");
  const isTransformed = (i: number): boolean => (mask ? mask.data[i]! > 0 : (i % 2 === 0) === isReversed);
  const [transformed, fixed] = [
    range(features).filter(isTransformed),
    range(features).filter((i) => !isTransformed(i)),
  ];
  if (fixed.length * transformed.length === 0)
    throw own.refusal("mask", "one that passes some features and transforms others", "one that does not");
  module.expect("identity_features", [fixed.length], fixed, "those that the mask passes");
  module.expect("transform_features", [transformed.length], transformed, "those that the mask transforms");
  const ofFixed = module.at("unconditional_transform");
  // The state dict has them as the library computes with them.
  const ends = [...bounds];
  if (isTensor)
    for (const [owner, places] of [
      [module, transformed],
      [ofFixed, fixed],
    ] as const)
      placed(owner, bounds, places).forEach((bound, i) => {
        ends[places[i]!] = bound;
      });
  const endsOf = (places: readonly number[]): Ends => ({
    isCircular: places.map((i) => isCircular[i]!),
    bounds: places.map((i) => ends[i]!),
    isListed: isCircularFlow,
    isBoxed: tails === "none",
  });
  const net = module.at("transform_net");
  const turning = range(fixed.length).filter((i) => isCircularFlow && isCircular[fixed[i]!]);
  const before =
    turning.length > 0
      ? periodicFeatures(
          net.at("preprocessing"),
          fixed.length,
          turning,
          turning.map(() => Math.PI / bounds[0]!),
          isTensor,
        )
      : undefined;
  const { transformer, each, order } = splines(bins, endsOf(transformed));
  const network = residualNet(net, {
    inputs: fixed.length,
    outputs: {
      order,
      count: each * transformed.length,
      factor: (place, width) => (place % transformer.parameterCount < 2 * bins ? 1 / Math.sqrt(width) : 1),
    },
    hidden,
    context,
    blocks,
    activation,
    isNormalized: false,
    before,
  });
  const coupled: Part = {
    bijection: coupling({ features, context, transformed, transformer, conditioner: network.conditioner }),
    values: under("network", network.values),
  };
  // From base to data, what conditions is mapped first.
  return chainOf([unconditional(ofFixed, features, fixed, bins, endsOf(fixed)), coupled]);
}

/** `PiecewiseRationalQuadraticCDF`: a spline of each of some features; the others pass. */
function unconditional(
  state: StateDict,
  features: number,
  places: readonly number[],
  bins: number,
  ends: Ends,
): Part {
  const { transformer, each, order } = splines(bins, ends);
  const count = order.length / places.length;
  const sizes = [bins, bins, each - 2 * bins];
  const raw = ["unnormalized_widths", "unnormalized_heights", "unnormalized_derivatives"].map((name, i) =>
    state.tensor(name, [places.length, sizes[i]!]),
  );
  const values = new Float64Array(places.length * count);
  places.forEach((_, i) => {
    const all = raw.flatMap((data, kind) => [...data.subarray(i * sizes[kind]!, (i + 1) * sizes[kind]!)]);
    for (const k of range(count)) values[i * count + k] = all[order[i * count + k]! - i * each]!;
  });
  return placedAt(features, places, {
    bijection: elementwise({ features: places.length, transformer }),
    values: { values },
  });
}

/** None is a spline on [0, 1] alone. */
const tailsOf = (own: Call): "linear" | "circular" | "none" =>
  own.isNone("tails") ? "none" : own.word("tails", ["linear", "circular"], "linear");

/** `AutoregressiveRationalQuadraticSpline` and the circular one. */
export function autoregressiveSpline(call: Call, state: StateDict, features: number): Part {
  const isCircularFlow = call.name.startsWith("Circular");
  const own = call.named([
    ...splineArguments,
    ...(isCircularFlow ? ["ind_circ"] : []),
    "num_context_channels",
    "num_bins",
    "tail_bound",
    "activation",
    "dropout_probability",
    "permute_mask",
    "init_identity",
  ]);
  const { blocks, hidden, context, bins, activation } = common(own, features);
  const { bounds: given, isTensor } = boundsOf(own, features, 3);
  const isPermuted = own.flag("permute_mask", isCircularFlow);
  own.flag("init_identity", true);
  const isCircular = isCircularFlow ? circular(own, features) : new Array<boolean>(features).fill(false);
  own.done();
  const module = state.at("mprqat");
  const bounds = isTensor ? placed(module, given, range(features)) : given;
  const net = module.at("autoregressive_net");
  const places = range(features).filter((i) => isCircular[i]);
  const before = isCircularFlow
    ? periodicFeatures(
        net.at("preprocessing"),
        features,
        places,
        places.map(() => Math.PI / bounds[0]!),
        isTensor,
      )
    : undefined;
  const isListed = isCircularFlow;
  const { each, order } = splines(bins, { isCircular, bounds, isListed });
  const network = made(
    net,
    {
      features,
      outputs: { order, count: each * features },
      hidden,
      context,
      blocks,
      isResidual: true,
      isRandom: false,
      isPermuted,
      activation,
      isNormalized: false,
      periodic: places.length > 0 && before ? { ...before.layer, values: before.values } : undefined,
    },
    "normflows",
  );
  const inOrder = splines(bins, {
    isCircular: network.order.map((i) => isCircular[i]!),
    bounds: network.order.map((i) => bounds[i]!),
    isListed,
  });
  return {
    bijection: maskedAutoregressive({
      features,
      context,
      order: network.order,
      transformer: inOrder.transformer,
      conditioner: network.conditioner,
    }),
    values: under("network", network.values),
  };
}
