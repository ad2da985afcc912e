/**
 * Element-wise affine map: one shift and one scale for all features (`scalar`) or for each (`diagonal`).
 *
 *     forward    y = e^s x + t          logAbsDet = sum(s)
 *     inverse    x = (y - t) e^-s       logAbsDet = -sum(s)
 *
 * The scale is stored as its logarithm s, so that it is positive whatever an optimizer does.
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 3.1.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import * as g from "../../graph/ops.ts";
import { leafOf, trained } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, oneOf, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link affine}. */
export interface AffineOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** One scale and shift for all features, or (default) one for each. */
  readonly kind?: "scalar" | "diagonal" | undefined;
}

const affineOptionTable: OptionTable<AffineOptions> = {
  features: required(anyNumber),
  kind: oneOf(["diagonal", "scalar"]),
};

/**
 * Element-wise affine bijection, the identity at the start.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = affine({ features: 2 });
 */
export function affine(options: AffineOptions): Bijection {
  const { features, kind = "diagonal" } = checkedOptions("affine", options, affineOptionTable);
  checkCount("affine", "features", features);
  const shape = kind === "scalar" ? [] : [features];
  return {
    type: "affine",
    features,
    context: 0,
    parameters: { shift: trained(shape), logScale: trained(shape) },
    forward(x, p) {
      const s = g.broadcastTo(leafOf(p, "logScale"), [features]);
      return { value: g.add(g.mul(x, g.exp(s)), leafOf(p, "shift")), logAbsDet: g.sum(s) };
    },
    inverse(y, p) {
      const s = g.broadcastTo(leafOf(p, "logScale"), [features]);
      return { value: g.mul(g.sub(y, leafOf(p, "shift")), g.exp(g.neg(s))), logAbsDet: g.neg(g.sum(s)) };
    },
    toJSON: () => ({ type: "affine", features, kind }),
  };
}
