/**
 * What couplings, autoregressive and element-wise maps ask of a transformer: where it takes and gives numbers, and the shapes of
 * what it needs.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { ParameterTree } from "../../graph/parameters.ts";
import { type Interval, isWithin, realLine } from "../../transformers/interval.ts";
import { parameterShape, type Transformer } from "../../transformers/transformer.ts";
import type { Passage } from "../bijection.ts";

/** What a network gave, as parameters `[features, parameterCount]`. */
export function parametersAs(transformer: Transformer, features: number, output: Expr): Expr {
  return g.reshape(output, parameterShape(transformer, features));
}

/** The weights of a transformer, as a member of the parameters of a bijection; nothing where it has none. */
export function weightsOf(transformer: Transformer, features: number): ParameterTree {
  return transformer.weights ? { transformer: transformer.weights(features) } : {};
}

/** What a bijection takes, gives and passes that applies a transformer to some features, by default to all. */
export function declared(
  { domain, codomain }: Transformer,
  features: number,
  transformed?: ReadonlySet<number>,
): Passage {
  const each = (interval: Interval): readonly Interval[] =>
    Array.from({ length: features }, (_, i) => (transformed?.has(i) === false ? realLine : interval));
  const isDeclared = (interval: Interval | undefined): interval is Interval =>
    interval !== undefined && !isWithin(realLine, interval);
  return {
    ...(isDeclared(domain) ? { domain: each(domain) } : {}),
    ...(isDeclared(codomain) ? { codomain: each(codomain) } : {}),
    ...(transformed && transformed.size < features
      ? { passes: Array.from({ length: features }, (_, i) => (transformed.has(i) ? undefined : i)) }
      : {}),
  };
}

/**
 * Refuses a transformer that has no parameters where other features are to condition it.
 * @throws UsageError that says what to use instead.
 */
export function checkConditioned(where: string, { type, parameterCount }: Transformer): void {
  if (parameterCount > 0) return;
  throw new UsageError({
    where,
    problem: `the transformer "${type}" has no parameters, which other features could give`,
    expected: "a transformer with parameters",
    received: type,
    remedy:
      "put it into an elementwise map, or in a chainTransformer with one that has, such as affineTransformer()",
  });
}
