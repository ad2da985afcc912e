/**
 * A bijection of some of the features; the others pass.
 *
 *     forward   y_P = f(x_P given c_C, x_G), y_i = x_i for i not in P      logAbsDet: that of f
 *     inverse   x_P = f^-1(y_P given c_C, y_G)
 *
 * P are the places of its features, in its order. Those that pass stay where they lie, which a chain knows; f may be given some of them, G, and some of the
 * numbers of the context, C.
 *
 * Elementary, of no paper: the Jacobian has that of f in the rows and columns of P and is the identity in the other rows, but for the columns of G. FlowJAX calls
 * it `Indexed`; with G it is a coupling of any two parts (FrEIA: a node with conditions).
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import {
  anyNumber,
  checkContext,
  checkCount,
  checkedOptions,
  numbers,
  type OptionTable,
  required,
} from "../../options.ts";
import { type Interval, realLine } from "../../transformers/interval.ts";
import { aBijection, type Bijection, checkOneToOne, type Mapped } from "../bijection.ts";
import { inverseOrder } from "../linear/permutation.ts";

/** Options of {@link partial}. */
export interface PartialOptions {
  /** Size of one sample. */
  readonly features: number;
  /** The features that are mapped, counted from 0, in the order in which the inner bijection takes them. */
  readonly places: readonly number[];
  /** The bijection of these features; it has one preimage of each point. */
  readonly inner: Bijection;
  /** Features that pass and that the inner bijection is given, behind what it is given of the context (default: none). */
  readonly givenFeatures?: readonly number[] | undefined;
  /** Numbers of the context that the inner bijection is given, counted from 0 (default: all). */
  readonly givenContext?: readonly number[] | undefined;
  /** Size of the context, where the inner bijection is given some of its numbers (default: so many as it is given). */
  readonly context?: number | undefined;
}

const partialOptionTable: OptionTable<PartialOptions> = {
  features: required(anyNumber),
  places: required(numbers),
  inner: required(aBijection),
  givenFeatures: numbers,
  givenContext: numbers,
  context: anyNumber,
};

/**
 * A bijection of some of the features.
 * @throws UsageError if `features` is not a positive integer, ShapeError for places that are not features or not as many as the inner
 *   bijection has, for what is given where that does not pass, or is not as much as the inner one takes, and for one with several branches.
 * @cost forward that of the inner bijection, inverse the same
 * @example
 * const bijection = partial({ features: 2, places: [1], inner: affine({ features: 1 }) });
 */
export function partial(options: PartialOptions): Bijection {
  const {
    features,
    places,
    inner,
    givenFeatures = [],
    givenContext,
    ...rest
  } = checkedOptions("partial", options, partialOptionTable);
  checkCount("partial", "features", features);
  const all = Array.from({ length: features }, (_, i) => i);
  const passing = all.filter((i) => !places.includes(i));
  if (places.length !== inner.features || passing.length !== features - places.length)
    throw new ShapeError({
      where: "partial",
      subject: "places",
      expected: `${inner.features} of 0 to ${features - 1}, each once, as ${inner.type} has so many features`,
      received: `[${places.join(", ")}]`,
    });
  checkOneToOne("partial", inner);
  const ofContext = inner.context - givenFeatures.length;
  const { context = ofContext } = rest;
  if (rest.context !== undefined) checkContext("partial", context);
  const refuseGiven = (subject: string, expected: string, received: string): never => {
    throw new ShapeError({ where: "partial", subject, expected, received });
  };
  if (new Set(givenFeatures).size < givenFeatures.length || givenFeatures.some((i) => !passing.includes(i)))
    refuseGiven("givenFeatures", "features that pass, each once", `[${givenFeatures.join(", ")}]`);
  if (
    (givenContext?.length ?? context) !== ofContext ||
    givenContext?.some((i) => !Number.isInteger(i) || i < 0 || i >= context)
  )
    refuseGiven(
      "what is given",
      `${inner.context} numbers of the context and of features that pass, as ${inner.type} takes`,
      `${givenContext?.length ?? context} of ${context} and ${givenFeatures.length}`,
    );
  const contextPlaces = givenContext ?? Array.from({ length: ofContext }, (_, i) => i);
  /** What the inner bijection is given: features that pass are the same on both sides. */
  const given = (at: Expr, c: Expr | undefined): Expr | undefined => {
    if (givenFeatures.length === 0 && givenContext === undefined) return c;
    const own = ofContext > 0 ? [g.gather(c!, contextPlaces, [ofContext])] : [];
    const beside = givenFeatures.length > 0 ? [g.gather(at, givenFeatures, [givenFeatures.length])] : [];
    const all = [...own, ...beside];
    return all.length > 1 ? g.concatenate(all) : all[0];
  };
  const back = inverseOrder([...passing, ...places]);
  const apply = (direction: "forward" | "inverse", at: Expr, p: Bound, c: Expr | undefined): Mapped => {
    const mapped = inner[direction](
      g.gather(at, places, [places.length]),
      subtreeOf(p, "inner"),
      given(at, c),
    );
    const rest = g.gather(at, passing, [passing.length]);
    return {
      value: g.gather(passing.length > 0 ? g.concatenate([rest, mapped.value]) : mapped.value, back, [
        features,
      ]),
      logAbsDet: mapped.logAbsDet,
    };
  };
  const placed = (intervals: readonly Interval[] | undefined): readonly Interval[] | undefined =>
    intervals && all.map((i) => intervals[places.indexOf(i)] ?? realLine);
  return {
    type: "partial",
    features,
    context: ofContext > 0 ? context : 0,
    domain: placed(inner.domain),
    codomain: placed(inner.codomain),
    domainRegion: inner.domainRegion,
    codomainRegion: inner.codomainRegion,
    passes: all.map((i) => {
      const place = places.indexOf(i);
      return place < 0 ? i : places[inner.passes?.[place] ?? -1];
    }),
    parameters: { inner: inner.parameters },
    forward: (x, p, c) => apply("forward", x, p, c),
    inverse: (y, p, c) => apply("inverse", y, p, c),
    toJSON: () => ({
      type: "partial",
      features,
      places,
      inner: inner.toJSON(),
      ...(givenFeatures.length > 0 ? { givenFeatures } : {}),
      ...(givenContext ? { givenContext, context } : {}),
    }),
  };
}

/** Reads {@link partial} back. */
export function partialFromJson(
  { inner, ...json }: { readonly [option: string]: unknown },
  read: (json: unknown) => Bijection,
): Bijection {
  return partial({ ...(json as unknown as PartialOptions), inner: read(inner) });
}
