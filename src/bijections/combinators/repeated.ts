/**
 * The same kind of map many times, each with parameters of its own: one map whose parameters are stacked along a new
 * first axis. Hundreds of layers are as much code as one.
 *
 *     forward    y = layer_(count-1)( ... layer_0(x))          log-determinants add up
 *     inverse    the inverses of the layers, last to first
 *
 * A composition as that of `chain`: Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference",
 * section 2.1. That it is stacked and compiled once is our own; T. Chen et al. (2016), "Training
 * deep nets with sublinear memory cost", keep about the square root of the states.
 *
 * @see https://arxiv.org/abs/1912.02762, https://arxiv.org/abs/1604.06174
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, isSpec, type ParameterSpec, type ParameterTree } from "../../graph/parameters.ts";
import {
  anObject,
  anyNumber,
  checkCount,
  checkedOptions,
  type OptionTable,
  required,
} from "../../options.ts";
import { type Bijection, checkOneToOne, type Mapped, passageOf } from "../bijection.ts";

/** Options of {@link repeated}. */
export interface RepeatedOptions {
  /** The map, of which each repetition has parameters of its own. */
  readonly layer: Bijection;
  /** Repetitions, at least 1. */
  readonly count: number;
}

/** A repeated bijection; it shows its layer. */
export interface Repeated extends Bijection {
  /** The map that is repeated. */
  readonly layer: Bijection;
  /** Repetitions. */
  readonly count: number;
  /** The same layer, repeated so many times. */
  withCount(count: number): Repeated;
}

const repeatedOptionTable: OptionTable<RepeatedOptions> = {
  layer: required(anObject),
  count: required(anyNumber),
};

/**
 * Repeats a bijection `count` times; forward, layer 0 comes first. Parameters are those of the layer with a first axis
 * of `count`. It is compiled once, and so is its derivative, which
 * keeps states before about the square root of `count` of them at a time.
 * @throws UsageError if `count` is not a positive integer, or the layer does not take what it gives; ShapeError if it has branches.
 * @cost forward `count` times that of the layer, inverse the same
 * @example
 * const bijection = repeated({ layer: planar({ features: 2 }), count: 8 });
 */
export function repeated(options: RepeatedOptions): Repeated {
  const { layer, count } = checkedOptions("repeated", options, repeatedOptionTable);
  checkCount("repeated", "count", count);
  checkOneToOne("repeated", layer);
  const passage = passageOf("repeated", new Array<Bijection>(count).fill(layer));
  const { features, context } = layer;
  const run = (direction: "forward" | "inverse", x: Expr, p: Bound, c: Expr | undefined): Mapped => {
    const [stacked, rebind] = flattened(p);
    const finalState = g.scan(
      g.concatenate([x, g.reshape(g.constant(0), [1])]),
      count,
      stacked,
      (state, slices) => {
        const mapped = layer[direction](g.slice(state, 0, features), rebind(slices), c);
        const total = g.add(g.slice(state, features, features + 1), g.reshape(mapped.logAbsDet, [1]));
        return g.concatenate([mapped.value, total]);
      },
      { reversed: direction === "inverse" },
    );
    return {
      value: g.slice(finalState, 0, features),
      logAbsDet: g.reshape(g.slice(finalState, features, features + 1), []),
    };
  };
  return {
    type: "repeated",
    features,
    context,
    layer,
    count,
    ...passage,
    domainRegion: layer.domainRegion,
    codomainRegion: layer.codomainRegion,
    parameters: stackedTree(layer.parameters, count),
    forward: (x, p, c) => run("forward", x, p, c),
    inverse: (y, p, c) => run("inverse", y, p, c),
    withCount: (other) => repeated({ layer, count: other }),
    toJSON: () => ({ type: "repeated", layer: layer.toJSON(), count }),
  };
}

/** Reads {@link repeated} back. */
export function repeatedFromJson(
  json: { readonly [option: string]: unknown },
  read: (json: unknown) => Bijection,
): Bijection {
  return repeated({ layer: read(json.layer), count: json.count as number });
}

function stackedSpec(spec: ParameterSpec, count: number): ParameterSpec {
  const stacked = { ...spec, shape: [count, ...spec.shape] };
  return spec.used === undefined ? stacked : { ...stacked, used: count * spec.used };
}

function stackedTree(tree: ParameterTree, count: number): ParameterTree {
  return Object.fromEntries(
    Object.entries(tree).map(([name, member]) => [
      name,
      isSpec(member) ? stackedSpec(member, count) : stackedTree(member, count),
    ]),
  );
}

/** The leaves of a bound tree, and the tree with other leaves in their places. */
function flattened(bound: Bound): [leaves: Expr[], rebind: (leaves: readonly Expr[]) => Bound] {
  const leaves: Expr[] = [];
  const visit = (tree: Bound): ((values: readonly Expr[]) => Bound) => {
    const members = Object.entries(tree).map(([name, member]) => {
      if (typeof (member as Expr).op !== "string") return [name, visit(member as Bound)] as const;
      const index = leaves.push(member as Expr) - 1;
      return [name, (values: readonly Expr[]) => values[index]!] as const;
    });
    return (values) => Object.fromEntries(members.map(([name, at]) => [name, at(values)]));
  };
  const rebind = visit(bound);
  return [leaves, rebind];
}
