/**
 * Transformers one after another, as one: their parameters are listed in the same order.
 *
 *     forward   y = f_n( ... f_2(f_1(x)))      log derivative: the sum of all
 *     inverse   x = f_1^-1( ... f_n^-1(y))
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, subtreeOf } from "../graph/parameters.ts";
import { checkArgument, listOf, refuse } from "../options.ts";
import { checkFits } from "./interval.ts";
import {
  aTransformer,
  type FeaturesMapped,
  mapOfFeatures,
  type ScalarMapped,
  type Transformer,
} from "./transformer.ts";

/**
 * The transformers in turn, listed base side first; it has the parameters of all, those of the first at the front.
 * @throws UsageError without any, or where one does not take what the one before it gives.
 * @cost forward the sum of those of the parts, inverse the same
 * @example
 * const transformer = chainTransformer([affineTransformer(), sinhArcsinh()]);
 */
export function chainTransformer(parts: readonly Transformer[]): Transformer {
  checkArgument("chainTransformer", "parts", parts, listOf(aTransformer, "an array of transformers"));
  if (parts.length === 0) refuse("chainTransformer", "parts", "at least one transformer", parts);
  for (const [i, part] of parts.slice(1).entries()) checkFits("chainTransformer", parts[i]!, part);
  let parameterCount = 0;
  const ranges = parts.map((part, i) => {
    const start = parameterCount;
    parameterCount += part.parameterCount;
    return { part, start, end: parameterCount, name: String(i) };
  });
  const inOrder = (direction: "forward" | "inverse"): typeof ranges =>
    direction === "forward" ? ranges : [...ranges].reverse();
  const through =
    (direction: "forward" | "inverse") =>
    (at: Expr, parameters: readonly Expr[]): ScalarMapped =>
      inOrder(direction).reduce<ScalarMapped>(
        ({ value, logDerivative }, { part, start, end }) => {
          const mapped = part[direction](value, parameters.slice(start, end));
          return { value: mapped.value, logDerivative: g.add(logDerivative, mapped.logDerivative) };
        },
        { value: at, logDerivative: g.constant(0) },
      );
  const self: Transformer = {
    type: "chain",
    parameterCount,
    domain: parts[0]!.domain,
    codomain: parts[parts.length - 1]!.codomain,
    forward: through("forward"),
    inverse: through("inverse"),
    toJSON: () => ({ type: "chain", parts: parts.map((part) => part.toJSON()) }),
  };
  if (!parts.some((part) => part.ofFeatures)) return self;
  return {
    ...self,
    weights: (features) =>
      Object.fromEntries(
        ranges.flatMap(({ part, name }) => (part.weights ? [[name, part.weights(features)]] : [])),
      ),
    ofFeatures: (direction, values, parameters, weights: Bound) =>
      inOrder(direction).reduce<FeaturesMapped>(
        ({ value, logDerivative }, { part, start, end, name }) => {
          const own = parameters && columns(parameters, start, end);
          const mapped = mapOfFeatures(part, direction, value, own, subtreeOf(weights, name));
          return { value: mapped.value, logDerivative: g.add(logDerivative, mapped.logDerivative) };
        },
        { value: values, logDerivative: g.zeros(values.shape) },
      ),
  };
}

/** Columns of a matrix `[rows, n]`, as a matrix; undefined for none. */
function columns(matrix: Expr, start: number, end: number): Expr | undefined {
  const [rows, width] = matrix.shape as [number, number];
  const count = end - start;
  if (count === 0) return undefined;
  const indices = Int32Array.from(
    { length: rows * count },
    (_, i) => Math.floor(i / count) * width + start + (i % count),
  );
  return g.gather(matrix, indices, [rows, count]);
}
