/**
 * Shares of a total: takes numbers without bounds to parts of a whole, all of them positive, of which the last is what the others
 * leave and has no feature of its own.
 *
 *     forward    y_i = T e^x_i / (1 + sum_j e^x_j)     y_last = T / (1 + sum_j e^x_j) = T - sum_j y_j
 *     inverse    x_i = log(y_i / y_last)
 *     logAbsDet  log y_1 + ... + log y_last - log T    of the forward direction, with respect to y_1, y_2, ...
 *
 * Features that are not shares pass through.
 *
 * The additive log-ratio transform of J. Aitchison, The statistical analysis of compositional data, J. R. Stat. Soc. B 44(2), 1982,
 * https://doi.org/10.1111/j.2517-6161.1982.tb01195.x. Which share is the last changes the coordinates by a linear map alone.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  positive,
  required,
} from "../../options.ts";
import { realLine } from "../../transformers/interval.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link additiveLogistic}. */
export interface AdditiveLogisticOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Features that are shares, all but the last share, from 0, ascending; at least one (default: all). */
  readonly shares?: readonly number[] | undefined;
  /** What the shares and the last one sum to, above 0 (default 1). */
  readonly total?: number | undefined;
}

const additiveLogisticOptionTable: OptionTable<AdditiveLogisticOptions> = {
  features: required(anyNumber),
  shares: listOf(anyNumber, "an array of features, such as [0, 1]"),
  total: positive,
};

/** A smaller part of the total counts as this one: float32 has no logarithm of less. */
const minimumPart = 1e-37;

/**
 * Shares of a total. Outside of the simplex the inverse has a logAbsDet of minus infinity: there is no density. No parameters.
 * @throws UsageError if `features` is not a positive integer, or `shares` are not some of them, ascending.
 * @cost forward an exponential per share, inverse a logarithm per share
 * @example
 * const bijection = additiveLogistic({ features: 2 });
 */
export function additiveLogistic(options: AdditiveLogisticOptions): Bijection {
  const {
    features,
    shares: sharesOption,
    total = 1,
  } = checkedOptions("additiveLogistic", options, additiveLogisticOptionTable);
  checkCount("additiveLogistic", "features", features);
  const shares = sharesOption ?? Array.from({ length: features }, (_, i) => i);
  const isSound = shares.every(
    (share, i) => Number.isInteger(share) && share > (i === 0 ? -1 : shares[i - 1]!) && share < features,
  );
  if (shares.length === 0 || !isSound)
    throw new UsageError({
      where: "additiveLogistic",
      subject: "shares",
      expected: `features from 0 to ${features - 1}, ascending, at least one`,
      received: `[${shares}]`,
    });
  const sharesOf = (x: Expr): Expr => g.concatenate(shares.map((i) => g.slice(x, i, i + 1)));
  /** All features, with the shares in their places. */
  const withShares = (x: Expr, parts: Expr): Expr =>
    g.concatenate(
      Array.from({ length: features }, (_, i) => {
        const place = shares.indexOf(i);
        return place < 0 ? g.slice(x, i, i + 1) : g.slice(parts, place, place + 1);
      }),
    );
  const logTotal = Math.log(total);
  return {
    type: "additiveLogistic",
    features,
    context: 0,
    parameters: {},
    codomain: Array.from({ length: features }, (_, i) => (shares.includes(i) ? [0, total] : realLine)),
    ...(shares.length > 1 ? { codomainRegion: `shares of ${total} (features ${shares.join(", ")})` } : {}),
    forward(x) {
      const coordinates = sharesOf(x);
      // log(1 + sum e^x): the last share is the one with a coordinate of 0.
      const logSum = g.logAddExp(g.logSumExp(coordinates), 0);
      const logShares = g.sub(coordinates, logSum);
      return {
        value: withShares(x, g.mul(total, g.exp(logShares))),
        logAbsDet: g.add(g.sub(g.sum(logShares), logSum), shares.length * logTotal),
      };
    },
    inverse(y) {
      const parts = sharesOf(y);
      const last = g.sub(total, g.sum(parts));
      const minimum = total * minimumPart;
      const logShares = g.log(g.max(parts, minimum));
      const logLast = g.log(g.max(last, minimum));
      const isInside = g.mul(g.less(0, last), g.less(g.maximum(g.neg(parts)), 0));
      return {
        value: withShares(y, g.sub(logShares, logLast)),
        logAbsDet: g.select(
          isInside,
          g.sub(logTotal, g.add(g.sum(logShares), logLast)),
          Number.NEGATIVE_INFINITY,
        ),
      };
    },
    toJSON: () => ({ type: "additiveLogistic", features, shares, total }),
  };
}
