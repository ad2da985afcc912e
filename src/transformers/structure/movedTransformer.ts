/**
 * A transformer moved along the line, on both sides alike: a map of the box from -B to B becomes one of any box of that width.
 *
 *     forward    y = d + f(x - d)          log derivative that of f at x - d
 *     inverse    x = d + f^-1(y - d)       log derivative that of f^-1 at y - d
 *
 * Splines of Müller et al. (2019) and Durkan et al. (2019) without tails are maps of [0, 1]: those of the box of half-width 1/2, moved by 1/2.
 *
 * @see https://arxiv.org/abs/1808.03856
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, sub } from "../../graph/ops.ts";
import { checkedOptions, numberOf, type OptionTable, required } from "../../options.ts";
import type { Interval } from "../interval.ts";
import { aTransformer, type ScalarMapped, type Transformer } from "../transformer.ts";

/** Options of {@link movedTransformer}. */
export interface MovedOptions {
  /** The map that is moved. */
  readonly inner: Transformer;
  /** How far, d. */
  readonly by: number;
}

const movedOptionTable: OptionTable<MovedOptions> = {
  inner: required(aTransformer),
  by: required(numberOf("a finite number", Number.isFinite)),
};

/**
 * The moved map, with the parameters of the other. Where that maps a box onto itself, so does this, moved.
 * @throws UsageError for what is not a transformer, or not a number.
 * @cost forward that of the map, inverse the same
 * @example
 * const transformer = movedTransformer({ inner: quadraticSpline({ bins: 5 }), by: 0.5 });
 */
export function movedTransformer(options: MovedOptions): Transformer {
  const { inner, by } = checkedOptions("movedTransformer", options, movedOptionTable);
  const moved = (interval: Interval | undefined): Interval | undefined =>
    interval && [interval[0] + by, interval[1] + by];
  const back = ({ value, logDerivative }: ScalarMapped): ScalarMapped => ({
    value: add(value, by),
    logDerivative,
  });
  return {
    type: "moved",
    parameterCount: inner.parameterCount,
    domain: moved(inner.domain),
    codomain: moved(inner.codomain),
    forward: (x: Expr, parameters) => back(inner.forward(sub(x, by), parameters)),
    inverse: (y: Expr, parameters) => back(inner.inverse(sub(y, by), parameters)),
    ...(inner.weights ? { weights: (features) => inner.weights!(features) } : {}),
    ...(inner.ofFeatures
      ? {
          ofFeatures(direction, values, parameters, weights) {
            const mapped = inner.ofFeatures!(direction, sub(values, by), parameters, weights);
            return { value: add(mapped.value, by), logDerivative: mapped.logDerivative };
          },
        }
      : {}),
    toJSON: () => ({ type: "moved", inner: inner.toJSON(), by }),
  };
}
