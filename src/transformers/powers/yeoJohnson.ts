/**
 * The Yeo-Johnson transformation, Box-Cox for numbers of either sign (Yeo & Johnson 2000, eq. 2.1); here data are y and the base x:
 *
 *     inverse   x =  ((1 + y)^lambda - 1) / lambda                   for y >= 0      log derivative (lambda - 1) log(1 + y)
 *               x = -((1 - y)^(2 - lambda) - 1) / (2 - lambda)       for y < 0       log derivative (1 - lambda) log(1 - y)
 *
 * lambda below 1 brings a long tail on the right in, above 1 one on the left. Between 0 and 2 the map is one of all numbers onto all
 * numbers. From |y| = 10 000 on it goes on straight, with the slope of there.
 *
 * Raw parameter: lambda - 1, clipped softly to +-1; 0 is the identity.
 *
 * @see https://doi.org/10.1093/biomet/87.4.954
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { relativeExpm1, relativeLog1p } from "../../graph/library/hyperbolic.ts";
import { add, expm1, less, log1p, min, mul, neg, select, sub } from "../../graph/ops.ts";
import { softClip } from "../softClip.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

const reach = 1e4;

/** Of the size of a number, by the exponent of its side. */
type OfSize = (size: Expr, exponent: Expr) => ScalarMapped;

const toBase: OfSize = (size, exponent) => {
  const inside = min(size, reach);
  const l = log1p(inside);
  return straightBeyond(size, inside, {
    value: mul(l, relativeExpm1(mul(exponent, l))),
    logDerivative: mul(sub(exponent, 1), l),
  });
};

const toData: OfSize = (size, exponent) => {
  const edge = Math.log1p(reach);
  const inside = min(size, mul(edge, relativeExpm1(mul(exponent, edge))));
  const l = mul(inside, relativeLog1p(mul(exponent, inside)));
  return straightBeyond(size, inside, { value: expm1(l), logDerivative: mul(sub(1, exponent), l) });
};

/**
 * The Yeo-Johnson transformation: one parameter per feature.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = yeoJohnson();
 */
export function yeoJohnson(): Transformer {
  const onEachSide = (at: Expr, [raw]: readonly Expr[], map: OfSize): ScalarMapped => {
    const change = softClip(raw!, 1);
    const isNegative = less(at, 0);
    const exponent = add(1, select(isNegative, neg(change), change));
    const { value, logDerivative } = map(select(isNegative, neg(at), at), exponent);
    return { value: select(isNegative, neg(value), value), logDerivative };
  };
  return {
    type: "yeoJohnson",
    parameterCount: 1,
    forward: (x, parameters) => onEachSide(x, parameters, toData),
    inverse: (y, parameters) => onEachSide(y, parameters, toBase),
    toJSON: () => ({ type: "yeoJohnson" }),
  };
}
