/**
 * A graph of bijections: values with names, of which each is split, joined with others or mapped, given others or parts of the context.
 *
 *     a step    (b_1, ..., b_m) = f((a_1, ..., a_k) given v_1, ..., v_l)
 *
 * The a are what a step takes, joined; the b what it gives, split. The v are parts of the context, or values that stay as they are: a coupling of any two parts is a
 * step that is given the other. What no later step takes comes out, however early it was there. Each value is a place in one vector, so that the graph
 * is a chain of `partial` maps and one permutation, and is saved as such.
 *
 * Ardizzone et al. (2018-2022), "Framework for Easily Invertible Architectures" (FrEIA), `GraphINN`: its input, output, condition and split nodes are the members
 * `inputs`, `outputs`, `given` and `give` here.
 *
 * @see https://github.com/vislearn/FrEIA
 * @module
 */

import { ShapeError } from "../../errors.ts";
import {
  anObject,
  checkCount,
  checkedOptions,
  either,
  listOf,
  names,
  type OptionTable,
  refuse,
  required,
  text,
} from "../../options.ts";
import { aBijection, type Bijection } from "../bijection.ts";
import { type Chain, chain } from "../combinators/chain.ts";
import { permutation } from "../linear/permutation.ts";
import { partial } from "./partial.ts";

/** Sizes by name, in order; no name is a number, as JavaScript has such members in an order of its own. */
export type NamedSizes = Readonly<Record<string, number>>;

/** A step of a {@link bijectionGraph}, in forward direction. */
export interface GraphStep {
  /** Values that go in, joined in this order; they are there no longer. */
  readonly take: readonly string[];
  /** What is done to them (default: nothing, they are split or joined anew). */
  readonly apply?: Bijection | undefined;
  /** What `apply` is given, in this order: parts of the context first, then values that stay (default: nothing). */
  readonly given?: readonly string[] | undefined;
  /** Values that come out, in order: their sizes by name, or one name for all. A name that was taken is free again. */
  readonly give: NamedSizes | string;
}

/** Options of {@link bijectionGraph}. */
export interface BijectionGraphOptions {
  /** Values on the side of the base, in order, with their sizes. */
  readonly inputs: NamedSizes;
  /** Parts of the context, in order, with their sizes (default: none). */
  readonly context?: NamedSizes | undefined;
  /** In forward order. */
  readonly steps: readonly GraphStep[];
  /** Values on the side of the data, in order: all that are left, each once. */
  readonly outputs: readonly string[];
}

const where = "bijectionGraph";
const optionTable: OptionTable<BijectionGraphOptions> = {
  inputs: required(anObject),
  context: anObject,
  steps: required(listOf(anObject, "an array of steps { take, apply, given, give }")),
  outputs: required(names),
};
const stepTable: OptionTable<GraphStep> = {
  take: required(names),
  apply: aBijection,
  given: names,
  give: required(either(text, anObject)),
};

/** Places from 0 on, by name. */
function placesOf(sizes: NamedSizes, what: string): Map<string, readonly number[]> {
  let next = 0;
  return new Map(
    Object.entries(sizes).map(([name, size]) => {
      checkCount(where, `${what}.${name}`, size);
      // JavaScript has such members first, whatever their order.
      if (/^\d+$/.test(name)) refuse(where, what, "sizes by names that are no numbers", name);
      next += size;
      return [name, Array.from({ length: size }, (_, i) => next - size + i)];
    }),
  );
}

/**
 * A graph of bijections with several inputs and outputs, as a chain: forward from the inputs to the outputs, each side one vector in which the values follow each other.
 * @throws ShapeError that names the step for a value that is not there, or sizes that do not add up; UsageError for a member that is not what it must be, or a name that
 *   is a number; what `partial` and `chain` throw of maps that do not fit.
 * @cost forward the sum of those of the maps, inverse the same
 * @example
 * const bijection = bijectionGraph({
 *   inputs: { coarse: 2, fine: 2 },
 *   steps: [
 *     { take: ["coarse"], apply: planar({ features: 2 }), give: { out: 1, rest: 1 } },
 *     { take: ["rest", "fine"], apply: planar({ features: 3, context: 1 }), given: ["out"], give: "detail" },
 *   ],
 *   outputs: ["out", "detail"],
 * });
 */
export function bijectionGraph(options: BijectionGraphOptions): Chain {
  const { inputs, context = {}, steps, outputs } = checkedOptions(where, options, optionTable);
  const live = placesOf(inputs, "inputs");
  const contextPlaces = placesOf(context, "context");
  const features = [...live.values()].flat().length;
  const contextSize = [...contextPlaces.values()].flat().length;
  const misfit = (subject: string, expected: string, received: string): never => {
    throw new ShapeError({ where, subject, expected, received });
  };
  const twice = [...live.keys()].find((name) => contextPlaces.has(name));
  if (twice !== undefined) misfit("context", "parts of other names than values", twice);
  if (features === 0) misfit("inputs", "at least one value", "none");
  const parts = steps.map((options, i): Bijection | undefined => {
    const step = `steps[${i}]`;
    const { take, apply, given = [], give } = checkedOptions(`${where}: ${step}`, options, stepTable);
    const thereOf = (name: string, member: string): readonly number[] =>
      live.get(name) ?? misfit(`${step}.${member}`, `one of ${[...live.keys()].join(", ")}`, name);
    const places = take.flatMap((name) => {
      const own = thereOf(name, "take");
      live.delete(name);
      return own;
    });
    const ofContext = given.filter((name) => contextPlaces.has(name));
    const values = given.filter((name) => !contextPlaces.has(name));
    if (given.some((name, k) => name !== [...ofContext, ...values][k]))
      misfit(`${step}.given`, "parts of the context before values", given.join(", "));
    const givenFeatures = values.flatMap((name) => thereOf(name, "given"));
    const givenContext = ofContext.flatMap((name) => contextPlaces.get(name)!);
    const pieces = typeof give === "string" ? { [give]: places.length } : give;
    const sizes = Object.values(pieces).reduce((sum, size) => sum + size, 0);
    if (sizes !== places.length || places.length === 0)
      misfit(`${step}.give`, `sizes that add up to ${places.length}, as is taken`, `${sizes}`);
    for (const [name, own] of placesOf(pieces, `${step}.give`)) {
      if (live.has(name) || contextPlaces.has(name)) misfit(`${step}.give`, "names that are free", name);
      live.set(
        name,
        own.map((k) => places[k]!),
      );
    }
    const needsContext = apply && apply.context > givenFeatures.length;
    return (
      apply &&
      partial({
        features,
        places,
        inner: apply,
        givenFeatures,
        ...(needsContext || givenContext.length > 0 ? { givenContext, context: contextSize } : {}),
      })
    );
  });
  const left = [...live.keys()];
  if (JSON.stringify(left.toSorted()) !== JSON.stringify(outputs.toSorted()))
    misfit("outputs", `all that are left, each once: ${left.join(", ")}`, outputs.join(", "));
  const order = outputs.flatMap((name) => live.get(name)!);
  const maps = parts.filter((part) => part !== undefined);
  const isInOrder = order.every((place, i) => place === i);
  return chain(isInOrder && maps.length > 0 ? maps : [...maps, permutation(order)]);
}
