/**
 * Sorting: the features in ascending order. A point of n features has n! preimages, its orders.
 *
 *     forward     y = x in ascending order          logAbsDet = 0
 *     branches    x = any order of y                p(y) = sum over n! orders of p_base(x), where y ascends
 *
 * The sum is exact, whatever the base (Nielsen et al. 2020, "SurVAE Flows", have the bound by one order). Where the base has one
 * density for all orders, all terms are equal, and `sorted` of `pushforward/distributions` takes them together: that goes for any number of features.
 *
 * @see https://arxiv.org/abs/2007.02731
 * @module
 */

import { UsageError } from "../../errors.ts";
import { isAscending, sortedValues } from "../../graph/library/sorted.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

const sortOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/** Above it a sum of all orders has more terms than a program can hold. */
const mostFeatures = 8;

/** All orders of the numbers from 0 to n - 1, that of the numbers first. */
function orders(n: number): number[][] {
  if (n === 1) return [[0]];
  return orders(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, place) => order.toSpliced(n - 1 - place, 0, n - 1)),
  );
}

/**
 * Sorting; `inverse` gives the ascending preimage. A density sums over features! orders: 120 with 5 features, 40,320 with 8. With 7 it takes 20 s to
 * compile.
 * @throws UsageError if `features` is not an integer from 1 to 8.
 * @cost forward O(features^2), inverse O(features); a density the sum over features! branches
 * @example
 * const bijection = sort({ features: 2 });
 */
export function sort(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("sort", options, sortOptionTable);
  if (features > mostFeatures)
    throw new UsageError({
      where: "sort",
      problem: `${features} features have ${features}! orders, too many to sum over`,
      expected: `at most ${mostFeatures} features`,
      received: `${features}`,
      remedy:
        "where the base has one density for all orders, take sorted({ of: base }) of pushforward/distributions as the base",
    });
  return {
    type: "sort",
    features,
    context: 0,
    parameters: {},
    ...(features > 1 ? { codomainRegion: "ascending numbers" } : {}),
    forward: (x) => ({ value: sortedValues(x, features), logAbsDet: g.constant(0) }),
    inverse: (y) => ({
      value: y,
      logAbsDet: g.select(isAscending(y, features), 0, Number.NEGATIVE_INFINITY),
    }),
    branches(y) {
      const valid = isAscending(y, features);
      return orders(features).map((order) => ({
        value: g.gather(y, Int32Array.from(order), [features]),
        logAbsDet: g.constant(0),
        valid,
      }));
    },
    toJSON: () => ({ type: "sort", features }),
  };
}
