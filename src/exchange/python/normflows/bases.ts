/**
 * Bases of normflows. One that is conditional is a standard normal distribution, and an affine map of the context after it.
 *
 * @module
 */

import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { diagonalNormal } from "../../../distributions/diagonalNormal.ts";
import { gaussianMixture } from "../../../distributions/gaussianMixture.ts";
import { uniformNormal } from "../../../distributions/independent/uniformNormal.ts";
import { standardNormal } from "../../../distributions/standardNormal.ts";
import { uniform } from "../../../distributions/uniform/uniform.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type BasePart, type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { conditionalScale, scaledByExponential } from "../torch/scaled.ts";
import { expectChosenFeatures } from "./chosenFeatures.ts";

/** A base, and what comes after it where it is conditional. */
export interface NormflowsBase extends BasePart {
  readonly after?: Part | undefined;
}

/** The number of features that a shape says: one number, or a list of one. */
export function featuresOf(call: Call, name = "shape"): number {
  if (!Array.isArray(call.value(name))) return call.integer(name, undefined, 1);
  const shape = call.integers(name);
  if (shape.length !== 1 || shape[0]! < 1)
    throw call.refusal(name, "one number of features, as rows are tables", `[${shape}]`);
  return shape[0]!;
}

function diagGaussian(call: Call, state: StateDict): NormflowsBase {
  const own = call.named(["shape", "trainable"]);
  const features = featuresOf(own);
  own.flag("trainable", true);
  own.done();
  return {
    base: diagonalNormal({ features }),
    values: { mean: state.tensor("loc", [1, features]), logScale: state.tensor("log_scale", [1, features]) },
  };
}

function mixture(call: Call, state: StateDict): NormflowsBase {
  const own = call.named(["n_modes", "dim", "loc", "scale", "weights", "trainable"]);
  const components = own.integer("n_modes", undefined, 1);
  const features = own.integer("dim", undefined, 1);
  // They are in the state dict, too.
  for (const name of ["loc", "scale", "weights"]) own.value(name);
  own.flag("trainable", true);
  own.done();
  const logScale = state.tensor("log_scale", [1, components, features]);
  const size = (features * (features + 1)) / 2;
  const factor = new Float64Array(components * size);
  for (const k of range(components))
    for (const i of range(features)) factor[k * size + (i * (i + 1)) / 2 + i] = logScale[k * features + i]!;
  return {
    base: gaussianMixture({ features, components }),
    values: {
      logWeight: state.tensor("weight_scores", [1, components]),
      mean: state.tensor("loc", [1, components, features]),
      factor,
    },
  };
}

/** y = t + e^s x, of a shift and a log scale that an indicator of the class picks, one column for each class. */
function classConditional(call: Call, state: StateDict): NormflowsBase {
  const own = call.named(["shape", "num_classes"]);
  const features = featuresOf(own);
  const classes = own.integer("num_classes", undefined, 1);
  own.done();
  const [shift, logScale] = ["loc", "log_scale"].map((name) => state.tensor(name, [features, classes]));
  const weight = new Float64Array(2 * features * classes);
  for (const i of range(features)) {
    weight.set(shift!.subarray(i * classes, (i + 1) * classes), 2 * i * classes);
    weight.set(logScale!.subarray(i * classes, (i + 1) * classes), (2 * i + 1) * classes);
  }
  const conditioner = layeredConditioner({ layers: [{ kind: "linear", bias: false }] });
  return {
    base: standardNormal({ features }),
    values: {},
    after: {
      bijection: elementwise({ features, context: classes, transformer: scaledByExponential, conditioner }),
      values: under("network", { "0.weight": weight }),
    },
  };
}

function conditional(call: Call, state: StateDict): NormflowsBase {
  const own = call.named(["shape", "context_encoder"]);
  const features = featuresOf(own);
  const encoder = own.call("context_encoder");
  if (!encoder) throw own.refusal("context_encoder", "a network", "nothing");
  own.done();
  return {
    base: standardNormal({ features }),
    values: {},
    after: conditionalScale(features, encoder, state.at("context_encoder")),
  };
}

function uniformBase(call: Call): NormflowsBase {
  const own = call.named(["shape", "low", "high"]);
  const features = featuresOf(own);
  const [low, high] = [own.number("low", -1), own.number("high", 1)];
  own.done();
  if (!(high > low)) throw own.refusal("high", `above low, ${low}`, String(high));
  // The library keeps the ends in float32, and the logarithm of the width with them.
  const width = Math.exp(Math.fround(Math.log(Math.fround(Math.fround(high) - Math.fround(low)))));
  const [middle, half] = [(low + high) / 2, width / 2];
  const each = (end: number): number[] => new Array<number>(features).fill(end);
  return { base: uniform({ lower: each(middle - half), upper: each(middle + half) }), values: {} };
}

function uniformGaussian(call: Call, state: StateDict): NormflowsBase {
  const own = call.named(["ndim", "ind", "scale"]);
  const features = own.integer("ndim", undefined, 1);
  const places = Array.isArray(own.value("ind")) ? own.integers("ind") : [own.integer("ind")];
  own.value("scale");
  own.done();
  expectChosenFeatures(state, features, places, "the features of the config");
  const scale = state.tensor("scale", [features]);
  if (!scale.every((value) => value > 0))
    throw state.refusal("scale", "must be positive", "positive numbers", String(Math.min(...scale)));
  return { base: uniformNormal({ scale: [...scale], uniform: places }), values: {} };
}

const bases: Readonly<Record<string, (call: Call, state: StateDict) => NormflowsBase>> = {
  ClassCondDiagGaussian: classConditional,
  ConditionalDiagGaussian: conditional,
  DiagGaussian: diagGaussian,
  GaussianMixture: mixture,
  Uniform: uniformBase,
  UniformGaussian: uniformGaussian,
};

/** The base that a config names. */
export function baseOf(call: Call, state: StateDict): NormflowsBase {
  const make = Object.hasOwn(bases, call.name) ? bases[call.name] : undefined;
  if (!make) throw call.unknown(Object.keys(bases), "base");
  return make(call, state);
}
