/**
 * Transformers that have one direction in closed form: the other one is found in a bracket, to the rounding of the engine, with
 * the derivatives of the implicit function theorem.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import { root } from "../graph/library/root.ts";
import * as g from "../graph/ops.ts";
import type { Interval } from "./interval.ts";
import {
  type FeaturesMapped,
  mapEach,
  type ScalarMapped,
  type Transformer,
  type TransformerJson,
} from "./transformer.ts";

/** Ends between which a preimage lies, both finite. */
export type Bracket = readonly [low: Expr, high: Expr];

/** What {@link solvedTransformer} makes a transformer of. */
export interface SolvedTransformerParts {
  readonly type: string;
  readonly parameterCount: number;
  readonly domain?: Interval | undefined;
  readonly codomain?: Interval | undefined;
  /** The direction that is in closed form. */
  readonly closed: "forward" | "inverse";
  /** That direction, on scalars. */
  map(from: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** Where the preimage of `to` under `map` lies, on scalars. */
  bracket(to: Expr, parameters: readonly Expr[]): Bracket;
  /** Whether a number without a preimage in the bracket gets the end that is nearest (default false: it has one). */
  readonly endsCount?: boolean | undefined;
  toJSON(): TransformerJson;
}

/** A transformer whose other direction is solved, each feature by itself: usually 6 to 12 evaluations of the closed one. */
export function solvedTransformer({
  type,
  parameterCount,
  domain,
  codomain,
  closed,
  map,
  bracket,
  endsCount = false,
  toJSON,
}: SolvedTransformerParts): Transformer {
  /** On scalars outside of a map, and on features, each a map. */
  const solved = (
    to: Expr,
    [low, high]: Bracket,
    mapAll: (from: Expr) => { readonly value: Expr; readonly logDerivative: Expr },
  ): FeaturesMapped => {
    const value = root(low, high, (from) => g.sub(mapAll(from).value, to), {
      slack: endsCount ? Number.POSITIVE_INFINITY : 0,
    });
    return { value, logDerivative: g.neg(mapAll(value).logDerivative) };
  };
  const scalar =
    (direction: "forward" | "inverse") =>
    (at: Expr, parameters: readonly Expr[]): ScalarMapped =>
      direction === closed
        ? map(at, parameters)
        : solved(at, bracket(at, parameters), (from) => map(from, parameters));
  return {
    type,
    parameterCount,
    domain,
    codomain,
    forward: scalar("forward"),
    inverse: scalar("inverse"),
    ofFeatures(direction, values, parameters) {
      const mapAll = (from: Expr): FeaturesMapped => mapEach(from, parameters, map);
      if (direction === closed) return mapAll(values);
      const ends = mapEach(values, parameters, (to, own) => {
        const [low, high] = bracket(to, own);
        return { value: low, logDerivative: high };
      });
      return solved(values, [ends.value, ends.logDerivative], mapAll);
    },
    toJSON,
  };
}

/**
 * Where the preimage of a number lies under an increasing map that is at least as steep as `slope` everywhere and gives `atZero` for 0;
 * a little wider than it need be, for roundings.
 */
export function bracketOfSlope(to: Expr, atZero: Expr, slope: number): Bracket {
  const reach = g.mul(1.001 / slope, g.sub(to, atZero));
  const margin = 1e-3;
  return [g.sub(g.min(reach, 0), margin), g.add(g.max(reach, 0), margin)];
}
