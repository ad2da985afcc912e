/**
 * Couplings and masked autoregressive transforms of nflows.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import { shiftTransformer } from "../../../transformers/elementary/shiftTransformer.ts";
import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import { positiveSplineTransformer } from "../../../transformers/positive/positiveSplineTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import type { Outputs } from "../torch/residualNet.ts";
import { madeOf, networkOf } from "./networks.ts";

/** The rational-quadratic spline of a call; its bins are divided by the root of the number of hidden units. */
function spline(
  call: Call,
  features: number,
): { readonly transformer: Transformer; readonly outputs: Outputs } {
  const bins = call.integer("num_bins", 10, 1);
  if (call.value("tails") !== "linear")
    throw call.refusal(
      "tails",
      '"linear", as splines on [0, 1] alone cannot be imported',
      String(call.value("tails") ?? "None"),
    );
  const transformer = positiveSplineTransformer({
    bins,
    bound: call.number("tail_bound", 1),
    leastWidth: call.number("min_bin_width", 1e-3),
    leastHeight: call.number("min_bin_height", 1e-3),
    leastSlope: call.number("min_derivative", 1e-3),
  });
  const each = 3 * bins - 1;
  return {
    transformer,
    outputs: {
      order: range(features * each),
      factor: (place, hidden) => (place % each < 2 * bins ? 1 / Math.sqrt(hidden) : 1),
    },
  };
}

/** A coupling of a transformer, whose network `transform_net_create_fn` names. */
function couplingOf(
  call: Call,
  state: StateDict,
  make: (transformed: number) => { readonly transformer: Transformer; readonly outputs: Outputs },
): Part {
  const given = call.tensor("mask");
  if (given?.shape.length !== 1)
    throw call.refusal("mask", "a list of numbers", given ? `of the shape [${given.shape}]` : "nothing");
  const mask = [...given.data];
  const features = mask.length;
  const transformed = range(features).filter((i) => mask[i]! > 0);
  const fixed = range(features).filter((i) => mask[i]! <= 0);
  state.expect("identity_features", [fixed.length], fixed, "those that the mask passes");
  state.expect("transform_features", [transformed.length], transformed, "those that the mask transforms");
  const { transformer, outputs } = make(transformed.length);
  const net = call.call("transform_net_create_fn");
  if (!net) throw call.refusal("transform_net_create_fn", "the network that it makes", "nothing");
  const { conditioner, values, context } = networkOf(net, state.at("transform_net"), fixed.length, outputs);
  if (call.flag("apply_unconditional_transform", false))
    throw call.refusal("apply_unconditional_transform", "false, as it cannot be imported", "true");
  if (call.has("img_shape")) throw call.refusal("img_shape", "left out, as rows are tables", "a shape");
  call.done();
  return {
    bijection: coupling({ features, context, transformed, transformer, conditioner }),
    values: under("network", values),
  };
}

/** A masked autoregressive transform of a transformer. */
function autoregressiveOf(
  call: Call,
  state: StateDict,
  make: (features: number) => { readonly transformer: Transformer; readonly outputs: Outputs },
): Part {
  const features = call.integer("features", undefined, 1);
  const { transformer, outputs } = make(features);
  const { conditioner, values, context } = madeOf(call, state.at("autoregressive_net"), features, outputs);
  call.done();
  return {
    bijection: maskedAutoregressive({ features, context, transformer, conditioner }),
    values: under("network", values),
  };
}

const couplingArguments = ["mask", "transform_net_create_fn"];
const splineCouplingArguments = [
  ...couplingArguments,
  "num_bins",
  "tails",
  "tail_bound",
  "apply_unconditional_transform",
  "img_shape",
  "min_bin_width",
  "min_bin_height",
  "min_derivative",
];
const madeArguments = [
  "num_blocks",
  "use_residual_blocks",
  "random_mask",
  "activation",
  "dropout_probability",
  "use_batch_norm",
];
const sizesArguments = ["features", "hidden_features", "context_features"];

/** By class. */
export const parametricTransforms: Readonly<Record<string, (call: Call, state: StateDict) => Part>> = {
  AdditiveCouplingTransform: (call, state) =>
    couplingOf(call.named(couplingArguments), state, (features) => ({
      // It shifts from base to data.
      transformer: shiftTransformer(),
      outputs: { order: range(features), factor: () => -1 },
    })),
  AffineCouplingTransform: (call, state) =>
    couplingOf(call.named(couplingArguments), state, (features) => ({
      transformer: positiveAffineTransformer({ scale: "sigmoid", offset: 2 }),
      // All shifts, then all scales.
      outputs: { order: range(features).flatMap((i) => [i, features + i]) },
    })),
  PiecewiseRationalQuadraticCouplingTransform: (call, state) => {
    const own = call.named(splineCouplingArguments);
    return couplingOf(own, state, (features) => spline(own, features));
  },
  MaskedAffineAutoregressiveTransform: (call, state) =>
    autoregressiveOf(call.named([...sizesArguments, ...madeArguments]), state, (features) => ({
      transformer: positiveAffineTransformer(),
      // Of each feature the scale, then the shift.
      outputs: { order: range(features).flatMap((i) => [2 * i + 1, 2 * i]) },
    })),
  MaskedPiecewiseRationalQuadraticAutoregressiveTransform: (call, state) => {
    const own = call.named([
      ...sizesArguments,
      "num_bins",
      "tails",
      "tail_bound",
      ...madeArguments,
      "min_bin_width",
      "min_bin_height",
      "min_derivative",
    ]);
    return autoregressiveOf(own, state, (features) => {
      const made = spline(own, features);
      // The network of such a transform does not keep its number of hidden units, and nothing is divided by it.
      return { transformer: made.transformer, outputs: { order: made.outputs.order } };
    });
  },
};
