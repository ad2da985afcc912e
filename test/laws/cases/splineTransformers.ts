/**
 * Rows of transformers/splines.
 *
 * @module
 */

import { cubicSpline } from "../../../src/transformers/splines/cubicSpline.ts";
import { linearRationalSpline } from "../../../src/transformers/splines/linearRationalSpline.ts";
import { linearSpline } from "../../../src/transformers/splines/linearSpline.ts";
import { quadraticSpline } from "../../../src/transformers/splines/quadraticSpline.ts";
import type { Transformer } from "../../../src/transformers/transformer.ts";
import type { TransformerCase, TransformerCases } from "./transformerCase.ts";

/** Ends of a box of +-3, and knots of three bins that start as the identity. */
const knots = { features: 1, draws: 30, edges: [-3, -1, 1, 3] } as const;
const size = { bins: 3, bound: 3 } as const;

/** A map of the box onto itself. */
function boxed(transformer: Transformer): TransformerCase {
  return {
    transformer,
    features: 1,
    draws: 15,
    startsAsIdentity: false,
    within: (_, [at]) => [2.9 * Math.sin(at!)],
  };
}

/** Rows by the name of the exported function. */
export const splineTransformers: Readonly<
  Record<keyof typeof import("../../../src/transformers/splines/makers.ts"), TransformerCases>
> = {
  linearSpline: {
    // Knots that numbers of float32 are: the slope jumps there.
    "root tails": {
      transformer: linearSpline({ bins: 4, bound: 4 }),
      ...knots,
      edges: [-4, -2, 0, 2, 4],
      startsAsIdentity: 4,
    },
    "identity tails": {
      transformer: linearSpline({ bins: 2, bound: 4, tails: "identity" }),
      ...knots,
      edges: [-4, 0, 4],
      startsAsIdentity: true,
    },
    "ends none": boxed(linearSpline({ ...size, tails: "none" })),
  },
  quadraticSpline: {
    "root tails": { transformer: quadraticSpline(size), ...knots, startsAsIdentity: 3 },
    "identity tails": {
      transformer: quadraticSpline({ ...size, tails: "identity" }),
      ...knots,
      startsAsIdentity: true,
    },
    "ends circular": boxed(quadraticSpline({ ...size, tails: "circular" })),
  },
  cubicSpline: {
    "root tails": { transformer: cubicSpline(size), ...knots, startsAsIdentity: 3 },
    "learned tails": {
      transformer: cubicSpline({ ...size, tails: "learned" }),
      ...knots,
      startsAsIdentity: true,
    },
    "ends circular": boxed(cubicSpline({ ...size, tails: "circular" })),
  },
  linearRationalSpline: {
    "root tails": { transformer: linearRationalSpline(size), ...knots, startsAsIdentity: 3 },
    "identity tails": {
      transformer: linearRationalSpline({ ...size, tails: "identity" }),
      ...knots,
      startsAsIdentity: true,
    },
    "ends circular": boxed(linearRationalSpline({ ...size, tails: "circular" })),
  },
};
