/**
 * Linear maps, permutations and normalizations of nflows. Its call goes from data to base, ours from base to data.
 *
 * @module
 */

import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { affine } from "../../../bijections/linear/affine.ts";
import { permutation } from "../../../bijections/linear/permutation.ts";
import { qrAffine } from "../../../bijections/matrices/qrAffine.ts";
import { svdAffine } from "../../../bijections/matrices/svdAffine.ts";
import { actNorm } from "../../../bijections/normalization/actNorm.ts";
import { batchNormalization } from "../../../bijections/normalization/batchNormalization.ts";
import { orthogonal } from "../../../bijections/orthogonal/orthogonal.ts";
import { UsageError } from "../../../errors.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import { distributionFunction } from "../../../transformers/elementary/distributionFunction.ts";
import { leakyRelu } from "../../../transformers/elementary/leakyRelu.ts";
import { logTanh } from "../../../transformers/elementary/logTanh.ts";
import { sigmoidTransformer } from "../../../transformers/elementary/sigmoidTransformer.ts";
import { tanhTransformer } from "../../../transformers/elementary/tanhTransformer.ts";
import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import type { Call } from "../call.ts";
import { matrixMap, reflectionValues } from "../linearMaps.ts";
import { range } from "../matrices.ts";
import { chainOf, inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { luMap } from "../torch/lu.ts";
import { softplus } from "../torch/softplus.ts";

/** Of the library's direction: z = e^logScale y + shift. */
function scaled(shift: Float64Array, logScale: Float64Array): Part {
  return inverted({ bijection: affine({ features: shift.length }), values: { shift, logScale } });
}

/** `LULinear`: z = L U y + bias. */
function luLinear(call: Call, state: StateDict): Part {
  const own = call.named(["features", "using_cache", "identity_init", "eps"]);
  const features = own.integer("features", undefined, 1);
  own.flag("using_cache", false);
  // How it starts has no part in what it has become.
  own.flag("identity_init", true);
  const epsilon = own.number("eps", 1e-3);
  own.done();
  return inverted(luMap(state, features, epsilon));
}

/** `HouseholderSequence`: reflections, the first row's first. */
function householder(call: Call, state: StateDict): Part {
  const own = call.named(["features", "num_transforms"]);
  const features = own.integer("features", undefined, 1);
  const reflections = own.integer("num_transforms", undefined, 1);
  own.done();
  const vectors = vectorsOf(state, features, reflections);
  return inverted({ bijection: orthogonal({ features, reflections }), values: { vectors } });
}

/** Vectors of reflections; none may be 0. */
function vectorsOf(state: StateDict, features: number, reflections: number): Float64Array {
  const vectors = state.tensor("q_vectors", [reflections, features]);
  for (const k of range(reflections))
    if (vectors.subarray(k * features, (k + 1) * features).every((value) => value === 0))
      throw state.refusal("q_vectors", `has a row of zeros, ${k}`, "vectors to reflect along", "0");
  return reflectionValues(vectors, features);
}

/** `QRLinear`: z = Q R y + bias. */
function qrLinear(call: Call, state: StateDict): Part {
  const own = call.named(["features", "num_householder", "using_cache"]);
  const features = own.integer("features", undefined, 1);
  const reflections = own.integer("num_householder", undefined, 1);
  own.flag("using_cache", false);
  own.done();
  const entries = state.tensor("upper_entries", [(features * (features - 1)) / 2]);
  const upper = new Float64Array(features * features);
  let next = 0;
  for (const i of range(features))
    for (let j = i + 1; j < features; j++) upper[i * features + j] = entries[next++]!;
  return inverted({
    bijection: qrAffine({ features, reflections }),
    values: {
      shift: state.tensor("bias", [features]),
      vectors: vectorsOf(state.at("orthogonal"), features, reflections),
      upper,
      logDiagonal: state.tensor("log_upper_diag", [features]),
    },
  });
}

/** `SVDLinear`: z = U S V y + bias. */
function svdLinear(call: Call, state: StateDict): Part {
  const own = call.named(["features", "num_householder", "using_cache", "identity_init", "eps"]);
  const features = own.integer("features", undefined, 1);
  const reflections = own.integer("num_householder", undefined, 1);
  own.flag("using_cache", false);
  own.flag("identity_init", true);
  const epsilon = own.number("eps", 1e-3);
  own.done();
  return inverted({
    bijection: svdAffine({ features, reflections }),
    values: {
      shift: state.tensor("bias", [features]),
      left: vectorsOf(state.at("orthogonal_1"), features, reflections),
      right: vectorsOf(state.at("orthogonal_2"), features, reflections),
      logDiagonal: state
        .tensor("unconstrained_diagonal", [features])
        .map((raw) => Math.log(softplus(raw) + epsilon)),
    },
  });
}

/** `NaiveLinear`: z = W y + bias, of any matrix that can be inverted. */
function naiveLinear(call: Call, state: StateDict): Part {
  const own = call.named(["features", "orthogonal_initialization", "using_cache"]);
  const features = own.integer("features", undefined, 1);
  own.flag("orthogonal_initialization", true);
  own.flag("using_cache", false);
  own.done();
  const part = matrixMap(state.tensor("_weight", [features, features]), state.tensor("bias", [features]));
  if (!part) throw state.refusal("_weight", "is singular", "an invertible matrix", "a singular one");
  return inverted(part);
}

/** `LeakyReLU`, of every feature; their number is that of what comes before. */
function leaky(call: Call, _: StateDict, features: number | undefined): Part {
  const own = call.named(["negative_slope"]);
  const slope = own.number("negative_slope", 0.01);
  own.done();
  if (!(slope > 0)) throw own.refusal("negative_slope", "a positive number", String(slope));
  return inverted({
    bijection: elementwise({ features: features!, transformer: leakyRelu({ slope }) }),
    values: {},
  });
}

/** `Sigmoid`: z = 1 / (1 + e^(-T y)), of every feature. */
function sigmoid(call: Call, state: StateDict, features: number | undefined): Part {
  const own = call.named(["temperature", "eps", "learn_temperature"]);
  const given = own.number("temperature", 1);
  const clip = own.number("eps", 1e-6);
  // One that is not learned is a number of float32 there, whatever the model has.
  const isLearned = own.flag("learn_temperature", false);
  const temperature = isLearned ? state.tensor("temperature", [1])[0]! : Math.fround(given);
  own.done();
  if (!(temperature > 0)) throw own.refusal("temperature", "a positive number", String(temperature));
  const size = features!;
  const logistic = elementwise({ features: size, transformer: sigmoidTransformer({ clip }) });
  return chainOf([
    inverted({ bijection: logistic, values: {} }),
    {
      bijection: affine({ features: size, kind: "scalar" }),
      values: { shift: Float64Array.of(0), logScale: Float64Array.of(-Math.log(temperature)) },
    },
  ]);
}

/** `Logit`: the inverse of a `Sigmoid`. */
function logit(call: Call, state: StateDict, features: number | undefined): Part {
  return inverted(sigmoid(call, state.at("_transform"), features));
}

/** `Tanh`, of every feature. */
function hyperbolicTangent(call: Call, _: StateDict, features: number | undefined): Part {
  call.done();
  return inverted({
    bijection: elementwise({ features: features!, transformer: tanhTransformer() }),
    values: {},
  });
}

/** `LogTanh`, of every feature, with the slope of its tails that the library gives them. */
function logarithmicTangent(call: Call, _: StateDict, features: number | undefined): Part {
  const own = call.named(["cut_point"]);
  const from = own.number("cut_point", 1);
  own.done();
  if (!(from > 0 && from <= 8)) throw own.refusal("cut_point", "above 0 and up to 8", String(from));
  const growth = (1 - Math.tanh(Math.tanh(from))) / from;
  return inverted({
    bijection: elementwise({ features: features!, transformer: logTanh({ from, growth }) }),
    values: {},
  });
}

/** `CauchyCDF`, of every feature; what it is made with has no part in what it computes. */
function cauchy(call: Call, _: StateDict, features: number | undefined): Part {
  const own = call.named(["location", "scale", "features"]);
  for (const name of ["location", "scale", "features"]) own.value(name);
  own.done();
  const transformer = distributionFunction({ law: "cauchy" });
  return inverted({ bijection: elementwise({ features: features!, transformer }), values: {} });
}

/** `GatedLinearUnit`: z = y / (1 + e^-c), of one number c that it is given. */
function gated(call: Call, _: StateDict, features: number | undefined): Part {
  call.done();
  if (features !== 1)
    throw new UsageError({
      where: "importModel",
      problem: `${call.path} (${call.name}) is not imported for ${features} features: it counts the logarithm of its gate once and not once for each, so that its log-probability is not that of a density`,
      expected: "one feature",
      received: String(features),
    });
  const conditioner = layeredConditioner({ layers: [{ kind: "pick", places: [0, 0], factors: [0, 1] }] });
  const transformer = positiveAffineTransformer({ scale: "sigmoid", leastSlope: 0 });
  return { bijection: elementwise({ features: 1, context: 1, transformer, conditioner }), values: {} };
}

/** A permutation, z[i] = y[order[i]]; the state dict says which. */
function permuted(state: StateDict, features: number): Part {
  const order = [...state.tensor("_permutation", [features])];
  if (
    order
      .slice()
      .sort((a, b) => a - b)
      .some((place, i) => place !== i)
  )
    throw state.refusal("_permutation", "is not a permutation", "a permutation", `[${order}]`);
  return inverted({ bijection: permutation(order), values: {} });
}

function checkDimension(call: Call): void {
  if (call.integer("dim", 1) !== 1)
    throw call.refusal("dim", "1, as rows are tables", String(call.value("dim")));
}

function permutationOf(call: Call, state: StateDict): Part {
  const own = call.named(["permutation", "dim"]);
  // It is in the state dict, too.
  own.value("permutation");
  checkDimension(own);
  own.done();
  const [features = 0] = state.shape("_permutation");
  return permuted(state, features);
}

function permutationOfFeatures(call: Call, state: StateDict): Part {
  const own = call.named(["features", "dim"]);
  const features = own.integer("features", undefined, 1);
  checkDimension(own);
  own.done();
  if (own.name === "ReversePermutation")
    state.expect("_permutation", [features], range(features).reverse(), "the reverse order");
  return permuted(state, features);
}

/** `BatchNorm`, in evaluation mode. */
function batchNormTransform(call: Call, state: StateDict): Part {
  const own = call.named(["features", "eps", "momentum", "affine"]);
  const features = own.integer("features", undefined, 1);
  const epsilon = own.number("eps", 1e-5);
  const momentum = own.number("momentum", 0.1);
  own.flag("affine", true);
  own.done();
  const raw = state.tensor("unconstrained_weight", [features]);
  return {
    bijection: batchNormalization({ features, epsilon, momentum }),
    values: {
      mean: state.tensor("running_mean", [features]),
      variance: state.tensor("running_var", [features]),
      logWeight: raw.map((value) => Math.log(softplus(value) + epsilon)),
      bias: state.tensor("bias", [features]),
    },
  };
}

function actNormTransform(call: Call, state: StateDict): Part {
  const own = call.named(["features"]);
  const features = own.integer("features", undefined, 1);
  own.done();
  // Whether it has seen its first batch has no part in what it computes now.
  state.tensor("initialized", []);
  const logScale = state.tensor("log_scale", [features]);
  const shift = state.tensor("shift", [features]);
  // z = e^log_scale y + shift there, y = e^s z + t here.
  return {
    bijection: actNorm({ features }),
    values: {
      shift: shift.map((value, i) => -value * Math.exp(-logScale[i]!)),
      logScale: logScale.map((value) => -value),
    },
  };
}

/** `PointwiseAffineTransform`: a shift and a scale, one for all features or one for each; `features` where it is one. */
function pointwiseAffine(call: Call, state: StateDict, features: number | undefined): Part {
  const own = call.named(["shift", "scale"]);
  own.value("shift");
  own.value("scale");
  own.done();
  const sizes = ["_shift", "_scale"].map((name) => state.shape(name));
  const size = Math.max(features ?? 0, ...sizes.map(([extent = 1]) => extent));
  if (features === undefined && sizes.every((shape) => shape.length === 0))
    throw new UsageError({
      where: "importModel",
      problem: `${own.path} (${own.name}) does not say the number of its features`,
      expected: "a shift or a scale for each feature",
      received: "one number for all",
    });
  const [shift, scale] = ["_shift", "_scale"].map((name, i) => {
    const data = state.tensor(name, sizes[i]!);
    return data.length === 1 ? new Float64Array(size).fill(data[0]!) : data;
  }) as [Float64Array, Float64Array];
  return scaled(shift, scale.map(Math.log));
}

/** Linear maps by class; `features` is that of what comes before, where it is known. */
export const linearTransforms: Readonly<
  Record<string, (call: Call, state: StateDict, features: number | undefined) => Part>
> = {
  ActNorm: actNormTransform,
  AffineTransform: pointwiseAffine,
  BatchNorm: batchNormTransform,
  CauchyCDF: cauchy,
  CauchyCDFInverse: (call, state, features) => inverted(cauchy(call, state.at("_transform"), features)),
  GatedLinearUnit: gated,
  HouseholderSequence: householder,
  LULinear: luLinear,
  LeakyReLU: leaky,
  LogTanh: logarithmicTangent,
  Logit: logit,
  NaiveLinear: naiveLinear,
  Permutation: permutationOf,
  PointwiseAffineTransform: pointwiseAffine,
  QRLinear: qrLinear,
  RandomPermutation: permutationOfFeatures,
  ReversePermutation: permutationOfFeatures,
  SVDLinear: svdLinear,
  Sigmoid: sigmoid,
  Tanh: hyperbolicTangent,
};
