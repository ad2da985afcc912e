/**
 * Transformers one after another, as one: their parameters are listed in the same order.
 *
 *     generate    y = f_n( ... f_2(f_1(x)))      log derivative: the sum of all
 *     normalize   x = f_1^-1( ... f_n^-1(y))
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { anObject, checkArgument, listOf } from "../options.ts";
import type { ScalarMapped, Transformer } from "./transformer.ts";

/**
 * The transformers in turn, listed base side first; it has the parameters of all, those of the first at the front.
 * @throws {@link ShapeError} without any.
 */
export function chainTransformer(parts: readonly Transformer[]): Transformer {
  checkArgument("chainTransformer", "parts", parts, listOf(anObject, "an array of transformers"));
  if (parts.length === 0) throw new ShapeError("chainTransformer: there are no transformers.");
  let parameterCount = 0;
  const placed = parts.map((part) => {
    const start = parameterCount;
    parameterCount += part.parameterCount;
    return { part, start, end: parameterCount };
  });
  const through = (
    direction: "normalize" | "generate",
    order: typeof placed,
    start: Expr,
    parameters: readonly Expr[],
  ): ScalarMapped =>
    order.reduce<ScalarMapped>(
      ({ value, logDerivative }, own) => {
        const mapped = own.part[direction](value, parameters.slice(own.start, own.end));
        return { value: mapped.value, logDerivative: g.add(logDerivative, mapped.logDerivative) };
      },
      { value: start, logDerivative: g.constant(0) },
    );
  const reversed = [...placed].reverse();
  return {
    type: "chain",
    parameterCount,
    normalize: (y, parameters) => through("normalize", reversed, y, parameters),
    generate: (x, parameters) => through("generate", placed, x, parameters),
    toJSON: () => ({ type: "chain", parts: parts.map((part) => part.toJSON()) }),
  };
}
