/**
 * Transformers one after another, as one: their parameters are listed in the same order.
 *
 *     forward   y = f_n( ... f_2(f_1(x)))      log derivative: the sum of all
 *     inverse   x = f_1^-1( ... f_n^-1(y))
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { checkArgument, listOf, refuse } from "../options.ts";
import { aTransformer, type ScalarMapped, type Transformer } from "./transformer.ts";

/**
 * The transformers in turn, listed base side first; it has the parameters of all, those of the first at the front.
 * @throws UsageError without any.
 */
export function chainTransformer(parts: readonly Transformer[]): Transformer {
  checkArgument("chainTransformer", "parts", parts, listOf(aTransformer, "an array of transformers"));
  if (parts.length === 0) refuse("chainTransformer", "parts", "at least one transformer", parts);
  let parameterCount = 0;
  const partRanges = parts.map((part) => {
    const start = parameterCount;
    parameterCount += part.parameterCount;
    return { part, start, end: parameterCount };
  });
  const through = (
    direction: "forward" | "inverse",
    order: typeof partRanges,
    start: Expr,
    parameters: readonly Expr[],
  ): ScalarMapped =>
    order.reduce<ScalarMapped>(
      ({ value, logDerivative }, { part, start: from, end }) => {
        const mapped = part[direction](value, parameters.slice(from, end));
        return { value: mapped.value, logDerivative: g.add(logDerivative, mapped.logDerivative) };
      },
      { value: start, logDerivative: g.constant(0) },
    );
  const reversed = [...partRanges].reverse();
  return {
    type: "chain",
    parameterCount,
    forward: (x, parameters) => through("forward", partRanges, x, parameters),
    inverse: (y, parameters) => through("inverse", reversed, y, parameters),
    toJSON: () => ({ type: "chain", parts: parts.map((part) => part.toJSON()) }),
  };
}
