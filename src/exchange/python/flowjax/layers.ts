/**
 * Layers of FlowJAX's flows. Each is given as the library's inverse, which goes from base to data where the flow is inverted, as it
 * usually is.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import { triangularAffine } from "../../../bijections/linear/triangularAffine.ts";
import { planar } from "../../../bijections/residual/planar.ts";
import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import { chainTransformer } from "../../../transformers/chainTransformer.ts";
import { leakyTanh } from "../../../transformers/elementary/leakyTanh.ts";
import { shiftTransformer } from "../../../transformers/elementary/shiftTransformer.ts";
import { invertTransformer } from "../../../transformers/invertTransformer.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { chainOf, inverted, type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { softplus } from "../torch/softplus.ts";
import { maskedMlp, mlp, networkArguments } from "./networks.ts";
import { splineOf, transformerOf } from "./transformers.ts";

/** Which layer of how many, and its sizes. */
export interface LayerPlace {
  readonly features: number;
  readonly context: number;
  readonly index: number;
  readonly count: number;
  /** Whether it is in a list with its permutation. */
  readonly isChain: boolean;
}

/** What makes a layer; `isChain` where it is a list of maps also without a permutation. */
export interface LayerMaker {
  readonly isChain?: boolean | undefined;
  /** Layers unless the call says how many (default 8). */
  readonly usualLayers?: number | undefined;
  /** The layer as the library's inverse, and how many members of its list it takes. */
  make(state: StateDict, place: LayerPlace): { readonly part: Part; readonly bijections: number };
}

const first = (state: StateDict, { isChain }: LayerPlace): StateDict => (isChain ? state.at(0) : state);

/** `coupling_flow`. */
export function couplingLayer(call: Call): LayerMaker {
  const { transformer, offsets } = transformerOf(call.call("transformer"));
  const network = networkArguments(call);
  return {
    make(state, place) {
      const { features, context, index } = place;
      const fixed = Math.floor(features / 2);
      if (fixed === 0) throw call.refusal("base_dist", "of two or more features", String(features));
      const transformed = range(features).slice(fixed);
      const { conditioner, values } = mlp(first(state, place).at("conditioner"), index, {
        ...network,
        inputs: fixed + context,
        offsets: transformed.flatMap(() => offsets),
      });
      return {
        part: {
          bijection: coupling({ features, context, transformed, transformer, conditioner }),
          values: under("network", values),
        },
        bijections: 1,
      };
    },
  };
}

/** `masked_autoregressive_flow`. */
export function maskedLayer(call: Call): LayerMaker {
  const { transformer, offsets } = transformerOf(call.call("transformer"));
  const network = networkArguments(call);
  return {
    make(state, place) {
      const { features, context, index } = place;
      const { conditioner, values } = maskedMlp(first(state, place).at("masked_autoregressive_mlp"), index, {
        ...network,
        features,
        context,
        offsets,
      });
      return {
        part: {
          bijection: maskedAutoregressive({ features, context, transformer, conditioner }),
          values: under("network", values),
        },
        bijections: 1,
      };
    },
  };
}

/** log(e^x - 1), also where e^x has no digits left of it. */
export const inverseSoftplus = (x: number): number => x + Math.log(-Math.expm1(-x));

/** `planar_flow`: its parameters are w, u and b; of u our map has other values, for the same step. */
export function planarLayer(call: Call): LayerMaker {
  const slope = call.has("negative_slope") ? call.number("negative_slope") : undefined;
  if (call.has("cond_dim"))
    throw call.refusal("cond_dim", "None, as conditional planar flows cannot be imported", "a number");
  return {
    make(state, place) {
      const { features, index } = place;
      const { part: raw } = first(state, place).slice("params", index, [2 * features + 1]);
      const [w, u] = [raw.slice(0, features), raw.slice(features, 2 * features)];
      const dot = w.reduce((sum, value, i) => sum + value * u[i]!, 0);
      const squared = w.reduce((sum, value) => sum + value * value, 0);
      if (squared === 0) throw state.refusal("params", "has weights of 0", "another vector", "0");
      // w . u of the library gives the step log(1 + softplus(w . u)) - 1 along w, ours softplus(w . u + log(e - 1)) - 1.
      const target = inverseSoftplus(Math.log1p(softplus(dot))) - Math.log(Math.expm1(1));
      const ours = u.map((value, i) => value + ((target - dot) / squared) * w[i]!);
      return {
        part: inverted({
          bijection: planar({ features, margin: 0, ...(slope === undefined ? {} : { slope }) }),
          values: { u: ours, w, b: raw.slice(2 * features) },
        }),
        bijections: 1,
      };
    },
  };
}

/** `triangular_spline_flow`: splines between hyperbolic tangents, a triangular matrix of normalized rows, and what the context adds. */
export function triangularLayer(call: Call): LayerMaker {
  const knots = call.integer("knots", 8, 1);
  const from = call.number("tanh_max_val", 3);
  // How it started has no part in what it has become.
  call.value("init");
  const spline = splineOf(knots, 1, 1e-3, 1e-3);
  const bend = leakyTanh({ from });
  const transformer = chainTransformer([bend, spline, invertTransformer(bend)]);
  return {
    isChain: true,
    make(state, { features, context, index }) {
      const splines = state.at(0).at("inner").at("bijection");
      const bins = knots + 1;
      const blocks = [
        splines.at("x_pos").slice("arr", index, [features, bins]),
        splines.at("y_pos").slice("arr", index, [features, bins]),
        splines
          .at("derivatives")
          .at("args")
          .slice("0", index, [features, bins + 1]),
      ];
      const each = 3 * bins + 1;
      const values = new Float64Array(features * each);
      let start = 0;
      for (const { part } of blocks) {
        const size = part.length / features;
        for (const i of range(features))
          values.set(part.subarray(i * size, (i + 1) * size), i * each + start);
        start += size;
      }
      const own: Part = { bijection: elementwise({ features, transformer }), values: { values } };
      const parts = [own, inverted(triangular(state.at(1), features, index))];
      if (context > 0) {
        const { part: weight } = state.at(2).at("module").slice("weight", index, [features, context]);
        const conditioner = layeredConditioner({ layers: [{ kind: "linear", bias: false }] });
        parts.push({
          bijection: elementwise({ features, context, transformer: shiftTransformer(), conditioner }),
          values: under("network", { "0.weight": weight.map((value) => -value) }),
        });
      }
      // The library's inverse undoes the last map first.
      return { part: chainOf(parts.reverse()), bijections: parts.length };
    },
  };
}

/** y = A x + loc: A is lower triangular, each row of a length of its own. */
function triangular(state: StateDict, features: number, index: number): Part {
  const { part: raw } = state
    .at("triangular")
    .at("weight")
    .at("args")
    .slice("0", index, [features, features]);
  const { part: scale } = state.at("triangular").at("scale").at("args").slice("0", index, [features, 1]);
  const lower = new Float64Array(features * features);
  const logDiagonal = new Float64Array(features);
  for (const i of range(features)) {
    const row = range(features).map((j) => {
      const value = raw[i * features + j]!;
      return j < i ? value : j === i ? softplus(value) : 0;
    });
    const factor = softplus(scale[i]!) / Math.hypot(...row);
    row.forEach((value, j) => {
      if (j < i) lower[i * features + j] = factor * value;
    });
    logDiagonal[i] = Math.log(factor * row[i]!);
  }
  const { part: shift } = state.slice("loc", index, [features]);
  return { bijection: triangularAffine({ features }), values: { shift, lower, logDiagonal } };
}
