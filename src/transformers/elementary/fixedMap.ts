/**
 * Transformers without parameters: one map, the same for every feature and row.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { lessEqual, mul, select } from "../../graph/ops.ts";
import { type Interval, realLine } from "../interval.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** What {@link fixedMap} makes a transformer of. */
interface FixedMapParts {
  readonly type: string;
  readonly codomain?: Interval | undefined;
  /** Options that its description holds. */
  readonly options?: { readonly [option: string]: unknown };
  /** Base to data. */
  forward(x: Expr): ScalarMapped;
  /** Data to base; finite for any number, also for one outside of the codomain. */
  inverse(y: Expr): ScalarMapped;
}

/** The logarithm of a derivative inside of an interval, its ends with it; minus infinity outside. */
export function insideOf([low, high]: Interval, y: Expr, logDerivative: Expr): Expr {
  const above = Number.isFinite(low) ? lessEqual(low, y) : undefined;
  const below = Number.isFinite(high) ? lessEqual(y, high) : undefined;
  const isInside = above && below ? mul(above, below) : (above ?? below);
  return isInside ? select(isInside, logDerivative, Number.NEGATIVE_INFINITY) : logDerivative;
}

/** A transformer of one map without parameters, of the real line onto the codomain. */
export function fixedMap({
  type,
  codomain = realLine,
  options = {},
  forward,
  inverse,
}: FixedMapParts): Transformer {
  return {
    type,
    parameterCount: 0,
    codomain,
    forward,
    inverse(y) {
      const mapped = inverse(y);
      return { value: mapped.value, logDerivative: insideOf(codomain, y, mapped.logDerivative) };
    },
    toJSON: () => ({ type, ...options }),
  };
}
