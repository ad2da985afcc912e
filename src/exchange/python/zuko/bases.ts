/**
 * Bases of zuko's flows.
 *
 * @module
 */

import { diagonalNormal } from "../../../distributions/diagonalNormal.ts";
import { gaussianMixture } from "../../../distributions/gaussianMixture.ts";
import { conditionalGaussianMixture } from "../../../distributions/joint/conditionalGaussianMixture.ts";
import { standardNormal } from "../../../distributions/standardNormal.ts";
import { uniform } from "../../../distributions/uniform/uniform.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type BasePart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { mlp, mlpArguments } from "./networks.ts";

/** `DiagNormal`: independent normal features. */
export function diagNormal(
  state: StateDict,
  features: number,
  names: readonly [string, string] = ["loc", "scale"],
): BasePart {
  const mean = state.tensor(names[0], [features]);
  const scale = state.tensor(names[1], [features]);
  if (!scale.every((value) => value > 0))
    throw state.refusal(names[1], "must be positive", "positive numbers", String(Math.min(...scale)));
  if (mean.every((value) => value === 0) && scale.every((value) => value === 1))
    return { base: standardNormal({ features }), values: {} };
  return { base: diagonalNormal({ features }), values: { mean, logScale: scale.map(Math.log) } };
}

/** `BoxUniform`: independent uniform features. */
export function boxUniform(
  state: StateDict,
  features: number,
  names: readonly [string, string] = ["lower", "upper"],
): BasePart {
  const [lower, upper] = names.map((name) => state.tensor(name, [features])) as [Float64Array, Float64Array];
  if (!lower.every((end, i) => end < upper[i]!))
    throw state.refusal(names[1], "must be above the lower ends", "numbers above them", `[${upper}]`);
  return { base: uniform({ lower: [...lower], upper: [...upper] }), values: {} };
}

/** `zuko.mixtures.GMM`. */
export function mixture(call: Call, state: StateDict): BasePart {
  const features = call.integer("features", undefined, 1);
  const context = call.integer("context", 0);
  const components = call.integer("components", 2, 1);
  const covariance = call.word("covariance_type", ["full", "diagonal", "spherical"], "full");
  const tied = call.flag("tied", false);
  const epsilon = call.number("epsilon", 1e-6);
  if (context > 0) {
    const sizes = { features, context, components, covariance, leading: tied ? 1 : components };
    const base = conditional(call, state.at("hyper"), sizes, epsilon);
    call.done();
    return base;
  }
  // Of a network that is not there without a context.
  for (const name of mlpArguments) call.value(name);
  call.done();
  const phi = state.at("phi");
  const leading = tied ? 1 : components;
  const logits = phi.tensor("0", [components]);
  const mean = phi.tensor("1", [components, features]);
  const extents = covariance === "spherical" ? 1 : features;
  const diagonal = phi.tensor("2", [leading, extents]);
  const below = (features * (features - 1)) / 2;
  const lower = covariance === "full" ? phi.tensor("3", [leading, below]) : undefined;
  const size = (features * (features + 1)) / 2;
  const factor = new Float64Array(components * size);
  for (const k of range(components)) {
    const from = tied ? 0 : k;
    for (const i of range(features)) {
      for (const j of range(i))
        factor[k * size + (i * (i + 1)) / 2 + j] = lower ? lower[from * below + (i * (i - 1)) / 2 + j]! : 0;
      const raw = diagonal[from * extents + (extents === 1 ? 0 : i)]!;
      factor[k * size + (i * (i + 1)) / 2 + i] = Math.log(Math.exp(raw) + epsilon);
    }
  }
  return { base: gaussianMixture({ features, components }), values: { logWeight: logits, mean, factor } };
}

/** A mixture given a context: the outputs of its network, in the order of ours, each as often as components share it. */
function conditional(
  call: Call,
  state: StateDict,
  sizes: {
    readonly features: number;
    readonly context: number;
    readonly components: number;
    readonly covariance: "full" | "diagonal" | "spherical";
    readonly leading: number;
  },
  epsilon: number,
): BasePart {
  const { features, context, components, covariance, leading } = sizes;
  const extents = covariance === "spherical" ? 1 : features;
  const below = covariance === "full" ? (features * (features - 1)) / 2 : 0;
  const diagonals = components * (1 + features);
  const belows = diagonals + leading * extents;
  const outputs = belows + leading * below;
  const places = range(diagonals);
  const factors = places.map(() => 1);
  for (const k of range(components)) {
    const from = leading === 1 ? 0 : k;
    for (const i of range(features)) {
      for (const j of range(i)) {
        // What is not there is 0.
        places.push(below > 0 ? belows + from * below + (i * (i - 1)) / 2 + j : 0);
        factors.push(below > 0 ? 1 : 0);
      }
      places.push(diagonals + from * extents + (extents === 1 ? 0 : i));
      factors.push(1);
    }
  }
  const { layers, values } = mlp(call, state, context, outputs);
  const conditioner = layeredConditioner({
    layers: [
      ...layers.slice(0, -1),
      { ...layers.at(-1)!, outputs },
      { kind: "pick", places, factors },
    ] as Layer[],
  });
  return {
    base: conditionalGaussianMixture({
      features,
      context,
      components,
      conditioner,
      leastScale: epsilon,
      spread: 0,
    }),
    values: under("network", values),
  };
}

/** The base that a config names: `UnconditionalDistribution` of a DiagNormal, or a mixture. */
export function baseOf(call: Call, state: StateDict, features: number): BasePart {
  switch (call.name) {
    case "GMM":
      return mixture(
        call.named(["features", "context", "components", "covariance_type", "tied", "epsilon"]),
        state,
      );
    case "UnconditionalDistribution":
    case "Unconditional": {
      const f = call.call("f") ?? call.call("meta");
      if (f?.name !== "DiagNormal" && f?.name !== "BoxUniform")
        throw call.refusal("f", "zuko.distributions.DiagNormal or BoxUniform", f?.dottedName ?? "nothing");
      f.done();
      // The values are in the state dict; of the config their names count.
      call.flag("buffer", false);
      const isNormal = f.name === "DiagNormal";
      const names: readonly [string, string] = isNormal ? ["loc", "scale"] : ["lower", "upper"];
      const isNamed = state.has(names[0]);
      for (const name of names) call.value(name);
      call.done();
      return (isNormal ? diagNormal : boxUniform)(state, features, isNamed ? names : ["_0", "_1"]);
    }
    default:
      throw call.unknown(["UnconditionalDistribution", "GMM"], "base");
  }
}
