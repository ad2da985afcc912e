/**
 * A bijection of some of the features; the others pass.
 *
 *     forward   y_P = f(x_P), y_i = x_i for i not in P      logAbsDet: that of f
 *     inverse   x_P = f^-1(y_P)
 *
 * P are the places of its features, in its order. Those that pass stay where they lie, which a chain knows.
 *
 * Elementary, of no paper: the Jacobian has that of f in the rows and columns of P and is the identity elsewhere. FlowJAX calls it `Indexed`.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, numbers, type OptionTable, required } from "../../options.ts";
import { type Interval, realLine } from "../../transformers/interval.ts";
import { aBijection, type Bijection, type Mapped } from "../bijection.ts";
import { inverseOrder } from "../linear/permutation.ts";

/** Options of {@link partial}. */
export interface PartialOptions {
  /** Size of one sample. */
  readonly features: number;
  /** The features that are mapped, counted from 0, in the order in which the inner bijection takes them. */
  readonly places: readonly number[];
  /** The bijection of these features; it has one preimage of each point. */
  readonly inner: Bijection;
}

const partialOptionTable: OptionTable<PartialOptions> = {
  features: required(anyNumber),
  places: required(numbers),
  inner: required(aBijection),
};

/**
 * A bijection of some of the features.
 * @throws UsageError if `features` is not a positive integer, ShapeError for places that are not features or not as many as the inner
 *   bijection has, and for one with several branches.
 * @cost forward that of the inner bijection, inverse the same
 * @example
 * const bijection = partial({ features: 2, places: [1], inner: affine({ features: 1 }) });
 */
export function partial(options: PartialOptions): Bijection {
  const { features, places, inner } = checkedOptions("partial", options, partialOptionTable);
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
  if (inner.branches)
    throw new ShapeError({
      where: "partial",
      subject: inner.type,
      expected: "one to one",
      received: "a map of several branches",
    });
  const back = inverseOrder([...passing, ...places]);
  const apply = (direction: "forward" | "inverse", at: Expr, p: Bound, c: Expr | undefined): Mapped => {
    const mapped = inner[direction](g.gather(at, places, [places.length]), subtreeOf(p, "inner"), c);
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
    context: inner.context,
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
    toJSON: () => ({ type: "partial", features, places, inner: inner.toJSON() }),
  };
}

/** Reads {@link partial} back. */
export function partialFromJson(
  { features, places, inner }: { readonly [option: string]: unknown },
  read: (json: unknown) => Bijection,
): Bijection {
  return partial({
    features: features as number,
    places: places as readonly number[],
    inner: read(inner),
  });
}
