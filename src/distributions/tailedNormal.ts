/**
 * Standard normal but for a small share of draws, which lie as far out as rows of data do.
 *
 *     p(x) = (1 - e) N(x; 0, I) + e sum_k v_k N(x; 0, 9^k I),      v_k ~ 27^-k,   k = 1 .. 8
 *
 * The sum falls off like a Student distribution with 3 degrees of freedom, so that a row at a distance r costs some nats
 * for each factor of e in r, and not r^2 / 2; about e nats are what the other rows pay. It has a variance.
 *
 * The idea is the contaminated normal of J. W. Tukey (1960), "A survey of sampling from contaminated distributions"; that
 * there are eight wide components, and their weights, is our own, of no paper.
 *
 * @module
 */

import * as g from "../graph/ops.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, refuse, required } from "../options.ts";
import { chosenItem } from "./choice.ts";
import type { Distribution } from "./distribution.ts";

/** Deviations of the components, the standard normal's first. */
const deviations: readonly number[] = Array.from({ length: 9 }, (_, k) => 3 ** k);

/** Degrees of freedom of the Student distribution whose tails the wide components follow. */
const freedom = 3;

/** Share of each wide component among them. */
const sharesWithin: readonly number[] = (() => {
  const sizes = deviations.slice(1).map((deviation) => deviation ** -freedom);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => size / total);
})();

/** Options of {@link tailedNormal}. */
export interface TailedNormalOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Share of the wide components, above 0 and below 1. */
  readonly share: number;
}

const tailedNormalOptionTable: OptionTable<TailedNormalOptions> = {
  features: required(anyNumber),
  share: required(anyNumber),
};

/**
 * A normal distribution with tails like those of data. A density costs O(features), a sample too; it takes one number of
 * noise more than it has features.
 * @throws UsageError if `features` is not a positive integer, or `share` not between 0 and 1.
 * @cost density O(features), sample O(features)
 * @example
 * const base = tailedNormal({ features: 2, share: 0.1 });
 */
export function tailedNormal(options: TailedNormalOptions): Distribution {
  const { features, share } = checkedOptions("tailedNormal", options, tailedNormalOptionTable);
  checkCount("tailedNormal", "features", features);
  if (!(share > 0 && share < 1)) refuse("tailedNormal", "share", "above 0 and below 1", share);
  const logWeights = [Math.log1p(-share), ...sharesWithin.map((portion) => Math.log(share * portion))];
  const offsets = logWeights.map(
    (logWeight, k) => logWeight - features * (Math.log(deviations[k]!) + 0.5 * logTwoPi),
  );
  return {
    type: "tailedNormal",
    features,
    noise: features + 1,
    parameters: {},
    logProb: (x) =>
      g.logSumExp(
        g.sub(
          g.constant(offsets),
          g.mul(g.sum(g.square(x)), g.constant(deviations.map((deviation) => 0.5 / deviation ** 2))),
        ),
      ),
    sample(noise) {
      const chosen = chosenItem(
        g.reshape(g.slice(noise, features, features + 1), []),
        g.constant(logWeights),
      );
      return g.mul(g.slice(noise, 0, features), g.sum(g.mul(chosen, g.constant(deviations))));
    },
    toJSON: () => ({ type: "tailedNormal", features, share }),
  };
}

/**
 * Logarithm of the ratio of the wide components' density to that of the standard normal, at rows whose distances from
 * the origin are known by their squares. O(rows).
 */
export function tailExcesses(squares: Float64Array, features: number): Float64Array {
  const offsets = sharesWithin.map((share, k) => Math.log(share) - features * Math.log(deviations[k + 1]!));
  const slopes = sharesWithin.map((_, k) => 0.5 * (1 - deviations[k + 1]! ** -2));
  return squares.map((square) => {
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < offsets.length; k++) highest = Math.max(highest, offsets[k]! + slopes[k]! * square);
    let sum = 0;
    for (let k = 0; k < offsets.length; k++) sum += Math.exp(offsets[k]! + slopes[k]! * square - highest);
    return highest + Math.log(sum);
  });
}

/** What the log-density of a row of an excess gains over that under the standard normal, for a share of wide components. */
export function tailGain(share: number): (excess: number) => number {
  const [narrow, logShare] = [Math.log1p(-share), Math.log(share)];
  return (excess) => {
    const wide = logShare + excess;
    return narrow > wide
      ? narrow + Math.log1p(Math.exp(wide - narrow))
      : wide + Math.log1p(Math.exp(narrow - wide));
  };
}
