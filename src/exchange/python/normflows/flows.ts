/**
 * Flows of normflows 1.7: a base and a list of maps from base to data.
 *
 * @module
 */

import type { Call } from "../call.ts";
import { identityOf } from "../identity.ts";
import { chainOf, type ImportedParts, inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { baseOf } from "./bases.ts";
import { affineCouplingBlock, maskedAffine, maskedAffineAutoregressive } from "./couplings.ts";
import {
  affineConst,
  invertibleAffine,
  luLinearPermute,
  periodic,
  permute,
  planarMap,
  radialMap,
} from "./linear.ts";
import { autoregressiveSpline, coupledSpline } from "./splines.ts";

const maps: Readonly<Record<string, (call: Call, state: StateDict, features: number) => Part>> = {
  ActNorm: affineConst,
  AffineConstFlow: affineConst,
  AffineCouplingBlock: affineCouplingBlock,
  AutoregressiveRationalQuadraticSpline: autoregressiveSpline,
  CircularAutoregressiveRationalQuadraticSpline: autoregressiveSpline,
  CircularCoupledRationalQuadraticSpline: coupledSpline,
  Composite: (call, state, features) => {
    const own = call.named(["flows"]);
    const part = allOf(own.calls("flows"), state.at("_flows"), features);
    own.done();
    return part;
  },
  CoupledRationalQuadraticSpline: coupledSpline,
  InvertibleAffine: invertibleAffine,
  LULinearPermute: luLinearPermute,
  MaskedAffineAutoregressive: maskedAffineAutoregressive,
  MaskedAffineFlow: maskedAffine,
  PeriodicShift: periodic,
  PeriodicWrap: periodic,
  Permute: permute,
  Planar: planarMap,
  Radial: radialMap,
  Reverse: (call, state, features) => {
    const own = call.named(["flow"]);
    const inner = own.call("flow");
    if (!inner) throw own.refusal("flow", "a flow", "nothing");
    own.done();
    return inverted(mapOf(inner, state.at("flow"), features));
  },
};

function mapOf(call: Call, state: StateDict, features: number): Part {
  const make = Object.hasOwn(maps, call.name) ? maps[call.name] : undefined;
  if (!make) throw call.unknown(Object.keys(maps), "flow");
  return make(call, state, features);
}

function allOf(calls: readonly Call[], state: StateDict, features: number): Part {
  const parts = calls.map((each, i) => mapOf(each, state.at(i), features));
  return parts.length === 0 ? identityOf(features) : chainOf(parts);
}

/** `NormalizingFlow`, and those that are given a context or, the base alone, a class. */
function flow(call: Call, state: StateDict): ImportedParts {
  const own = call.named(["q0", "flows", "p"]);
  const q0 = own.call("q0");
  if (!q0) throw own.refusal("q0", "a base", "nothing");
  const { base, values, after } = baseOf(q0, state.at("q0"));
  const part = allOf(own.calls("flows"), state.at("flows"), base.features);
  // The target that it was trained for has no part in what it computes.
  own.value("p");
  state.at("p").skip();
  own.done();
  return { ...chainOf(after ? [after, part] : [part]), base: { base, values } };
}

/** The importers, by the name of the class. */
export const importers: Readonly<Record<string, (call: Call, state: StateDict) => ImportedParts>> = {
  ClassCondFlow: flow,
  ConditionalNormalizingFlow: flow,
  NormalizingFlow: flow,
};
