/**
 * Affine transformer of RealNVP and of masked autoregressive flows (Dinh et al. 2017, eq. 8; Papamakarios et al.
 * 2017, eq. 3-4).
 *
 *     forward   y = (x - t) e^-s     log derivative -s
 *     inverse   x = y e^s + t        log derivative  s
 *
 * s is clipped softly to (-log 1000, log 1000), so that no input of a network can overflow a sample.
 *
 * @see https://arxiv.org/abs/1605.08803
 * @module
 */

import * as g from "../graph/ops.ts";
import { softClip } from "./softClip.ts";
import type { Transformer } from "./transformer.ts";

const largestLogScale = Math.log(1000);

/** The affine transformer: two parameters per feature, shift and log scale; O(1) both ways. */
export function affineTransformer(): Transformer {
  return {
    type: "affine",
    parameterCount: 2,
    forward(x, [t, logScale]) {
      const s = softClip(logScale!, largestLogScale);
      return { value: g.mul(g.sub(x, t!), g.exp(g.neg(s))), logDerivative: g.neg(s) };
    },
    inverse(y, [t, logScale]) {
      const s = softClip(logScale!, largestLogScale);
      return { value: g.add(g.mul(y, g.exp(s)), t!), logDerivative: s };
    },
    toJSON: () => ({ type: "affine" }),
  };
}
