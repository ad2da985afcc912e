/**
 * Networks of `zuko.nn`: MLP, and MaskedMLP, whose masks follow from a graph between the features.
 *
 * @module
 */

import { layeredConditioner } from "../../../networks/layeredConditioner.ts";
import type { Layer } from "../../../networks/layers.ts";
import type { Call } from "../call.ts";
import { range, reordered, reorderedMatrix, sortedPlaces } from "../matrices.ts";
import { type ConditionerPart, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";

/** Epsilon of `zuko.nn.LayerNorm`. */
const normEpsilon = 1e-5;

/** Keyword arguments of MLP. */
export const mlpArguments = ["hidden_features", "activation", "normalize", "bias"] as const;

/** `zuko.nn.MLP` of these sizes; its keyword arguments are those of the call. */
export function mlp(
  call: Call,
  state: StateDict,
  inputs: number,
  outputs: number,
): ConditionerPart & { readonly layers: readonly Layer[] } {
  const hidden = call.integers("hidden_features", [64, 64]);
  const activation = torchActivation(call.call("activation"), "relu");
  const normalize = call.flag("normalize", false);
  const bias = call.flag("bias", true);
  const layers: Layer[] = [];
  const values: Record<string, Float64Array> = {};
  [...hidden, outputs].forEach((size, i) => {
    const from = hidden[i - 1] ?? inputs;
    // A module that is not there has no number: Sequential counts those that are.
    const linear = state.at(i * (normalize ? 3 : 2));
    const weight = linear.tensor("weight", [size, from]);
    Object.assign(
      values,
      under(String(layers.length), bias ? { weight, bias: linear.tensor("bias", [size]) } : { weight }),
    );
    const isLast = i === hidden.length;
    layers.push({ kind: "linear", ...(isLast ? {} : { outputs: size }), ...(bias ? {} : { bias }) });
    if (isLast) return;
    layers.push({ kind: "activation", ...activation });
    if (normalize) layers.push({ kind: "normalize", epsilon: normEpsilon });
  });
  return { conditioner: layeredConditioner({ layers }), layers, values };
}

/** Which features (rows) depend on which features and context values (columns). */
export type Adjacency = readonly (readonly boolean[])[];

/** The features in an order in which each comes after those that it depends on; undefined where there is a circle. */
export function orderOfGraph(adjacency: Adjacency): number[] | undefined {
  const features = adjacency.length;
  const generations = new Array<number>(features).fill(0);
  // Each round settles one generation more.
  for (let round = 0; round <= features; round++) {
    let changed = false;
    adjacency.forEach((row, i) => {
      for (let j = 0; j < features; j++)
        if (row[j] && generations[i]! <= generations[j]!) {
          generations[i] = generations[j]! + 1;
          changed = true;
        }
    });
    if (!changed) return sortedPlaces(generations);
  }
  return undefined;
}

/** Rows that differ, in the order of `torch.unique`, and for each feature the place of its own. */
function uniqueRows(adjacency: Adjacency): {
  unique: readonly (readonly boolean[])[];
  places: readonly number[];
} {
  const keyOf = (row: readonly boolean[]): string => row.map(Number).join("");
  const keys = [...new Set(adjacency.map(keyOf))].sort();
  return {
    unique: keys.map((key) => [...key].map((letter) => letter === "1")),
    places: adjacency.map((row) => keys.indexOf(keyOf(row))),
  };
}

/** Units of a layer: the group of each, in the order of the library and sorted as ours. */
interface Units {
  readonly groups: readonly number[];
  /** Place in the library of each of our units. */
  readonly order: readonly number[];
}

/**
 * `zuko.nn.MaskedMLP` for a graph; its keyword arguments are those of the call. Its units are sorted by what they depend on, which
 * changes nothing but the order of sums.
 *
 * @param order - The features in the order of our map.
 * @param each - Outputs per feature.
 */
export function maskedMlp(
  call: Call,
  state: StateDict,
  adjacency: Adjacency,
  order: readonly number[],
  each: number,
): ConditionerPart {
  const hidden = call.integers("hidden_features", [64, 64]);
  const activation = torchActivation(call.call("activation"), "relu");
  const residual = call.flag("residual", false);
  const features = adjacency.length;
  const context = adjacency[0]!.length - features;
  const { unique, places } = uniqueRows(adjacency);
  const isPart = (a: readonly boolean[], b: readonly boolean[]): boolean =>
    a.every((has, i) => !has || b[i]!);
  const rankOf = new Map(order.map((feature, i) => [feature, i]));
  // When a group is known: after the last feature that it depends on.
  const known = unique.map((row) =>
    Math.max(
      -1,
      ...range(features)
        .filter((j) => row[j])
        .map((j) => rankOf.get(j)!),
    ),
  );
  const unitsOf = (groups: readonly number[]): Units => ({
    groups,
    order: sortedPlaces(groups.map((group) => known[group]! * unique.length + group)),
  });
  const inputs: Units = {
    groups: [],
    order: [...range(context).map((j) => features + j), ...order],
  };
  const outputs: Units = {
    groups: places.flatMap((place) => new Array<number>(each).fill(place)),
    order: order.flatMap((feature) => range(each).map((k) => feature * each + k)),
  };

  const values: Record<string, Float64Array> = {};
  /** One masked layer; the mask that the library has kept must be the one that follows from the graph. */
  const masked = (from: Units, to: Units, module: StateDict, name: string): Layer => {
    const size = to.groups.length;
    const width = from.order.length;
    const mask = to.groups.flatMap((group) =>
      from === inputs
        ? unique[group]!.map(Number)
        : from.groups.map((source) => Number(isPart(unique[source]!, unique[group]!))),
    );
    module.expect("mask", [size, width], mask, "the mask that follows from the order of the features");
    Object.assign(
      values,
      under(name, {
        weight: reorderedMatrix(module.tensor("weight", [size, width]), width, to.order, from.order),
        bias: reordered(module.tensor("bias", [size]), to.order),
      }),
    );
    const units =
      to === outputs ? order.map((feature) => places[feature]!) : to.order.map((place) => to.groups[place]!);
    return { kind: "linear", ...(to === outputs ? {} : { outputs: size }), units };
  };

  const layers: Layer[] = [];
  let units = inputs;
  // Groups that some unit of the layer before can tell apart: `reachable` in the library.
  let seen: (group: number) => boolean = (group) => unique[group]!.includes(true);
  hidden.forEach((size, i) => {
    const reachable = range(unique.length).filter(seen);
    if (reachable.length === 0)
      throw call.refusal(
        "passes, order or adjacency",
        "one that lets features depend on others",
        "none that do",
      );
    const next = unitsOf(range(size).map((k) => reachable[k % reachable.length]!));
    const isSquare = i > 0 && units.groups.length === size;
    if (!residual || !isSquare)
      layers.push(masked(units, next, state.at(layers.length), String(layers.length)));
    if (residual) {
      const [name, block] = [String(layers.length), state.at(layers.length)];
      layers.push({
        kind: "residual",
        layers: [
          masked(next, next, block.at(0), `${name}.0`),
          { kind: "activation", ...activation },
          masked(next, next, block.at(2), `${name}.2`),
        ],
      });
    } else layers.push({ kind: "activation", ...activation });
    units = next;
    const { groups } = next;
    seen = (group) => groups.some((source) => isPart(unique[source]!, unique[group]!));
  });
  layers.push(masked(units, outputs, state.at(layers.length), String(layers.length)));
  const sets = unique.map((row) => inputs.order.map((place) => Number(row[place])).join(""));
  return { conditioner: layeredConditioner({ layers, sets }), values };
}
