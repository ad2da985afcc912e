/**
 * Transformers: monotone maps of one number, with parameters that a conditioner (or the model itself) supplies.
 * Couplings, autoregressive and element-wise bijections are each one transformer, applied feature by feature.
 *
 * Both directions are written on scalars; see `mapFeatures`. With all parameters zero a transformer is the identity, or near to
 * it.
 *
 * @module
 */

import type { Expr, Shape } from "../graph/expr.ts";
import { checkReturned } from "../graph/ops/leaves.ts";
import * as g from "../graph/ops.ts";
import { anObject, checkArgument, type OptionKind } from "../options.ts";

/** A scalar and the logarithm of the derivative of the direction that gave it. */
export interface ScalarMapped {
  /** The image, a scalar. */
  readonly value: Expr;
  /** Logarithm of the derivative of the same direction, which is positive; a scalar. */
  readonly logDerivative: Expr;
}

/** A family of monotone maps of the real line onto itself. */
export interface Transformer {
  /** Name by which a description finds it again. */
  readonly type: string;
  /** Parameters per feature. */
  readonly parameterCount: number;
  /** Base to data: the image of x, a scalar, under the map with these parameters, `parameterCount` scalars. */
  forward(x: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** Data to base: the preimage of y. */
  inverse(y: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** The description that a model file holds. */
  toJSON(): TransformerJson;
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

/** Applies one direction of a transformer to every feature; `parameters` has shape `[features, parameterCount]`. */
export function transformFeatures(
  transformer: Transformer,
  direction: "forward" | "inverse",
  values: Expr,
  parameters: Expr,
): { readonly value: Expr; readonly logAbsDet: Expr } {
  const [value, logDerivative] = g.mapFeatures([values, parameters], ([scalar], featureParameters) => {
    const mapped = transformer[direction](scalar!, featureParameters);
    const where = `${direction} of the transformer "${transformer.type}"`;
    checkArgument(where, "what it returns", mapped, anObject, "return { value, logDerivative }");
    checkReturned(where, "value", mapped.value, []);
    checkReturned(where, "logDerivative", mapped.logDerivative, []);
    return [[mapped.value], [mapped.logDerivative]];
  });
  return { value: value!, logAbsDet: g.sum(logDerivative!) };
}

/** Shape of the parameters of a transformer for some features. */
export function parameterShape(transformer: Transformer, features: number): Shape {
  return [features, transformer.parameterCount];
}
