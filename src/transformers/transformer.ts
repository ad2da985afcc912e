/**
 * Transformers: monotone maps of one number, with parameters that a conditioner (or the model itself) supplies.
 * Couplings, autoregressive and element-wise bijections are each one transformer, applied feature by feature.
 *
 * Both directions are written on scalars; see `mapFeatures`. With all parameters zero a transformer is the identity.
 *
 * @module
 */

import type { Mapped } from "../bijections/bijection.ts";
import { FormatError } from "../errors.ts";
import type { Expr, Shape } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { affineTransformer } from "./affineTransformer.ts";
import { chainTransformer } from "./chainTransformer.ts";
import { rationalQuadraticFromJson } from "./rationalQuadraticTransformer.ts";

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
  /** Parameters a feature. */
  readonly parameterCount: number;
  /** Data to base. */
  normalize(y: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** Base to data. */
  generate(x: Expr, parameters: readonly Expr[]): ScalarMapped;
  /** The description that a model file holds. */
  toJSON(): TransformerJson;
}

/** Plain data that describes a transformer. */
export interface TransformerJson {
  /** Name of the transformer. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Applies one direction of a transformer to every feature; `parameters` has shape `[features, parameterCount]`. */
export function transformFeatures(
  transformer: Transformer,
  direction: "normalize" | "generate",
  values: Expr,
  parameters: Expr,
): Mapped {
  const [value, logDerivative] = g.mapFeatures([values, parameters], ([scalar], own) => {
    const mapped = transformer[direction](scalar!, own);
    return [[mapped.value], [mapped.logDerivative]];
  });
  return { value: value!, logAbsDet: g.sum(logDerivative!) };
}

/** Shape of the parameters of a transformer for some features. */
export function parameterShape(transformer: Transformer, features: number): Shape {
  return [features, transformer.parameterCount];
}

/**
 * The transformer that a description stands for.
 * @throws {@link FormatError} for an unknown type or a bad option.
 */
export function transformerFromJson(json: unknown): Transformer {
  const { type, ...options } = (json ?? {}) as TransformerJson;
  if (type === "affine") return affineTransformer();
  if (type === "rationalQuadratic") return rationalQuadraticFromJson(options);
  if (type === "chain" && Array.isArray(options.parts))
    return chainTransformer(options.parts.map(transformerFromJson));
  throw new FormatError(
    `The model holds a transformer of type ${JSON.stringify(type)}, which this version does not know.`,
  );
}
