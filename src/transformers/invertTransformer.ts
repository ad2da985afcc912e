/**
 * A transformer in the other direction: what goes from base to data goes from data to base.
 *
 *     forward   y = f^-1(x)      inverse   x = f(y)
 *
 * The quantile function of a distribution is its inverted distribution function, a logarithm an inverted exponential.
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import { clamp, lessEqual, mul, select } from "../graph/ops.ts";
import { checkArgument } from "../options.ts";
import { realLine } from "./interval.ts";
import { aTransformer, type Transformer } from "./transformer.ts";

/**
 * The inverse of a transformer; its parameters are those of the other one, costs those of the other direction.
 * @cost forward that of the inverse, inverse that of the forward direction
 * @example
 * const transformer = invertTransformer(sinhArcsinh());
 */
export function invertTransformer(inner: Transformer): Transformer {
  checkArgument("invertTransformer", "inner", inner, aTransformer);
  const [low, high] = inner.domain ?? realLine;
  const isBounded = low > Number.NEGATIVE_INFINITY || high < Number.POSITIVE_INFINITY;
  /** The inner map where it takes y; elsewhere there is no density. */
  const within = <Mapped extends { readonly value: Expr; readonly logDerivative: Expr }>(
    y: Expr,
    map: (y: Expr) => Mapped,
  ): { readonly value: Expr; readonly logDerivative: Expr } => {
    if (!isBounded) return map(y);
    const mapped = map(clamp(y, low, high));
    const isInside = mul(lessEqual(low, y), lessEqual(y, high));
    return {
      value: mapped.value,
      logDerivative: select(isInside, mapped.logDerivative, Number.NEGATIVE_INFINITY),
    };
  };
  return {
    type: "invert",
    parameterCount: inner.parameterCount,
    domain: inner.codomain,
    codomain: inner.domain,
    forward: (x, parameters) => inner.inverse(x, parameters),
    inverse: (y, parameters) => within(y, (inside) => inner.forward(inside, parameters)),
    toJSON: () => ({ type: "invert", inner: inner.toJSON() }),
    ...(inner.weights ? { weights: (features) => inner.weights!(features) } : {}),
    ...(inner.ofFeatures
      ? {
          ofFeatures: (direction, values, parameters, weights) =>
            direction === "forward"
              ? inner.ofFeatures!("inverse", values, parameters, weights)
              : within(values, (inside) => inner.ofFeatures!("forward", inside, parameters, weights)),
        }
      : {}),
  };
}
