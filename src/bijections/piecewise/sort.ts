/**
 * Sorting: the features in ascending order. A point of n features has n! preimages, its orders.
 *
 *     forward     y = x in ascending order          logAbsDet = 0
 *     branches    x = any order of y                p(y) = sum over n! orders of p_base(x), where y ascends
 *
 * The sum is exact, whatever the base (Nielsen et al. 2020, "SurVAE Flows", have the bound by one order). It is a loop over the orders of all numbers but
 * the last, each of which is the one before with two neighbors exchanged (Johnson 1963), and of the places of the last: of 8 features the base is compiled
 * 8 times. Where the base has one density for all orders, all terms
 * are equal, and `sorted` of `pushforward/distributions` takes them together: that goes for any number of features.
 *
 * @see https://arxiv.org/abs/2007.02731, https://doi.org/10.1090/S0025-5718-1963-0159764-2
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { isAscending, sortedValues } from "../../graph/library/sorted.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

const sortOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/** Above it a sum of all orders, 362,880 and more, takes milliseconds for each row. */
const mostFeatures = 8;

/** All orders of the numbers from 0 to n - 1, that of the numbers first. */
function orders(n: number): number[][] {
  if (n === 1) return [[0]];
  return orders(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, place) => order.toSpliced(n - 1 - place, 0, n - 1)),
  );
}

/**
 * The place of the lower of the two neighbors that each order after the first exchanges: the last element goes to the front, then one exchange
 * of the others, then it goes back, and so on.
 */
function exchanges(n: number): number[] {
  if (n < 2) return [];
  const down = Array.from({ length: n - 1 }, (_, k) => n - 2 - k);
  const up = down.toReversed();
  const ofOthers = exchanges(n - 1);
  return Array.from({ length: ofOthers.length + 1 }, (_, k) => {
    const isDown = k % 2 === 0;
    const between = ofOthers[k];
    const sweep = isDown ? down : up;
    // At the front it moves the places of the others by one.
    return between === undefined ? sweep : [...sweep, between + (isDown ? 1 : 0)];
  }).flat();
}

/** A vector with the numbers at a place and the next one exchanged. */
function exchanged(x: Expr, n: number, place: Expr): Expr {
  const places = g.constant(Float64Array.from({ length: n }, (_, i) => i));
  const isAt = (by: number): Expr => g.less(g.abs(g.sub(places, g.add(place, by))), 0.5);
  const moved = (by: number): Expr =>
    g.gather(
      x,
      Int32Array.from({ length: n }, (_, i) => Math.min(n - 1, Math.max(0, i + by))),
      [n],
    );
  return g.select(isAt(0), moved(1), g.select(isAt(1), moved(-1), x));
}

/**
 * Sorting; `inverse` gives the ascending preimage. A density sums over features! orders: 120 with 5 features, 40,320 with 8.
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
    sumOfBranches(y, _, term) {
      const valid = isAscending(y, features);
      const of = (value: Expr): Expr => g.reshape(term({ value, logAbsDet: g.constant(0), valid }), [1]);
      if (features === 1) return g.reshape(of(y), []);
      const others = features - 1;
      const last = g.slice(y, others, features);
      /** Of an order of the others: the last number in each place among them. */
      const ofInsertions = (order: Expr): Expr => {
        const all = g.concatenate([order, last]);
        const terms = Array.from({ length: features }, (_, place) => {
          const places = Array.from({ length: others }, (_, i) => i).toSpliced(place, 0, others);
          return of(g.gather(all, Int32Array.from(places), [features]));
        });
        return g.reshape(g.logSumExp(g.concatenate(terms)), [1]);
      };
      const first = g.slice(y, 0, others);
      const start = g.concatenate([first, ofInsertions(first)]);
      const places = exchanges(others);
      if (places.length === 0) return g.reshape(g.slice(start, others, features), []);
      const end = g.scan(start, places.length, [g.constant(places)], (state, [place]) => {
        const order = exchanged(g.slice(state, 0, others), others, place!);
        return g.concatenate([order, g.logAddExp(g.slice(state, others, features), ofInsertions(order))]);
      });
      return g.reshape(g.slice(end, others, features), []);
    },
    toJSON: () => ({ type: "sort", features }),
  };
}
