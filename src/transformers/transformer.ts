/**
 * Transformers: monotone maps of one number, with parameters that a conditioner (or the model itself) supplies.
 * Couplings, autoregressive and element-wise bijections are each one transformer, applied feature by feature.
 *
 * Both directions are written on scalars; see `mapFeatures`. With all parameters zero a transformer is the identity, or near to
 * it, if it takes and gives any number.
 *
 * @module
 */

import type { Expr, Shape } from "../graph/expr.ts";
import { bodyOfFeatures, mapFeaturesOf } from "../graph/ops/bodies.ts";
import { checkReturned } from "../graph/ops/leaves.ts";
import type { ScalarBody } from "../graph/ops/maps.ts";
import * as g from "../graph/ops.ts";
import type { Bound, ParameterTree } from "../graph/parameters.ts";
import { anObject, checkArgument, type OptionKind } from "../options.ts";
import type { Interval } from "./interval.ts";

/** A scalar and the logarithm of the derivative of the direction that gave it. */
export interface ScalarMapped {
  /** The image, a scalar. */
  readonly value: Expr;
  /** Logarithm of the derivative of the same direction, which is positive; a scalar. */
  readonly logDerivative: Expr;
}

/** Images of a vector of features, and the logarithms of their derivatives. */
export interface FeaturesMapped {
  /** The images, `[features]`. */
  readonly value: Expr;
  /** Logarithms of the derivatives of the same direction, `[features]`. */
  readonly logDerivative: Expr;
}

/** A family of increasing maps of one number: of the real line onto itself, unless it declares otherwise. */
export interface Transformer {
  /** Name by which a description finds it again. */
  readonly type: string;
  /** Parameters per feature, at least 0. */
  readonly parameterCount: number;
  /** Where x lies, on the side of the base (default: anywhere). Outside of it nothing is promised. */
  readonly domain?: Interval | undefined;
  /**
   * Where y lies, on the side of the data (default: anywhere). Elsewhere the log derivative of `inverse` is minus infinity: there
   * is no density.
   */
  readonly codomain?: Interval | undefined;
  /** Base to data: the image of x, a scalar, under the map with these parameters, `parameterCount` scalars. */
  forward(x: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** Data to base: the preimage of y. */
  inverse(y: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** The description that a model file holds. */
  toJSON(): TransformerJson;
  /** What it trains besides: weights that are the same for every row, for a number of features. */
  weights?(features: number): ParameterTree;
  /**
   * All features at once, for a transformer that has weights, or a direction in which it iterates: both are out of reach of a map
   * of one number. It takes the place of `forward` and `inverse`.
   * @param parameters - `[features, parameterCount]`; undefined where there are none.
   * @param weights - Those that `weights` asks for.
   */
  ofFeatures?(
    direction: "forward" | "inverse",
    values: Expr,
    parameters: Expr | undefined,
    weights: Bound,
  ): FeaturesMapped;
}

/** Plain data that describes a transformer. */
export interface TransformerJson {
  /** Name of the transformer. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** What a transformer is, for checks of arguments. */
export const aTransformer: OptionKind = {
  expected: "a transformer, with parameterCount, forward, inverse and toJSON, such as sinhArcsinh() returns",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Transformer).forward === "function" &&
    typeof (value as Transformer).inverse === "function" &&
    typeof (value as Transformer).toJSON === "function" &&
    typeof (value as Transformer).parameterCount === "number",
};

/**
 * One direction of a transformer for every feature, and the sum of the log derivatives.
 * @param parameters - `[features, parameterCount]`; undefined where there are none.
 */
export function transformFeatures(
  transformer: Transformer,
  direction: "forward" | "inverse",
  values: Expr,
  parameters: Expr | undefined,
  weights: Bound = {},
): { readonly value: Expr; readonly logAbsDet: Expr } {
  const { value, logDerivative } = mapOfFeatures(transformer, direction, values, parameters, weights);
  return { value, logAbsDet: g.sum(logDerivative) };
}

/** One direction of a transformer for every feature. */
export function mapOfFeatures(
  transformer: Transformer,
  direction: "forward" | "inverse",
  values: Expr,
  parameters: Expr | undefined,
  weights: Bound,
): FeaturesMapped {
  const where = `${direction} of the transformer "${transformer.type}"`;
  const checked = <Image extends { readonly value: unknown; readonly logDerivative: unknown }>(
    mapped: Image,
    shape: Shape,
  ): Image => {
    checkArgument(where, "what it returns", mapped, anObject, "return { value, logDerivative }");
    checkReturned(where, "value", mapped.value, shape);
    checkReturned(where, "logDerivative", mapped.logDerivative, shape);
    return mapped;
  };
  if (transformer.ofFeatures)
    return checked(transformer.ofFeatures(direction, values, parameters, weights), values.shape);
  let bodies = bodiesOf.get(transformer);
  if (!bodies) bodiesOf.set(transformer, (bodies = new Map()));
  // What the body is written for: one scalar a feature, and so many parameters.
  const name = `${direction} ${values.shape.slice(1)} ${parameters?.shape[1]}`;
  return mapEach(
    values,
    parameters,
    (scalar, own) => checked(transformer[direction](scalar, own), []),
    (write) => {
      let body = bodies.get(name);
      if (!body) bodies.set(name, (body = write()));
      return body;
    },
  );
}

/** Bodies of the maps of transformers: all layers that have one transformer have one body, which is written and derived once. */
const bodiesOf = new WeakMap<Transformer, Map<string, ScalarBody>>();

/** A map of one number for every feature; `known` may give its body, where it has been written. `parameters` has shape `[features, n]`, or is undefined where n is 0. */
export function mapEach(
  values: Expr,
  parameters: Expr | undefined,
  map: (scalar: Expr, parameters: readonly Expr[]) => ScalarMapped,
  known: (write: () => ScalarBody) => ScalarBody = (write) => write(),
): FeaturesMapped {
  const blocks = parameters ? [values, parameters] : [values];
  const body = known(() =>
    bodyOfFeatures(blocks, ([scalar], own = []) => {
      const mapped = map(scalar!, own);
      return [[mapped.value], [mapped.logDerivative]];
    }),
  );
  const [value, logDerivative] = mapFeaturesOf(blocks, body);
  return { value: value!, logDerivative: logDerivative! };
}

/** Shape of the parameters of a transformer for some features. */
export function parameterShape(transformer: Transformer, features: number): Shape {
  return [features, transformer.parameterCount];
}
