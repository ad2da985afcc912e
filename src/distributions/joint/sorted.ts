/**
 * The features of a distribution in ascending order, where it has one density for all orders of a point: order statistics.
 *
 *     log p(y) = log n! + log p_of(y) where y ascends, else minus infinity
 *     y = x in ascending order, x of the distribution
 *
 * All n! orders of y, which are sorted to it, have the same density, so that the sum over them is exact (David & Nagaraja 2003, "Order
 * Statistics").
 *
 * @see https://doi.org/10.1002/0471722162
 * @module
 */

import { UsageError } from "../../errors.ts";
import { isAscending, sortedValues } from "../../graph/library/sorted.ts";
import * as g from "../../graph/ops.ts";
import { subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, type OptionTable, required } from "../../options.ts";
import { aDistribution, type Distribution, type DistributionJson } from "../distribution.ts";

/** Options of {@link sorted}. */
export interface SortedOptions {
  /** A distribution that has one density for all orders of a point. */
  readonly of: Distribution;
}

const sortedOptionTable: OptionTable<SortedOptions> = { of: required(aDistribution) };

const isConstant = (values: unknown): boolean =>
  Array.isArray(values) && values.every((value) => value === values[0]);

/** Whether a description is that of a distribution with one density for all orders of a point, whatever its parameters. */
function isExchangeable({ type, ...options }: DistributionJson): boolean {
  if (type === "standardNormal") return true;
  if (type === "uniform") return isConstant(options.lower) && isConstant(options.upper);
  if (type === "mixtureOf") return (options.parts as DistributionJson[]).every(isExchangeable);
  return options.features === 1;
}

/**
 * Sorted features: of `standardNormal`, of `uniform` with the same ends for all features, and of mixtures of such. A point that does not ascend has the
 * log-density minus infinity. For other bases the bijection `sort` sums over all orders.
 * @throws UsageError for a distribution whose features are not known to be alike.
 * @cost density that of the distribution, sample that of the distribution and O(features^2)
 * @example
 * const base = sorted({ of: standardNormal({ features: 2 }) });
 */
export function sorted(options: SortedOptions): Distribution {
  const { of } = checkedOptions("sorted", options, sortedOptionTable);
  const { features } = of;
  if (!isExchangeable(of.toJSON()))
    throw new UsageError({
      where: "sorted",
      subject: "of",
      expected:
        "a distribution with one density for all orders of a point: standardNormal, uniform with equal ends, a mixture of such",
      received: of.type,
      remedy:
        "up to 8 features, take it as the base and sort({ features }) as the bijection, which sums over all orders",
    });
  let logOrders = 0;
  for (let i = 2; i <= features; i++) logOrders += Math.log(i);
  return {
    type: "sorted",
    features,
    noise: of.noise,
    parameters: { of: of.parameters },
    support: of.support,
    logProb: (y, p) =>
      g.select(
        isAscending(y, features),
        g.add(logOrders, of.logProb(y, subtreeOf(p, "of"))),
        Number.NEGATIVE_INFINITY,
      ),
    sample: (noise, p) => sortedValues(of.sample(noise, subtreeOf(p, "of")), features),
    toJSON: () => ({ type: "sorted", of: of.toJSON() }),
  };
}
