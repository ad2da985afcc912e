/**
 * Transforms of zuko with parameters that a network gives: masked autoregressive, coupling and element-wise ones. The library goes from
 * data to base, our bijections from base to data; its call is our inverse.
 *
 * @module
 */

import { coupling } from "../../../bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../../bijections/autoregressive/maskedAutoregressive.ts";
import type { ParameterValues } from "../../../models/parameters.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { type Part, under } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { type Adjacency, maskedMlp, mlp, mlpArguments, orderOfGraph } from "./networks.ts";
import { totalOf, type Univariate } from "./univariate.ts";

/** Sizes that a flow gives each of its transforms. */
export interface Sizes {
  readonly features: number;
  readonly context: number;
}

/** The features that are given, and their default: all in order, `null` where a flow has drawn them and the state dict says which. */
export type Order = readonly number[] | "drawn";

/** `zuko.flows.ElementWiseTransform`. */
export function elementWiseTransform(
  call: Call,
  state: StateDict,
  { features, context }: Sizes,
  map: Univariate,
): Part {
  const { transformer } = map;
  if (context > 0) {
    const { conditioner, values } = mlp(call, state.at("hyper"), context, features * totalOf(map));
    return {
      bijection: elementwise({ features, context, transformer, conditioner }),
      values: { ...under("network", values), ...ownWeights(map, state, range(features)) },
    };
  }
  // Without a context there is no network, and what would be said of it is not used.
  for (const name of mlpArguments) call.value(name);
  const blocks = map.shapes.map((shape, i) => state.at("phi").tensor(String(i), [features, ...shape]));
  const each = totalOf(map);
  const data = new Float64Array(features * each);
  let start = 0;
  for (const block of blocks) {
    const size = block.length / features;
    for (let feature = 0; feature < features; feature++)
      data.set(block.subarray(feature * size, (feature + 1) * size), feature * each + start);
    start += size;
  }
  return {
    bijection: elementwise({ features, transformer }),
    values: { values: data, ...ownWeights(map, state, range(features)) },
  };
}

/** Weights that a map has besides its parameters, of features in this order. */
function ownWeights({ weights }: Univariate, state: StateDict, order: readonly number[]): ParameterValues {
  return weights ? under("transformer", weights(state.at("univariate"), order)) : {};
}

/** `zuko.flows.MaskedAutoregressiveTransform`; of one feature it is an element-wise one, as in the library. */
export function maskedAutoregressiveTransform(
  call: Call,
  state: StateDict,
  sizes: Sizes,
  map: Univariate,
  order: Order,
): Part {
  const { features, context } = sizes;
  if (features === 1) {
    for (const name of ["passes", "order", "adjacency", "residual"]) call.value(name);
    return elementWiseTransform(call, state, sizes, map);
  }
  const adjacency = adjacencyOf(call, state, sizes, order);
  const ourOrder = orderOfGraph(adjacency);
  if (!ourOrder) throw call.refusal("adjacency", "a graph without circles", "one that has a circle");
  const { conditioner, values } = maskedMlp(call, state.at("hyper"), adjacency, ourOrder, totalOf(map));
  const { transformer } = map;
  return {
    bijection: maskedAutoregressive({ features, context, order: ourOrder, transformer, conditioner }),
    values: { ...under("network", values), ...ownWeights(map, state, ourOrder) },
  };
}

/** Which features depend on which features and context values. */
function adjacencyOf(call: Call, state: StateDict, { features, context }: Sizes, order: Order): Adjacency {
  const given = call.tensor("adjacency");
  if (given) {
    const [rows, columns] = given.shape;
    // The library takes the passes that the graph needs instead.
    call.value("passes");
    if (
      given.shape.length !== 2 ||
      rows !== features ||
      (columns !== features && columns !== features + context)
    )
      throw call.refusal(
        "adjacency",
        `of the shape [${features}, ${features}] or [${features}, ${features + context}]`,
        `[${given.shape}]`,
      );
    return range(features).map((i) =>
      range(features + context).map((j) =>
        j < columns ? i !== j && given.data[i * columns + j] !== 0 : true,
      ),
    );
  }
  const passes = Math.min(
    Math.max(call.has("passes") ? call.integer("passes", features, -Infinity) : features, 1),
    features,
  );
  const size = Math.ceil(features / passes);
  const groups = [...state.tensor("order", [features])];
  if (order !== "drawn")
    state.expect(
      "order",
      [features],
      order.map((place) => Math.floor(place / size)),
      "the order of the config",
    );
  else if (
    groups
      .slice()
      .sort((a, b) => a - b)
      .some((group, i) => group !== Math.floor(i / size))
  )
    throw state.refusal("order", `is not a permutation in groups of ${size}`, "a permutation", `[${groups}]`);
  return groups.map((group) => [
    ...groups.map((other) => group > other),
    ...new Array<boolean>(context).fill(true),
  ]);
}

/** `zuko.flows.GeneralCouplingTransform`; of one feature it is an element-wise one, as in the library. */
export function couplingTransform(
  call: Call,
  state: StateDict,
  sizes: Sizes,
  map: Univariate,
  mask: readonly boolean[] | "drawn",
): Part {
  const { features, context } = sizes;
  if (features === 1) return elementWiseTransform(call, state, sizes, map);
  if (mask !== "drawn") state.expect("mask", [features], mask.map(Number), "the mask of the config");
  const passed = [...state.tensor("mask", [features])].map((value) => value !== 0);
  const transformed = range(features).filter((i) => !passed[i]);
  if (transformed.length === 0 || transformed.length === features)
    throw state.refusal("mask", "must have both 0 and 1", "both", `[${passed.map(Number)}]`);
  const inputs = features - transformed.length + context;
  const { conditioner, values } = mlp(call, state.at("hyper"), inputs, transformed.length * totalOf(map));
  return {
    bijection: coupling({ features, context, transformed, transformer: map.transformer, conditioner }),
    values: { ...under("network", values), ...ownWeights(map, state, range(transformed.length)) },
  };
}
