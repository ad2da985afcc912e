/**
 * Affine maps of normflows with parameters that a network gives. Its flows go from base to data, as ours do.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import { shiftTransformer } from "../../../transformers/elementary/shiftTransformer.ts";
import { invertTransformer } from "../../../transformers/invertTransformer.ts";
import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import { identityOf } from "../identity.ts";
import { range } from "../matrices.ts";
import { type ConditionerPart, inverted, type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";
import { made } from "../torch/made.ts";
import { picked, torchNetwork } from "../torch/networks.ts";
import { scaledByExponential } from "../torch/scaled.ts";

const couplingOf = (
  features: number,
  transformed: readonly number[],
  transformer: Transformer,
  { conditioner, values }: ConditionerPart,
): Part => ({
  bijection: coupling({ features, transformed, transformer, conditioner }),
  values: under("network", values),
});

/** `MaskedAffineFlow`: b z + (1 - b) (z e^s(b z) + t(b z)); the networks see 0 in the place of what they transform. */
export function maskedAffine(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["b", "t", "s"]);
  const mask = own.tensor("b");
  if (
    mask?.shape.length !== 1 ||
    mask.shape[0] !== features ||
    !mask.data.every((value) => value === 0 || value === 1)
  )
    throw own.refusal(
      "b",
      `a list of ${features} numbers, 0 or 1`,
      mask ? `of the shape [${mask.shape}]` : "nothing",
    );
  state.expect("b", [1, features], mask.data, "that of the config");
  const fixed = range(features).filter((i) => mask.data[i] === 1);
  const transformed = range(features).filter((i) => mask.data[i] === 0);
  const [t, s] = ["t", "s"].map((name) => {
    const network = own.call(name);
    if (!network) return undefined;
    const made = torchNetwork(network, state.at(name), features, fixed);
    if (made.outputs !== features) throw own.refusal(name, `of ${features} outputs`, `${made.outputs}`);
    return made;
  });
  own.done();
  if (transformed.length === 0 || (!t && !s)) return identityOf(features);
  if (fixed.length === 0)
    throw own.refusal("b", "with a 1, as the networks are given nothing else", `[${[...mask.data]}]`);
  if (t && s)
    return couplingOf(
      features,
      transformed,
      scaledByExponential,
      picked(
        [t, s],
        transformed.flatMap((i) => [i, features + i]),
      ),
    );
  if (t) return couplingOf(features, transformed, shiftTransformer(), picked([t], transformed));
  return couplingOf(
    features,
    transformed,
    scaledByExponential,
    // A shift of 0.
    picked(
      [s!],
      transformed.flatMap((i) => [i, i]),
      transformed.flatMap(() => [0, 1]),
    ),
  );
}

/** The features that condition and those that are transformed, in the order in which the library takes them apart. */
function split(
  call: Call,
  features: number,
): { readonly fixed: readonly number[]; readonly transformed: readonly number[] } {
  const mode = call.word(
    "split_mode",
    ["channel", "channel_inv", "checkerboard", "checkerboard_inv"],
    "channel",
  );
  const half = Math.ceil(features / 2);
  const isFirst = (i: number): boolean => (mode.startsWith("channel") ? i < half : i % 2 === 1);
  if (features < 2 || (mode.startsWith("checkerboard") && features % 2 === 1))
    throw call.refusal("split_mode", `one that splits ${features} features`, mode);
  const [first, second] = [range(features).filter(isFirst), range(features).filter((i) => !isFirst(i))];
  return mode.endsWith("inv") ? { fixed: second, transformed: first } : { fixed: first, transformed: second };
}

/** `AffineCouplingBlock`. */
export function affineCouplingBlock(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["param_map", "scale", "scale_map", "split_mode"]);
  const { fixed, transformed } = split(own, features);
  const isScaled = own.flag("scale", true);
  const scaleMap = own.word("scale_map", ["exp", "sigmoid", "sigmoid_inv"], "exp");
  const network = own.call("param_map");
  if (!network) throw own.refusal("param_map", "a network", "nothing");
  own.done();
  const made = torchNetwork(network, state.at("flows").at(1).at("param_map"), fixed.length);
  const count = transformed.length;
  if (made.outputs !== (isScaled ? 2 : 1) * count)
    throw own.refusal("param_map", `of ${(isScaled ? 2 : 1) * count} outputs`, `${made.outputs}`);
  if (!isScaled) return couplingOf(features, transformed, shiftTransformer(), picked([made], range(count)));
  const places = range(2 * count);
  switch (scaleMap) {
    case "exp":
      return couplingOf(features, transformed, scaledByExponential, picked([made], places));
    case "sigmoid_inv":
      return couplingOf(
        features,
        transformed,
        invertTransformer(positiveAffineTransformer({ scale: "sigmoid", offset: 2, leastSlope: 0 })),
        picked([made], places),
      );
    case "sigmoid":
      // One over a sigmoid of u is 1 + e^-u.
      return couplingOf(
        features,
        transformed,
        invertTransformer(positiveAffineTransformer({ scale: "exponential", offset: -2, leastSlope: 1 })),
        picked(
          [made],
          places,
          places.map((place) => (place % 2 === 0 ? 1 : -1)),
        ),
      );
  }
}

/** Number of what a network is given; None is nothing. */
export const contextOf = (call: Call, name: string): number =>
  call.has(name) ? call.integer(name, 0, 1) : 0;

/** `MaskedAffineAutoregressive`: its network sees the side of the base, and samples take one pass. */
export function maskedAffineAutoregressive(call: Call, state: StateDict, features: number): Part {
  const own = call.named([
    "features",
    "hidden_features",
    "context_features",
    "num_blocks",
    "use_residual_blocks",
    "random_mask",
    "activation",
    "dropout_probability",
    "use_batch_norm",
  ]);
  if (own.integer("features", undefined, 1) !== features)
    throw own.refusal("features", String(features), String(own.value("features")));
  const sizes = {
    features,
    // Of each feature the scale, then the shift.
    outputs: { order: range(features).flatMap((i) => [2 * i + 1, 2 * i]) },
    hidden: own.integer("hidden_features", undefined, 1),
    context: contextOf(own, "context_features"),
    blocks: own.integer("num_blocks", 2),
    isResidual: own.flag("use_residual_blocks", true),
    isRandom: own.flag("random_mask", false),
    activation: torchActivation(own.call("activation"), "relu"),
    isNormalized: own.flag("use_batch_norm", false),
  };
  // In evaluation mode nothing is dropped.
  own.number("dropout_probability", 0);
  own.done();
  const { conditioner, values, context } = made(state.at("autoregressive_net"), sizes, "normflows");
  const transformer = positiveAffineTransformer({ scale: "sigmoid", offset: 2 });
  return inverted({
    bijection: maskedAutoregressive({ features, context, transformer, conditioner }),
    values: under("network", values),
  });
}
