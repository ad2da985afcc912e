/**
 * Flows of zuko 1.6 by their class, with the defaults of that version.
 *
 * @module
 */

import { Call } from "../call.ts";
import { identityOf } from "../identity.ts";
import { range } from "../matrices.ts";
import { chainOf, type ImportedParts, inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { baseOf, boxUniform, diagNormal, mixture } from "./bases.ts";
import { freeFormTransform } from "./continuous.ts";
import {
  couplingTransform,
  elementWiseTransform,
  maskedAutoregressiveTransform,
  type Order,
  type Sizes,
} from "./transforms.ts";
import { rotated, softClip, unconditionalTransform } from "./unconditional.ts";
import {
  bernsteinMap,
  circularMap,
  gaussianizationMap,
  monotonicMap,
  splineMap,
  sumOfSquaresMap,
  type Univariate,
  unconstrainedMonotonicMap,
  univariateOf,
} from "./univariate.ts";

const sizesOf = (call: Call): Sizes => ({
  features: call.integer("features", undefined, 1),
  context: call.integer("context", 0),
});

/** The library lists transforms from data to base, a chain of ours from base to data. */
const fromData = (parts: readonly Part[]): Part => chainOf([...parts].reverse());

/** Between transforms whose root is looked for between -10 and 10 the library clips features softly to +-11. */
const clip = 11;

/** `MAF`, and what only has another map of one number; `isClipped` where features are clipped between two transforms. */
function autoregressive(call: Call, state: StateDict, map: Univariate, isClipped = false): Part {
  const sizes = sizesOf(call);
  const { features } = sizes;
  const isDrawn = call.flag("randperm", false);
  const orderOf = (i: number): Order =>
    isDrawn ? "drawn" : i % 2 === 0 ? range(features) : range(features).reverse();
  const modules = state.at("transform.transforms");
  const step = isClipped ? 2 : 1;
  const parts = range(call.integer("transforms", 3, 1)).flatMap((i) => [
    ...(isClipped && i > 0 ? [softClip(features, clip)] : []),
    maskedAutoregressiveTransform(call, modules.at(step * i), sizes, map, orderOf(i)),
  ]);
  call.done();
  return fromData(parts);
}

/** The part with the normal base that most flows have. */
const overNormal = (part: Part, state: StateDict): ImportedParts => ({
  ...part,
  base: diagNormal(state.at("base"), part.bijection.features),
});

function maf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "transforms", "randperm"]);
  return overNormal(autoregressive(own, state, univariateOf(own)), state);
}

function nsf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "bins", "slope"]);
  const map = splineMap(own.integer("bins", 8, 1), own.number("slope", 1e-3));
  return overNormal(autoregressive(own, state, map), state);
}

function ncsf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "bins", "slope"]);
  const part = autoregressive(own, state, circularMap(own.integer("bins", 8, 1), own.number("slope", 1e-3)));
  const { features } = part.bijection;
  return {
    ...part,
    base: boxUniform(state.at("base"), features),
    turnsFrom: new Array<number>(features).fill(-Math.PI),
  };
}

/** `NAF` and `UNAF`, with the weights of each feature in a network of its own. */
const neural =
  (network: "MNN" | "UMNN", mapOf: (call: Call) => Univariate) =>
  (call: Call, state: StateDict): ImportedParts => {
    const own = call.named(["features", "context", "transforms", "randperm", "signal", "network"]);
    const given = own.value("network") ?? {};
    if (typeof given !== "object" || Array.isArray(given))
      throw own.refusal("network", "an object of arguments by name", JSON.stringify(given));
    const inner = new Call(
      { class: network, arguments: { ...given, signal: own.integer("signal", 16, 1) } },
      `${own.path}.arguments.network`,
    );
    const map = mapOf(inner);
    inner.done();
    return overNormal(autoregressive(own, state, map, true), state);
  };

/** `CNF`: the equation is solved from data to base, to a tolerance of our own that is no larger. */
function cnf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context"]);
  const part = freeFormTransform(own, state.at("transform"), sizesOf(own));
  own.done();
  return overNormal(part, state);
}

function sospf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "degree", "polynomials", "slope"]);
  const map = sumOfSquaresMap(
    own.integer("polynomials", 3, 1),
    own.integer("degree", 4, 1),
    own.number("slope", 1e-3),
  );
  return overNormal(autoregressive(own, state, map, true), state);
}

function bpf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "degree"]);
  return overNormal(autoregressive(own, state, bernsteinMap(own.integer("degree", 16, 2))), state);
}

function gf(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "transforms", "components"]);
  const sizes = sizesOf(own);
  const map = gaussianizationMap(own.integer("components", 8, 1));
  const modules = state.at("transform.transforms");
  // A rotation between every two maps.
  const parts = range(own.integer("transforms", 3, 1)).flatMap((i) => [
    ...(i > 0 ? [rotated(modules.at(2 * i - 1), sizes.features)] : []),
    elementWiseTransform(own, modules.at(2 * i), sizes, map),
  ]);
  own.done();
  return { ...fromData(parts), base: diagNormal(state.at("base"), sizes.features) };
}

/** `NICE` and `RealNVP`. */
function nice(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["features", "context", "transforms", "randmask"]);
  const sizes = sizesOf(own);
  const { features } = sizes;
  const isDrawn = own.flag("randmask", false);
  const map = univariateOf(own);
  const parts = range(own.integer("transforms", 3, 1)).map((i) =>
    couplingTransform(
      own,
      state.at("transform.transforms").at(i),
      sizes,
      map,
      isDrawn ? "drawn" : range(features).map((feature) => feature % 2 === i % 2),
    ),
  );
  own.done();
  return { ...fromData(parts), base: diagNormal(state.at("base"), features) };
}

function gmm(call: Call, state: StateDict): ImportedParts {
  const base = mixture(
    call.named(["features", "context", "components", "covariance_type", "tied", "epsilon"]),
    state,
  );
  return { ...identityOf(base.base.features), base };
}

/** A transform that a config names by itself. */
const transforms: Readonly<Record<string, (call: Call, state: StateDict, features: number) => Part>> = {
  MaskedAutoregressiveTransform: (call, state) => {
    const own = call.named(["features", "context", "passes", "order", "adjacency", "univariate", "shapes"]);
    const sizes = sizesOf(own);
    const order = own.has("order") ? own.integers("order") : range(sizes.features);
    const part = maskedAutoregressiveTransform(own, state, sizes, univariateOf(own), order);
    own.done();
    return part;
  },
  GeneralCouplingTransform: (call, state) => {
    const own = call.named(["features", "context", "mask", "univariate", "shapes"]);
    const sizes = sizesOf(own);
    const given = own.tensor("mask");
    const mask = given
      ? [...given.data].map((value) => value !== 0)
      : range(sizes.features).map((i) => i % 2 === 1);
    const part = couplingTransform(own, state, sizes, univariateOf(own), mask);
    own.done();
    return part;
  },
  ElementWiseTransform: (call, state) => {
    const own = call.named(["features", "context", "univariate", "shapes"]);
    const part = elementWiseTransform(own, state, sizesOf(own), univariateOf(own));
    own.done();
    return part;
  },
  FFJTransform: (call, state) => {
    const own = call.named(["features", "context", "freqs", "atol", "rtol", "exact"]);
    const part = freeFormTransform(own, state, sizesOf(own));
    own.done();
    return part;
  },
  LazyInverse: (call, state, features) => {
    const own = call.named(["transform"]);
    const part = inverted(transformOf(own.call("transform") ?? own, state.at("transform"), features));
    own.done();
    return part;
  },
};

function transformOf(call: Call, state: StateDict, features: number): Part {
  if (call.name === "UnconditionalTransform") return unconditionalTransform(call, state, features);
  const make = transforms[call.name];
  if (!make) throw call.unknown([...Object.keys(transforms), "UnconditionalTransform"], "transform");
  return make(call, state, features);
}

/** The number of features of a flow, which those of its parts that have a network say. */
function featuresOf(call: Call): number {
  const lists = Array.isArray(call.value("transform"))
    ? call.calls("transform")
    : [call.call("transform") ?? call];
  const inner = lists.map((each) => (each.name === "LazyInverse" ? (each.call("transform") ?? each) : each));
  const sized = inner.find((each) => transforms[each.name] && each.name !== "LazyInverse");
  if (!sized)
    throw call.refusal("transform", "with a transform that says the number of features", "none that does");
  return sized.named(["features"]).integer("features", undefined, 1);
}

/** `Flow` of transforms and a base that the config names one by one. */
function flow(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["transform", "base"]);
  const single = Array.isArray(own.value("transform")) ? undefined : own.call("transform");
  const features = featuresOf(own);
  const part = single
    ? transformOf(single, state.at("transform"), features)
    : fromData(
        own
          .calls("transform")
          .map((each, i) => transformOf(each, state.at("transform.transforms").at(i), features)),
      );
  const baseCall = own.call("base");
  if (!baseCall) throw own.refusal("base", "a distribution", "nothing");
  const base = baseOf(baseCall, state.at("base"), part.bijection.features);
  own.done();
  return { ...part, base };
}

/** The importers, by the name of the class. */
export const importers: Readonly<Record<string, (call: Call, state: StateDict) => ImportedParts>> = {
  BPF: bpf,
  CNF: cnf,
  Flow: flow,
  GF: gf,
  GMM: gmm,
  MAF: maf,
  NAF: neural("MNN", monotonicMap),
  NCSF: ncsf,
  NICE: nice,
  NSF: nsf,
  RealNVP: nice,
  SOSPF: sospf,
  UNAF: neural("UMNN", unconstrainedMonotonicMap),
};
