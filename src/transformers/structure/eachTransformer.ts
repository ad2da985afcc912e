/**
 * A transformer of its own for each feature, as where some features are angles and others are not.
 *
 *     forward   y_i = f_i(x_i; the first parameters of feature i)      log derivative: that of f_i
 *     inverse   x_i = f_i^-1(y_i)
 *
 * A feature without one passes as it is. All have as many parameters as the one that has most; those that a feature does not need are
 * not used. Features of equal transformers are computed together.
 *
 * Elementary, of no paper: PyTorch's `StackTransform` does the same of maps without parameters from a network.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { concatenate, gather, zeros } from "../../graph/ops.ts";
import { type Bound, type ParameterTree, subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, listOf, type OptionTable, refuse, required } from "../../options.ts";
import { realLine, writtenInterval } from "../interval.ts";
import { aTransformer, type FeaturesMapped, mapOfFeatures, type Transformer } from "../transformer.ts";

/** Options of {@link eachTransformer}. */
export interface EachOptions {
  /** The transformer of each feature; null for one that passes. */
  readonly parts: readonly (Transformer | null)[];
}

const eachOptionTable: OptionTable<EachOptions> = {
  parts: required(
    listOf(
      {
        expected: "a transformer or null",
        accepts: (value) => value === null || aTransformer.accepts(value),
      },
      "an array of transformers, null for a feature that passes",
    ),
  ),
};

/** Features that have equal transformers. */
interface Group {
  readonly part: Transformer | null;
  readonly places: number[];
}

/**
 * Transformers by feature; as many parameters per feature as the one that has most, and the weights of all. Costs are those of the
 * transformers.
 * @throws UsageError without any, or for transformers that take or give other numbers than the first; ShapeError where it is applied to
 *   another number of features.
 * @cost forward those of the transformers, inverse the same
 * @example
 * const transformer = eachTransformer({ parts: [sinhArcsinh(), affineTransformer()] });
 */
export function eachTransformer(options: EachOptions): Transformer {
  const where = "eachTransformer";
  const { parts } = checkedOptions(where, options, eachOptionTable);
  if (parts.length === 0) refuse(where, "parts", "at least one transformer", parts);
  const groups = new Map<string, Group>();
  parts.forEach((part, i) => {
    const key = JSON.stringify(part?.toJSON() ?? null);
    const group = groups.get(key) ?? { part, places: [] };
    group.places.push(i);
    groups.set(key, group);
  });
  for (const side of ["domain", "codomain"] as const) {
    const written = parts.map((part) => writtenInterval(part?.[side] ?? realLine));
    const other = written.find((text) => text !== written[0]);
    if (other !== undefined)
      refuse(where, "parts", `transformers of one ${side}, ${written[0]}`, `one of ${other}`);
  }
  const parameterCount = Math.max(...parts.map((part) => part?.parameterCount ?? 0));
  const all = [...groups.values()].map((group, i) => ({ ...group, name: String(i) }));
  const grouped = all.flatMap(({ places }) => places);
  const back = parts.map((_, i) => grouped.indexOf(i));
  const ofGroup = (
    { part, places, name }: (typeof all)[number],
    direction: "forward" | "inverse",
    values: Expr,
    parameters: Expr | undefined,
    weights: Bound,
  ): FeaturesMapped => {
    const count = places.length;
    const value = gather(values, places, [count]);
    if (!part) return { value, logDerivative: zeros([count]) };
    const width = part.parameterCount;
    const own =
      parameters && width > 0
        ? gather(
            parameters,
            Int32Array.from(
              { length: count * width },
              (_, k) => places[Math.floor(k / width)]! * parameterCount + (k % width),
            ),
            [count, width],
          )
        : undefined;
    return mapOfFeatures(part, direction, value, own, part.weights ? subtreeOf(weights, name) : {});
  };
  const needsFeatures = (): never =>
    refuse(
      where,
      "a map of one number",
      "used by ofFeatures, as it differs from feature to feature",
      undefined,
    );
  return {
    type: "each",
    parameterCount,
    domain: parts[0]?.domain,
    codomain: parts[0]?.codomain,
    forward: needsFeatures,
    inverse: needsFeatures,
    ...(all.some(({ part }) => part?.weights)
      ? {
          weights: (): ParameterTree =>
            Object.fromEntries(
              all.flatMap(({ part, places, name }) =>
                part?.weights ? [[name, part.weights(places.length)]] : [],
              ),
            ),
        }
      : {}),
    ofFeatures(direction, values, parameters, weights) {
      if (values.shape[0] !== parts.length)
        throw new ShapeError({
          where,
          subject: "parts",
          expected: `${values.shape[0]}, one for each feature`,
          received: `${parts.length}`,
        });
      const mapped = all.map((group) => ofGroup(group, direction, values, parameters, weights));
      const together = (of: (each: FeaturesMapped) => Expr): Expr =>
        gather(concatenate(mapped.map(of)), back, [parts.length]);
      return {
        value: together(({ value }) => value),
        logDerivative: together(({ logDerivative }) => logDerivative),
      };
    },
    toJSON: () => ({ type: "each", parts: parts.map((part) => part?.toJSON() ?? null) }),
  };
}
