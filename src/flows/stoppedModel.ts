/**
 * A model of many equal steps, stopped after some of them: t, the number of steps from the data, is a coordinate.
 *
 * The steps are those of a `repeated` bijection next to the base, alone or first in a chain. Its last slice is next to
 * the data, so the model at t keeps the last t slices of every stacked parameter.
 *
 * @module
 */

import { type Bijection, flattenTree } from "../bijections/bijection.ts";
import { type Chain, chain } from "../bijections/chain.ts";
import { permutation } from "../bijections/permutation.ts";
import { type Repeated, repeated } from "../bijections/repeated.ts";
import { UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import type { Model } from "./model.ts";

/** The repeated bijection next to the base, its parameters' prefix, and what lies between it and the data. */
interface Steps {
  readonly layers: Repeated;
  readonly prefix: string;
  readonly rest: readonly Bijection[];
}

function stepsIn(bijection: Bijection): Steps | undefined {
  if (bijection.type === "repeated") return { layers: bijection as Repeated, prefix: "bijection.", rest: [] };
  if (bijection.type !== "chain") return undefined;
  const [first, ...rest] = (bijection as Chain).parts;
  if (first?.type !== "repeated") return undefined;
  return { layers: first as Repeated, prefix: "bijection.0.", rest };
}

/** Steps that a model can be stopped between; 0 where it has none. */
export function stepCount(model: Pick<Model, "bijection">): number {
  return stepsIn(model.bijection)?.layers.count ?? 0;
}

/**
 * The model stopped after the first t steps from the data; at 0 what comes before them alone.
 * @throws {@link UsageError} if the model has no steps, or t is no whole number from 0 to their number.
 */
export function stoppedModel(model: Model, t: number): Model {
  const steps = stepsIn(model.bijection);
  if (!steps)
    throw new UsageError(
      `at: a model of kind ${model.kind} has no steps to stop between; dual-ascent, gaussianization and sliced have.`,
    );
  const { layers, prefix, rest } = steps;
  if (!Number.isSafeInteger(t) || t < 0 || t > layers.count)
    throw new UsageError(`at: t must be a whole number from 0 to ${layers.count}, got ${t}.`);
  if (t === layers.count) return model;
  const values: Record<string, Float64Array> = {};
  for (const [name, data] of Object.entries(model.values)) if (!name.startsWith(prefix)) values[name] = data;
  if (t > 0)
    for (const [name, spec] of flattenTree(layers.layer.parameters, prefix)) {
      const size = sizeOf(spec.shape);
      values[name] = model.values[name]!.slice((layers.count - t) * size, layers.count * size);
    }
  // Without a step the identity takes their place, so that the names of the other parts stay.
  const own =
    t > 0
      ? repeated({ layer: layers.layer, count: t })
      : permutation(Array.from({ length: layers.features }, (_, i) => i));
  return { ...model, bijection: rest.length > 0 ? chain([own, ...rest]) : own, values };
}
