/**
 * A base pushed forward by a bijection, as a distribution: a flow that is part of another, such as one of a mixture.
 *
 *     log p(y) = log p_base(f^-1(y - t)) + logAbsDet of the inverse at y - t
 *     y = f(base's sample) + t
 *
 * t is fixed: where the flow lies before it is fitted. Of a mixture whose parts lie in one place, all would learn the same.
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 2.1: the change of
 * variables. t is our own.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import { aBijection, type Bijection } from "../../bijections/bijection.ts";
import { bijectionRegistry } from "../../bijections/registry.ts";
import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, numbers, type OptionTable, required } from "../../options.ts";
import { type Interval, realLine } from "../../transformers/interval.ts";
import { pushforwardLogProb, pushforwardSample } from "../density.ts";
import { aDistribution, type Distribution } from "../distribution.ts";

/** Options of {@link pushforward}. */
export interface PushforwardOptions {
  /** What is pushed forward. */
  readonly base: Distribution;
  /** The map, base to data, of as many features. */
  readonly bijection: Bijection;
  /** What is added to what the map gives, a number for each feature (default: nothing). */
  readonly place?: readonly number[] | undefined;
}

const pushforwardOptionTable: OptionTable<PushforwardOptions> = {
  base: required(aDistribution),
  bijection: required(aBijection),
  place: numbers,
};

/** The least interval that holds some. */
function hull(intervals: readonly Interval[]): Interval {
  return [Math.min(...intervals.map(([low]) => low)), Math.max(...intervals.map(([, high]) => high))];
}

/**
 * The distribution of a base that is pushed forward by a bijection, conditional where either is. Its parameters are theirs.
 * @throws ShapeError for a base, a map and a place of different sizes; UsageError for a map that does not take what the base gives, when
 *   it is first used.
 * @cost density that of the base and the inverse, sample that of the base and the forward direction
 * @example
 * const base = pushforward({ base: standardNormal({ features: 2 }), bijection: planar({ features: 2 }), place: [1, -1] });
 */
export function pushforward(options: PushforwardOptions): Distribution {
  const { base, bijection, place } = checkedOptions("pushforward", options, pushforwardOptionTable);
  const { features } = base;
  const refuseSize = (subject: string, expected: number, received: number): never => {
    throw new ShapeError({
      where: "pushforward",
      subject,
      expected: `${expected}, as the base`,
      received: `${received}`,
    });
  };
  if (bijection.features !== features) refuseSize("features of the bijection", features, bijection.features);
  if (place && place.length !== features) refuseSize("length of place", features, place.length);
  const { context: baseContext = 0 } = base;
  const context = Math.max(baseContext, bijection.context);
  if (baseContext > 0 && bijection.context > 0 && baseContext !== bijection.context)
    refuseSize("context of the bijection", baseContext, bijection.context);
  const offset = place && g.constant([...place]);
  const bound = (p: Bound) => ({ base: subtreeOf(p, "base"), bijection: subtreeOf(p, "bijection") });
  const moved = (interval: Interval, i: number): Interval => [
    interval[0] + (place?.[i] ?? 0),
    interval[1] + (place?.[i] ?? 0),
  ];
  /** A feature that passes stays where the base has it. */
  const placed = Array.from({ length: features }, (_, i): Interval => {
    const [low, high] = bijection.codomain?.[i] ?? realLine;
    const [least, most] = (bijection.passes?.[i] === undefined ? undefined : base.support) ?? realLine;
    return [Math.max(low, least), Math.min(high, most)];
  });
  return {
    type: "pushforward",
    features,
    context,
    noise: base.noise,
    parameters: { base: base.parameters, bijection: bijection.parameters },
    support: hull(placed.map(moved)),
    bound: base.bound,
    logProb: (x, p, c) => pushforwardLogProb(base, bijection, offset ? g.sub(x, offset) : x, bound(p), c),
    sample(noise, p, c): Expr {
      const value = pushforwardSample(base, bijection, noise, bound(p), c);
      return offset ? g.add(value, offset) : value;
    },
    toJSON: () => ({
      type: "pushforward",
      base: base.toJSON(),
      bijection: bijection.toJSON(),
      ...(place ? { place } : {}),
    }),
  };
}

/** Reads {@link pushforward} back. */
export function pushforwardFromJson(
  { base, bijection, place }: { readonly [option: string]: unknown },
  read: (json: unknown) => Distribution,
): Distribution {
  return pushforward({
    base: read(base),
    bijection: bijectionRegistry.read(bijection),
    place: place as readonly number[] | undefined,
  });
}
