/**
 * The largest of some numbers: n numbers of the base, one of the data.
 *
 *     forward   y = max(x_1, ..., x_n)
 *     back      x_k = y for one k,  x_j = y - s_j e_j for the others, e_j exponential       logWeight = sum over j of log s_j + e_j
 *
 * p(y) is the sum over k of integrals over what is below y: the k are gone through, the integrals drawn, so that E log is a lower bound (Nielsen et
 * al. 2020, "SurVAE Flows", draw k, too). The s_j are trained: the draws are good where s_j is the scale on which the density falls.
 *
 * @see https://arxiv.org/abs/2007.02731
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import * as g from "../../graph/ops.ts";
import { leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, type OptionTable, required, wholeNumber } from "../../options.ts";
import type { Surjection } from "./surjection.ts";

/** Each is a branch of each draw: of more a program would be too long. */
const most = 64;
const largestOptionTable: OptionTable<{ readonly of: number }> = {
  of: required(wholeNumber(`an integer from 1 to ${most}`, 1, most)),
};

/**
 * The largest of `of` numbers, for `manyToOne` of `pushforward/distributions` and `logProbBound` of `pushforward/fitting`.
 * @throws UsageError if `of` is not an integer from 1 to 64.
 * @example const surjection = largest({ of: 3 });
 */
export function largest(options: { readonly of: number }): Surjection {
  const { of: n } = checkedOptions("largest", options, largestOptionTable);
  return {
    type: "largest",
    features: 1,
    latent: n,
    noise: n,
    parameters: { logScale: trained([n]) },
    forward: (x) => g.reshape(g.maximum(x), [1]),
    lifts(y, noise, p) {
      const logScale = leafOf(p, "logScale");
      const fall = g.neg(normalLogCdf(noise));
      const below = g.sub(y, g.mul(g.exp(logScale), fall));
      const logDraws: Expr = g.add(logScale, fall);
      return Array.from({ length: n }, (_, k) => {
        const isOwn = g.constant(Float64Array.from({ length: n }, (_, j) => Number(j === k)));
        return {
          value: g.select(isOwn, y, below),
          logWeight: g.sum(g.select(isOwn, 0, logDraws)),
        };
      });
    },
    toJSON: () => ({ type: "largest", of: n }),
  };
}
