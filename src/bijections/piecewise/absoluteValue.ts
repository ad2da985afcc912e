/**
 * Absolute value of each feature: the example of a piecewise diffeomorphism with several branches.
 *
 *     forward     y = |x|                           logAbsDet = 0
 *     branches    x = +-y for each feature          p(y) = sum over sign patterns of p_base(x), for y >= 0
 *
 * With n features a point has 2^n preimages, so that n is kept small. Outside y >= 0 no branch is valid, and the
 * density is 0.
 *
 * Nielsen et al. (2020), "SurVAE Flows": the absolute value surjection, here with all its branches.
 *
 * @see https://arxiv.org/abs/2007.02731
 * @module
 */

import * as g from "../../graph/ops.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, refuse, required } from "../../options.ts";
import type { Bijection, Branch } from "../bijection.ts";

const absoluteValueOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * Absolute value; `inverse` gives the positive preimage. A density costs O(2^features).
 * @throws UsageError if `features` is not an integer from 1 to 10.
 * @cost forward O(features), inverse O(features); a density the sum over 2^features branches
 * @example
 * const bijection = absoluteValue({ features: 2 });
 */
export function absoluteValue(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("absoluteValue", options, absoluteValueOptionTable);
  checkCount("absoluteValue", "features", features);
  if (features > 10) refuse("absoluteValue", "features", "at most 10 (2^n branches)", features);
  return {
    type: "absoluteValue",
    features,
    context: 0,
    parameters: {},
    forward: (x) => ({ value: g.abs(x), logAbsDet: g.constant(0) }),
    inverse: (y) => ({ value: y, logAbsDet: g.constant(0) }),
    branches(y) {
      const negatives = g.sum(g.less(y, 0));
      const valid = g.lessEqual(negatives, 0);
      return Array.from({ length: 2 ** features }, (_, pattern): Branch => {
        const signs = g.constant(
          Float64Array.from({ length: features }, (_, i) => ((pattern >> i) & 1 ? -1 : 1)),
        );
        return { value: g.mul(y, signs), logAbsDet: g.constant(0), valid };
      });
    },
    toJSON: () => ({ type: "absoluteValue", features }),
  };
}
