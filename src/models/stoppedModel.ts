/**
 * A model of many equal steps, stopped after some of them: t, the number of steps from the data, is a coordinate.
 *
 * The steps are those of the `repeated` bijections next to the base: of one alone, or of the first parts of a chain, where
 * steps are of more than one shape. The last slice of the last of them is next to the data, so the model at t keeps the
 * last t slices of the stacked parameters. At 0 there is no base but the standard normal: t goes from the Gaussian on.
 *
 * @module
 */

import type { FittedKind } from "../architectures/kinds.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { type Chain, chain } from "../bijections/combinators/chain.ts";
import type { Repeated } from "../bijections/combinators/repeated.ts";
import { permutation } from "../bijections/linear/permutation.ts";
import { standardNormal } from "../distributions/standardNormal.ts";
import { UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import { flattenTree } from "../graph/parameters.ts";
import { refuse } from "../options.ts";
import type { Model } from "./model.ts";
import { type ParameterValues, withoutPrefix } from "./parameters.ts";

/** The kinds that are fitted step by step. A model of theirs may be without a step, if none helped held-out rows. */
const stepwise: readonly FittedKind[] = ["dual-ascent", "gaussianization", "sliced"];

/** A part of a model's bijection, and the prefix of its parameters. */
interface Part {
  readonly bijection: Bijection;
  readonly prefix: string;
}

const isRepeated = ({ bijection }: Part): boolean => bijection.type === "repeated";

/** The repeated bijections next to the base, and what lies between them and the data. */
function partsOf(bijection: Bijection): { readonly stacks: readonly Part[]; readonly rest: readonly Part[] } {
  const parts =
    bijection.type === "chain"
      ? (bijection as Chain).parts.map((part, i) => ({ bijection: part, prefix: `bijection.${i}.` }))
      : [{ bijection, prefix: "bijection." }];
  const end = parts.findIndex((part) => !isRepeated(part));
  const cut = end < 0 ? parts.length : end;
  return { stacks: parts.slice(0, cut), rest: parts.slice(cut) };
}

const countOf = ({ bijection }: Part): number => (bijection as Repeated).count;

/** Steps that a model can be stopped between; 0 where it has none. */
export function stepCount(model: Pick<Model, "bijection">): number {
  return partsOf(model.bijection).stacks.reduce((sum, stack) => sum + countOf(stack), 0);
}

/** What has no steps, and what has. */
export function noSteps(kind: string): UsageError {
  return new UsageError({
    where: "at",
    problem: `a model of kind ${kind} has no steps to stop between; ${stepwise.join(", ")} have`,
    expected: stepwise.join(", "),
    received: kind,
  });
}

/**
 * The model stopped after the first t steps from the data; at 0 what comes before them alone.
 * @throws {@link UsageError} if models of this kind have no steps, or t is not a whole number from 0 to their number.
 */
export function stoppedModel(model: Model, t: number): Model {
  const { stacks, rest } = partsOf(model.bijection);
  const steps = stepCount(model);
  if (!stepwise.includes(model.kind)) throw noSteps(model.kind);
  if (!Number.isSafeInteger(t) || t < 0 || t > steps)
    refuse("at", "t", `a whole number from 0 to ${steps}`, t);
  if (t === steps) return model;
  const kept = rest.map(({ bijection, prefix }) => ({
    bijection,
    values: withoutPrefix(model.values, prefix),
  }));
  let left = t;
  for (const stack of stacks.toReversed()) {
    const count = Math.min(left, countOf(stack));
    left -= count;
    if (count > 0) kept.unshift(lastSlices(stack, count, model.values));
  }
  const { features } = model.bijection;
  // Without a step, and with nothing behind them, there is the identity.
  if (kept.length === 0)
    kept.push({ bijection: permutation(Array.from({ length: features }, (_, i) => i)), values: {} });
  const isAlone = model.bijection.type !== "chain";
  // A base of its own belongs to the steps; without any, what is left is the Gaussian.
  const base = t === 0 ? standardNormal({ features }) : model.base;
  const isReplaced = (name: string): boolean =>
    name.startsWith("bijection.") || (t === 0 && name.startsWith("base."));
  const values = Object.fromEntries(Object.entries(model.values).filter(([name]) => !isReplaced(name)));
  kept.forEach((part, i) => {
    for (const [name, data] of Object.entries(part.values))
      values[`bijection.${isAlone ? "" : `${i}.`}${name}`] = data;
  });
  const bijection = isAlone ? kept[0]!.bijection : chain(kept.map((part) => part.bijection));
  return { ...model, base, bijection, values };
}

/** The last slices of a repeated bijection, as one with as many repetitions. */
function lastSlices(
  { bijection, prefix }: Part,
  count: number,
  values: ParameterValues,
): { readonly bijection: Bijection; readonly values: ParameterValues } {
  // What repeats comes with the model: a page whose models do not repeat has no code for it.
  const whole = bijection as Repeated;
  const partValues: ParameterValues = {};
  for (const [name, spec] of flattenTree(whole.layer.parameters)) {
    const size = sizeOf(spec.shape);
    partValues[name] = values[prefix + name]!.slice((whole.count - count) * size, whole.count * size);
  }
  return { bijection: whole.withCount(count), values: partValues };
}
