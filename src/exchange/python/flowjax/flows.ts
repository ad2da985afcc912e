/**
 * Flows of FlowJAX 19.1 by the function that makes them: a base, and layers with a permutation after each. Leaves go by their path in the
 * tree, those of all layers in one array each.
 *
 * @module
 */

import { permutation } from "../../../bijections/linear/permutation.ts";
import { diagonalNormal } from "../../../distributions/diagonalNormal.ts";
import { standardNormal } from "../../../distributions/standardNormal.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type BasePart, chainOf, type ImportedParts, inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { softplus } from "../torch/softplus.ts";
import { blockLayer } from "./blocks.ts";
import { couplingLayer, type LayerMaker, maskedLayer, planarLayer, triangularLayer } from "./layers.ts";

/** `Normal` of a location and a scale for each feature, or `StandardNormal`. */
function baseOf(call: Call, state: StateDict): BasePart {
  if (call.name === "StandardNormal") {
    const own = call.named(["shape"]);
    const shape = own.integers("shape", []);
    own.done();
    if (shape.length !== 1) throw own.refusal("shape", "[features]", `[${shape}]`);
    return { base: standardNormal({ features: shape[0]! }), values: {} };
  }
  if (call.name !== "Normal") throw call.unknown(["Normal", "StandardNormal"], "base");
  const own = call.named(["loc", "scale"]);
  // Their values are in the file, too.
  for (const name of ["loc", "scale"]) own.value(name);
  own.done();
  const [features = 0] = state.at("bijection").shape("loc");
  if (features < 1) throw own.refusal("loc", "a vector", "one number");
  return {
    base: diagonalNormal({ features }),
    values: {
      mean: state.at("bijection").tensor("loc", [features]),
      logScale: state
        .at("bijection")
        .at("scale")
        .at("args")
        .tensor("0", [features])
        .map((raw) => Math.log(softplus(raw))),
    },
  };
}

/** The library's permutation after a layer: drawn, the reverse order of two features, none of one. */
function permuted(state: StateDict, features: number, index: number, place: number): readonly Part[] {
  if (features === 1) return [];
  if (features === 2) return [{ bijection: permutation([1, 0]), values: {} }];
  const own = state.at("bijections").at(place);
  const { part: order } = own.at("permutation").slice("0", index, [features]);
  const { part: back } = own.at("inverse_permutation").slice("0", index, [features]);
  if (order.some((from, to) => back[from] !== to))
    throw own.refusal("permutation", "and its inverse do not agree", "a permutation", `[${[...order]}]`);
  return [inverted({ bijection: permutation([...order]), values: {} })];
}

/** A flow of layers, each of which says what it is from the side of the base, where the library inverts it. */
function flowOf(make: (call: Call) => LayerMaker) {
  return (call: Call, whole: StateDict): ImportedParts => {
    const state = whole.byPath();
    const own = call.named([]);
    // What was drawn is in the file.
    own.value("key");
    const baseCall = own.call("base_dist");
    if (!baseCall) throw own.refusal("base_dist", "a distribution", "nothing");
    const base = baseOf(baseCall, state.at("base_dist"));
    const { features } = base.base;
    const context = own.has("cond_dim") ? own.integer("cond_dim", 0, 1) : 0;
    const isInverted = own.flag("invert", true);
    const layer = make(own);
    const count = own.integer("flow_layers", layer.usualLayers ?? 8, 1);
    own.done();
    const scan = isInverted ? state.at("bijection").at("bijection") : state.at("bijection");
    const inner = scan.at("bijection");
    const isChain = features > 1 || layer.isChain === true;
    const parts = range(count).map((index) => {
      const { part, bijections } = layer.make(isChain ? inner.at("bijections") : inner, {
        features,
        context,
        index,
        count,
        isChain,
      });
      return chainOf([...permuted(inner, features, index, bijections), part]);
    });
    const all = isInverted ? [...parts].reverse() : parts.map(inverted);
    return { ...chainOf(all), base };
  };
}

/** The importers, by the name of the function. */
export const importers: Readonly<Record<string, (call: Call, state: StateDict) => ImportedParts>> = {
  block_neural_autoregressive_flow: flowOf(blockLayer),
  coupling_flow: flowOf(couplingLayer),
  masked_autoregressive_flow: flowOf(maskedLayer),
  planar_flow: flowOf(planarLayer),
  triangular_spline_flow: flowOf(triangularLayer),
};
