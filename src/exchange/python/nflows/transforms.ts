/**
 * Couplings and masked autoregressive transforms of nflows.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import { shiftTransformer } from "../../../transformers/elementary/shiftTransformer.ts";
import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import { positiveSplineTransformer } from "../../../transformers/positive/positiveSplineTransformer.ts";
import { cubicSpline } from "../../../transformers/splines/cubicSpline.ts";
import { linearSpline } from "../../../transformers/splines/linearSpline.ts";
import { quadraticSpline } from "../../../transformers/splines/quadraticSpline.ts";
import { movedTransformer } from "../../../transformers/structure/movedTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { chainOf, type Part, placedAt, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import type { Outputs } from "../torch/residualNet.ts";
import { madeOf, networkOf } from "./networks.ts";

/** A spline, and the place in the library of each of its parameters. */
interface Spline {
  readonly transformer: Transformer;
  readonly outputs: Outputs;
}

/** The kinds of splines: our transformer, and how many of its parameters a coupling divides by the root of its hidden units. */
type SplineKind = "Linear" | "Quadratic" | "Cubic" | "RationalQuadratic";

function splineOf(
  call: Call,
  kind: SplineKind,
): { readonly transformer: Transformer; readonly divided: number } {
  const bins = call.integer("num_bins", 10, 1);
  const isBoxed = (call.value("tails") ?? null) === null;
  if (!isBoxed && call.value("tails") !== "linear")
    throw call.refusal("tails", '"linear" or None', String(call.value("tails")));
  // Without tails it maps [0, 1] onto itself, whatever tail_bound says.
  const tailBound = call.number("tail_bound", 1);
  const bound = isBoxed ? 0.5 : tailBound;
  const tails = isBoxed ? "none" : "identity";
  const placed = (transformer: Transformer, divided: number) => ({
    transformer: isBoxed ? movedTransformer({ inner: transformer, by: 0.5 }) : transformer,
    divided,
  });
  if (kind === "Linear") return placed(linearSpline({ bins, bound, tails, leastHeight: 0 }), 0);
  const leastWidth = call.number("min_bin_width", 1e-3);
  const leastHeight = call.number("min_bin_height", 1e-3);
  switch (kind) {
    case "Quadratic":
      return placed(
        quadraticSpline({ bins, bound, tails, leastWidth, leastHeight, ends: "nflows" }),
        2 * bins + (isBoxed ? 1 : -1),
      );
    case "Cubic":
      if (leastWidth !== leastHeight)
        throw call.refusal("min_bin_height", `${leastWidth}, as min_bin_width`, String(leastHeight));
      return placed(
        cubicSpline({ bins, bound, tails, leastSize: leastWidth, leastEndSlope: 0, endOffset: 0 }),
        2 * bins,
      );
    case "RationalQuadratic": {
      const leastSlope = call.number("min_derivative", 1e-3);
      return placed(
        positiveSplineTransformer({ bins, bound, tails, leastWidth, leastHeight, leastSlope }),
        2 * bins,
      );
    }
  }
}

/** The spline of a coupling. */
function couplingSpline(call: Call, kind: SplineKind, features: number): Spline {
  const { transformer, divided } = splineOf(call, kind);
  const each = transformer.parameterCount;
  return {
    transformer,
    outputs: {
      order: range(features * each),
      factor: (place, hidden) => (place % each < divided ? 1 / Math.sqrt(hidden) : 1),
    },
  };
}

/** The spline of a masked transform: its network does not keep its number of hidden units, and nothing is divided by it. */
function maskedSpline(call: Call, kind: SplineKind, features: number): Spline {
  // Of no use to a spline without slopes of its own.
  if (kind === "Quadratic") call.number("min_derivative", 1e-3);
  const { transformer } = splineOf(call, kind);
  return { transformer, outputs: { order: range(features * transformer.parameterCount) } };
}

/** Names of the tensors of a `Piecewise...CDF`, in the order of our parameters. */
const namesOf: Readonly<Record<SplineKind, readonly string[]>> = {
  Linear: ["unnormalized_pdf"],
  Quadratic: ["unnormalized_widths", "unnormalized_heights"],
  Cubic: [
    "unnormalized_widths",
    "unnormalized_heights",
    "unnorm_derivatives_left",
    "unnorm_derivatives_right",
  ],
  RationalQuadratic: ["unnormalized_widths", "unnormalized_heights", "unnormalized_derivatives"],
};

/** A spline of each of some features with parameters of its own; the others pass. */
function unconditional(
  state: StateDict,
  kind: SplineKind,
  transformer: Transformer,
  features: number,
  places: readonly number[],
): Part {
  const each = transformer.parameterCount;
  const values = new Float64Array(places.length * each);
  let start = 0;
  for (const name of namesOf[kind]) {
    const [, size = 0] = state.shape(name);
    const data = state.tensor(name, [places.length, size]);
    places.forEach((_, i) => {
      values.set(data.subarray(i * size, (i + 1) * size), i * each + start);
    });
    start += size;
  }
  if (start !== each)
    throw state.refusal(
      namesOf[kind].at(-1)!,
      `makes ${start} parameters of a feature, the config says ${each}`,
      String(each),
      String(start),
    );
  return placedAt(features, places, {
    bijection: elementwise({ features: places.length, transformer }),
    values: { values },
  });
}

/** `Piecewise...CDF`: a spline of every feature. */
function piecewiseCdf(call: Call, state: StateDict, kind: SplineKind): Part {
  const own = call.named([
    "shape",
    "num_bins",
    "tails",
    "tail_bound",
    ...(kind === "RationalQuadratic" ? ["identity_init"] : []),
    ...(kind === "Linear" ? [] : ["min_bin_width", "min_bin_height"]),
    ...(kind === "RationalQuadratic" ? ["min_derivative"] : []),
  ]);
  const shape = Array.isArray(own.value("shape"))
    ? own.integers("shape")
    : [own.integer("shape", undefined, 1)];
  if (shape.length !== 1) throw own.refusal("shape", "[features], as rows are tables", `[${shape}]`);
  if (kind === "RationalQuadratic") own.flag("identity_init", false);
  const { transformer } = splineOf(own, kind);
  own.done();
  return unconditional(state, kind, transformer, shape[0]!, range(shape[0]!));
}

/** A coupling of a transformer, whose network `transform_net_create_fn` names. */
function couplingOf(
  call: Call,
  state: StateDict,
  make: (transformed: number) => Spline,
  kind?: SplineKind,
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
  const isBoth = kind !== undefined && call.flag("apply_unconditional_transform", false);
  if (call.has("img_shape")) throw call.refusal("img_shape", "left out, as rows are tables", "a shape");
  call.done();
  const part: Part = {
    bijection: coupling({ features, context, transformed, transformer, conditioner }),
    values: under("network", values),
  };
  // From base to data, what conditions is mapped first.
  return isBoth
    ? chainOf([unconditional(state.at("unconditional_transform"), kind, transformer, features, fixed), part])
    : part;
}

/** A masked autoregressive transform of a transformer. */
function autoregressiveOf(call: Call, state: StateDict, make: (features: number) => Spline): Part {
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
const maskedSplineArguments = (own: readonly string[]): readonly string[] => [
  ...sizesArguments,
  ...own,
  ...madeArguments.slice(1),
  "min_bin_width",
  "min_bin_height",
  "min_derivative",
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
  ...Object.fromEntries(
    (Object.keys(namesOf) as SplineKind[]).flatMap((kind) => [
      [
        `Piecewise${kind}CouplingTransform`,
        (call: Call, state: StateDict) => {
          const own = call.named(splineCouplingArguments);
          return couplingOf(own, state, (features) => couplingSpline(own, kind, features), kind);
        },
      ],
      [`Piecewise${kind}CDF`, (call: Call, state: StateDict) => piecewiseCdf(call, state, kind)],
    ]),
  ),
  MaskedAffineAutoregressiveTransform: (call, state) =>
    autoregressiveOf(call.named([...sizesArguments, ...madeArguments]), state, (features) => ({
      transformer: positiveAffineTransformer(),
      // Of each feature the scale, then the shift.
      outputs: { order: range(features).flatMap((i) => [2 * i + 1, 2 * i]) },
    })),
  // These have neither tails nor least sizes to choose.
  ...Object.fromEntries(
    (["Linear", "Cubic"] as const).map((kind) => [
      `MaskedPiecewise${kind}AutoregressiveTransform`,
      (call: Call, state: StateDict) => {
        const own = call.named(["num_bins", ...sizesArguments, ...madeArguments]);
        return autoregressiveOf(own, state, (features) => maskedSpline(own, kind, features));
      },
    ]),
  ),
  MaskedPiecewiseQuadraticAutoregressiveTransform: (call, state) => {
    const own = call.named(maskedSplineArguments(["num_bins", "num_blocks", "tails", "tail_bound"]));
    return autoregressiveOf(own, state, (features) => maskedSpline(own, "Quadratic", features));
  },
  MaskedPiecewiseRationalQuadraticAutoregressiveTransform: (call, state) => {
    const own = call.named(maskedSplineArguments(["num_bins", "tails", "tail_bound", "num_blocks"]));
    return autoregressiveOf(own, state, (features) => maskedSpline(own, "RationalQuadratic", features));
  },
};
