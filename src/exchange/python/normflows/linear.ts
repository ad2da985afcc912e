/**
 * Linear maps, permutations, and maps of variational inference of normflows.
 *
 * @module
 */

import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { affine } from "../../../bijections/linear/affine.ts";
import { permutation } from "../../../bijections/linear/permutation.ts";
import { actNorm } from "../../../bijections/normalization/actNorm.ts";
import { planar } from "../../../bijections/residual/planar.ts";
import { radial } from "../../../bijections/residual/radial.ts";
import { circularShift } from "../../../transformers/circular/circularShift.ts";
import { eachTransformer } from "../../../transformers/structure/eachTransformer.ts";
import type { Call } from "../call.ts";
import { matrixMap, transposed } from "../linearMaps.ts";
import { product, range } from "../matrices.ts";
import { chainOf, inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { luMap } from "../torch/lu.ts";
import { featuresOf } from "./bases.ts";

/** Checks the number of features that an argument says. */
function sized(call: Call, name: string, features: number): void {
  const size = featuresOf(call, name);
  if (size !== features) throw call.refusal(name, String(features), String(size));
}

/** A permutation that the state dict holds. */
function orderIn(state: StateDict, name: string, features: number): number[] {
  const order = [...state.tensor(name, [features])];
  if (range(features).every((i) => order.includes(i))) return order;
  throw state.refusal(name, "is not a permutation", "a permutation", `[${order}]`);
}

/** `Permute`: forward gives z[:, perm]. */
export function permute(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["num_channels", "mode"]);
  sized(own, "num_channels", features);
  const mode = own.word("mode", ["shuffle", "swap"], "shuffle");
  own.done();
  const half = Math.floor(features / 2);
  if (mode === "swap")
    return {
      bijection: permutation([...range(features).slice(half), ...range(half)]),
      values: {},
    };
  const order = orderIn(state, "perm", features);
  state.expect(
    "inv_perm",
    [features],
    range(features).map((i) => order.indexOf(i)),
    "the inverse of perm",
  );
  return { bijection: permutation(order), values: {} };
}

/** `InvertibleAffine`: its inverse gives z W, of P L U where it is kept so. */
export function invertibleAffine(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["num_channels", "use_lu"]);
  sized(own, "num_channels", features);
  const isLu = own.flag("use_lu", true);
  own.done();
  const square = [features, features];
  const matrix = isLu ? ofFactors(state, features) : state.tensor("W", square);
  const part = matrixMap(transposed(matrix, features), new Float64Array(features));
  if (!part) throw state.refusal("W", "is singular", "an invertible matrix", "a singular one");
  return inverted(part);
}

/** W = P L U, with U's diagonal from its signs and logarithms. */
function ofFactors(state: StateDict, n: number): Float64Array {
  const at = (name: string): Float64Array => state.tensor(name, [n, n]);
  state.expect(
    "eye",
    [n, n],
    Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
    "the identity",
  );
  const [signs, logs] = [state.tensor("sign_S", [n]), state.tensor("log_S", [n])];
  const lower = at("L").map((value, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return j < i ? value : Number(i === j);
  });
  const upper = at("U").map((value, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    if (j > i) return value;
    return i === j ? signs[i]! * Math.exp(logs[i]!) : 0;
  });
  return product(at("P"), product(lower, upper, n), n);
}

/** `LULinearPermute`: from data to base a permutation, then L U y + bias. */
export function luLinearPermute(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["num_channels", "identity_init"]);
  sized(own, "num_channels", features);
  own.flag("identity_init", true);
  own.done();
  const order = orderIn(state.at("permutation"), "_permutation", features);
  return chainOf([
    inverted(luMap(state.at("linear"), features, 1e-3)),
    inverted({ bijection: permutation(order), values: {} }),
  ]);
}

/** `AffineConstFlow` and `ActNorm`: z e^s + t. */
export function affineConst(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["shape", "scale", "shift"]);
  sized(own, "shape", features);
  own.flag("scale", true);
  own.flag("shift", true);
  own.done();
  if (own.name === "ActNorm" && state.tensor("data_dep_init_done", [])[0] === 0)
    throw state.refusal(
      "data_dep_init_done",
      "is 0: this ActNorm has not seen the batch that sets its scale",
      "1",
      "0",
    );
  return {
    bijection: own.name === "ActNorm" ? actNorm({ features }) : affine({ features }),
    values: { shift: state.tensor("t", [1, features]), logScale: state.tensor("s", [1, features]) },
  };
}

/** `Planar`: the paper's constraint, whose u is that of a map of no margin. */
export function planarMap(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["shape", "act", "u", "w", "b"]);
  sized(own, "shape", features);
  const isLeaky = own.word("act", ["tanh", "leaky_relu"], "tanh") === "leaky_relu";
  // They are in the state dict, too.
  for (const name of ["u", "w", "b"]) own.value(name);
  own.done();
  const [u, w] = ["u", "w"].map((name) => state.tensor(name, [1, features])) as [Float64Array, Float64Array];
  const squared = w.reduce((sum, value) => sum + value * value, 0);
  if (squared === 0) throw state.refusal("w", "is 0", "another vector", "0");
  // There w . u is 0 where the step is 0, here where it is log(e - 1).
  const moved = Math.log(Math.expm1(1)) / squared;
  return {
    bijection: planar({ features, margin: 0, ...(isLeaky ? { slope: 0.2 } : {}) }),
    values: { u: u.map((value, i) => value - moved * w[i]!), w, b: state.tensor("b", [1]) },
  };
}

/** `Radial`: alpha and alpha + beta as softplus of our parameters. */
export function radialMap(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["shape", "z_0"]);
  sized(own, "shape", features);
  own.value("z_0");
  own.done();
  state.expect("d", [], [features], "the number of features");
  const unit = Math.log(Math.expm1(1));
  const [alpha] = state.tensor("alpha", [1]).map(Math.abs);
  if (alpha === 0) throw state.refusal("alpha", "is 0", "another number", "0");
  const [beta] = state.tensor("beta", [1]);
  return {
    bijection: radial({ features, least: 0 }),
    values: {
      center: state.tensor("z_0", [1, features]),
      logAlpha: Float64Array.of(inverseSoftplus(alpha!) - unit),
      logBeta: Float64Array.of(beta! - unit),
    },
  };
}

/** log(e^x - 1), also where e^x has no digits left of it. */
const inverseSoftplus = (x: number): number => x + Math.log(-Math.expm1(-x));

/** `PeriodicWrap` and `PeriodicShift`: some features around circles. */
export function periodic(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["ind", "bound", "shift"]);
  const places = own.integers("ind");
  const each = (name: string, usual: number): readonly number[] => {
    const isTensor = state.has(name);
    const given = isTensor || Array.isArray(own.value(name)) ? undefined : own.number(name, usual);
    if (given !== undefined) return places.map(() => given);
    own.value(name);
    const data = state.tensor(name, state.shape(name));
    if (data.length !== 1 && data.length !== places.length)
      throw state.refusal(name, `holds ${data.length} numbers`, String(places.length), String(data.length));
    return places.map((_, i) => data[data.length === 1 ? 0 : i]!);
  };
  const bounds = each("bound", 1);
  const shifts = own.name === "PeriodicShift" ? each("shift", 0) : places.map(() => 0);
  own.done();
  const parts = range(features).map((feature) => {
    const i = places.findIndex((place) => (place < 0 ? place + features : place) === feature);
    return i < 0 ? null : circularShift({ bound: bounds[i]!, shift: shifts[i]!, outside: "wrapped" });
  });
  return { bijection: elementwise({ features, transformer: eachTransformer({ parts }) }), values: {} };
}
