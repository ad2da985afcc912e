/**
 * Flows of nflows 0.14: a `Flow` of a transform and a distribution.
 *
 * @module
 */

import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import { diagonalNormal } from "../../../distributions/diagonalNormal.ts";
import { standardNormal } from "../../../distributions/standardNormal.ts";
import { mixtureTransformer } from "../../../transformers/mixtures/mixtureTransformer.ts";
import { Call } from "../call.ts";
import { identityOf } from "../identity.ts";
import { range } from "../matrices.ts";
import { type BasePart, chainOf, type ImportedParts, inverted, type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { conditionalScale } from "../torch/scaled.ts";
import { linearTransforms } from "./linear.ts";
import { madeOf } from "./networks.ts";
import { parametricTransforms } from "./transforms.ts";

/** A transform, from data to base there; `features` is the number where it is known. */
function transformOf(call: Call, state: StateDict, features: number): Part {
  switch (call.name) {
    case "CompositeTransform": {
      const own = call.named(["transforms"]);
      const parts = own
        .calls("transforms")
        .map((each, i) => transformOf(each, state.at("_transforms").at(i), features));
      own.done();
      return parts.length === 0 ? identityOf(features) : chainOf(parts.reverse());
    }
    case "InverseTransform": {
      const own = call.named(["transform"]);
      const inner = own.call("transform");
      if (!inner) throw own.refusal("transform", "a transform", "nothing");
      own.done();
      return inverted(transformOf(inner, state.at("_transform"), features));
    }
    case "CompositeCDFTransform": {
      const own = call.named(["squashing_transform", "cdf_transform"]);
      const [squashing, cdf] = [own.call("squashing_transform"), own.call("cdf_transform")];
      if (!squashing || !cdf) throw own.refusal("squashing_transform", "two transforms", "one or none");
      own.done();
      const at = (i: number): StateDict => state.at("_transforms").at(i);
      return chainOf([
        inverted(transformOf(squashing, at(2).at("_transform"), features)),
        transformOf(cdf, at(1), features),
        transformOf(squashing, at(0), features),
      ]);
    }
    case "IdentityTransform":
      call.done();
      return identityOf(features);
  }
  const make = parametricTransforms[call.name] ?? linearTransforms[call.name];
  if (!make)
    throw call.unknown(
      [
        "CompositeTransform",
        "InverseTransform",
        "CompositeCDFTransform",
        "IdentityTransform",
        ...Object.keys(parametricTransforms),
        ...Object.keys(linearTransforms),
      ],
      "transform",
    );
  return make(call, state, features);
}

/** `MADEMoG`: of each feature a mixture of normal laws given those before it, as the map from a normal base that has this density. */
function autoregressiveMixture(call: Call, state: StateDict): BasePart & { readonly after: Part } {
  const own = call.named([
    "features",
    "hidden_features",
    "context_features",
    "num_blocks",
    "num_mixture_components",
    "use_residual_blocks",
    "random_mask",
    "activation",
    "dropout_probability",
    "use_batch_norm",
    "custom_initialization",
  ]);
  const features = own.integer("features", undefined, 1);
  const components = own.integer("num_mixture_components", 1, 1);
  own.flag("custom_initialization", false);
  // There of each component the logit, the mean and the deviation; here all logits, means and deviations.
  const order = range(features).flatMap((i) =>
    range(3).flatMap((part) => range(components).map((k) => 3 * (components * i + k) + part)),
  );
  const { conditioner, values, context } = madeOf(own, state, features, { order }, "nflows.nn");
  own.done();
  const transformer = mixtureTransformer({
    components,
    law: "normal",
    leastSlope: 0,
    largestLogScale: 0,
    leastScale: 1e-2,
    reach: 1e9,
    spread: 0,
  });
  return {
    base: standardNormal({ features }),
    values: {},
    after: {
      bijection: maskedAutoregressive({ features, context, transformer, conditioner }),
      values: under("network", values),
    },
  };
}

/** The base, whose shape says the number of features. */
function distributionOf(call: Call, state: StateDict): BasePart & { readonly after?: Part } {
  if (call.name === "MADEMoG") return autoregressiveMixture(call, state.at("_made"));
  const isConditional = call.name === "ConditionalDiagonalNormal";
  const own = call.named(["shape", ...(isConditional ? ["context_encoder"] : [])]);
  const encoder = isConditional ? own.call("context_encoder") : undefined;
  const [features, ...more] = own.integers("shape");
  if (features === undefined || features < 1 || more.length > 0)
    throw own.refusal("shape", "[features], as rows are tables", `[${own.integers("shape")}]`);
  own.done();
  switch (own.name) {
    case "StandardNormal":
      // Of older versions, which kept it.
      if (state.has("_log_z")) state.tensor("_log_z", state.shape("_log_z"));
      return { base: standardNormal({ features }), values: {} };
    case "DiagonalNormal":
      if (state.has("_log_z")) state.tensor("_log_z", state.shape("_log_z"));
      return {
        base: diagonalNormal({ features }),
        values: {
          mean: state.tensor("mean_", [1, features]),
          logScale: state.tensor("log_std_", [1, features]),
        },
      };
    case "ConditionalDiagonalNormal":
      if (state.has("_log_z")) state.tensor("_log_z", state.shape("_log_z"));
      return {
        base: standardNormal({ features }),
        values: {},
        after: conditionalScale(features, encoder, state.at("_context_encoder")),
      };
    default:
      throw own.unknown(
        ["StandardNormal", "DiagonalNormal", "ConditionalDiagonalNormal", "MADEMoG"],
        "distribution",
      );
  }
}

function flow(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["transform", "distribution", "embedding_net"]);
  const [transform, distribution, embedding] = ["transform", "distribution", "embedding_net"].map((name) =>
    own.call(name),
  );
  if (embedding && embedding.name !== "Identity") throw embedding.unknown(["Identity"], "embedding network");
  if (!transform || !distribution)
    throw own.refusal("transform and distribution", "given", "nothing for one of them");
  const { base, values, after } = distributionOf(distribution, state.at("_distribution"));
  const part = transformOf(transform, state.at("_transform"), base.features);
  own.done();
  return { ...chainOf(after ? [after, part] : [part]), base: { base, values } };
}

/** The layers that a class with a list of its own makes, as the calls that it makes. */
function flowOfLayers(
  call: Call,
  state: StateDict,
  features: number,
  layers: readonly { readonly class: string; readonly arguments: object }[],
): ImportedParts {
  call.done();
  const transform = new Call({ class: "CompositeTransform", arguments: { transforms: layers } }, call.path);
  const distribution = new Call({ class: "StandardNormal", arguments: { shape: [features] } }, call.path);
  const { base, values } = distributionOf(distribution, state.at("_distribution"));
  return { ...transformOf(transform, state.at("_transform"), features), base: { base, values } };
}

/** `MaskedAutoregressiveFlow`: permutations and masked affine maps in turn. */
function maskedAutoregressiveFlow(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "hidden_features", "num_layers", "num_blocks_per_layer"]);
  const features = own.integer("features", undefined, 1);
  const isDrawn = own.flag("use_random_permutations", false);
  const isNormalized = own.flag("batch_norm_between_layers", false);
  const layer = {
    features,
    hidden_features: own.integer("hidden_features", undefined, 1),
    num_blocks: own.integer("num_blocks_per_layer"),
    use_residual_blocks: own.flag("use_residual_blocks", true),
    random_mask: own.flag("use_random_masks", false),
    activation: own.value("activation"),
    dropout_probability: own.number("dropout_probability", 0),
    use_batch_norm: own.flag("batch_norm_within_layers", false),
  };
  const layers = range(own.integer("num_layers")).flatMap(() => [
    { class: isDrawn ? "RandomPermutation" : "ReversePermutation", arguments: { features } },
    { class: "MaskedAffineAutoregressiveTransform", arguments: layer },
    ...(isNormalized ? [{ class: "BatchNorm", arguments: { features } }] : []),
  ]);
  return flowOfLayers(own, state, features, layers);
}

/** `SimpleRealNVP`: couplings of every other feature in turn. */
function simpleRealNVP(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "hidden_features", "num_layers", "num_blocks_per_layer"]);
  const features = own.integer("features", undefined, 1);
  const isAdditive = own.flag("use_volume_preserving", false);
  const isNormalized = own.flag("batch_norm_between_layers", false);
  const network = {
    class: "ResidualNet",
    arguments: {
      hidden_features: own.integer("hidden_features", undefined, 1),
      num_blocks: own.integer("num_blocks_per_layer"),
      activation: own.value("activation"),
      dropout_probability: own.number("dropout_probability", 0),
      use_batch_norm: own.flag("batch_norm_within_layers", false),
    },
  };
  const layers = range(own.integer("num_layers")).flatMap((i) => [
    {
      class: isAdditive ? "AdditiveCouplingTransform" : "AffineCouplingTransform",
      arguments: {
        mask: range(features).map((feature) => ((feature + i) % 2 === 0 ? -1 : 1)),
        transform_net_create_fn: network,
      },
    },
    ...(isNormalized ? [{ class: "BatchNorm", arguments: { features } }] : []),
  ]);
  return flowOfLayers(own, state, features, layers);
}

/** The importers, by the name of the class. */
export const importers: Readonly<Record<string, (call: Call, state: StateDict) => ImportedParts>> = {
  Flow: flow,
  MaskedAutoregressiveFlow: maskedAutoregressiveFlow,
  SimpleRealNVP: simpleRealNVP,
};
