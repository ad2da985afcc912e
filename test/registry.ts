/** The bijections that the laws run over: at least one row for every exported type; laws.test.ts fails otherwise. */

import {
  absoluteValue,
  affine,
  affineTransformer,
  type Bijection,
  chain,
  coupling,
  elementwise,
  invert,
  luAffine,
  marginalSpline,
  maskedAutoregressive,
  permutation,
  rationalQuadraticTransformer,
  standardization,
  triangularAffine,
} from "../src/index.ts";

/** One row of the table. */
export interface Case {
  readonly bijection: Bijection;
  /** Whether the map is the identity before it is trained. */
  readonly startsAsIdentity?: boolean;
}

const spline = rationalQuadraticTransformer({ bins: 5, bound: 3 });
const affineStep = affineTransformer();

export const cases: Readonly<Record<string, Case>> = {
  "affine, scalar": { bijection: affine({ features: 3, kind: "scalar" }), startsAsIdentity: true },
  "affine, diagonal": { bijection: affine({ features: 3 }), startsAsIdentity: true },
  "triangular affine": { bijection: triangularAffine({ features: 4 }), startsAsIdentity: true },
  "triangular affine, fitted": { bijection: triangularAffine({ features: 2, fitted: true }), startsAsIdentity: true },
  "LU affine": { bijection: luAffine({ features: 4 }), startsAsIdentity: true },
  permutation: { bijection: permutation([2, 0, 3, 1]) },
  standardization: { bijection: standardization({ features: 3 }), startsAsIdentity: true },
  "marginal spline": { bijection: marginalSpline({ features: 2, knots: 6 }), startsAsIdentity: true },
  "element-wise spline, one feature": { bijection: elementwise({ features: 1, transformer: spline }), startsAsIdentity: true },
  "element-wise spline given a context": {
    bijection: elementwise({ features: 2, context: 2, transformer: spline, hidden: [6] }),
    startsAsIdentity: true,
  },
  "affine coupling": {
    bijection: coupling({ features: 3, transformed: [0, 2], transformer: affineStep, hidden: [8, 7] }),
    startsAsIdentity: true,
  },
  "spline coupling given a context": {
    bijection: coupling({ features: 3, context: 2, transformed: [1], transformer: spline, hidden: [8] }),
    startsAsIdentity: true,
  },
  "masked affine autoregressive": {
    bijection: maskedAutoregressive({ features: 4, transformer: affineStep, hidden: [12, 12] }),
    startsAsIdentity: true,
  },
  "masked spline autoregressive, reversed": {
    bijection: maskedAutoregressive({ features: 3, order: [2, 1, 0], transformer: spline, hidden: [12] }),
    startsAsIdentity: true,
  },
  "masked spline autoregressive given a context": {
    bijection: maskedAutoregressive({ features: 2, context: 1, transformer: spline, hidden: [9, 9] }),
    startsAsIdentity: true,
  },
  "masked autoregressive, one feature given a context": {
    bijection: maskedAutoregressive({ features: 1, context: 2, transformer: affineStep, hidden: [6] }),
    startsAsIdentity: true,
  },
  "inverse autoregressive": {
    bijection: invert(maskedAutoregressive({ features: 3, transformer: spline, hidden: [12] })),
    startsAsIdentity: true,
  },
  chain: {
    bijection: chain([
      coupling({ features: 2, transformed: [1], transformer: spline, hidden: [8] }),
      permutation([1, 0]),
      triangularAffine({ features: 2 }),
    ]),
  },
  "absolute value": { bijection: absoluteValue({ features: 2 }) },
};
