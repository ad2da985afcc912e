/**
 * Rows of bijections/autoregressive. Element-wise maps without a context are in the table of transformers.
 *
 * @module
 */

import { coupling } from "../../../src/bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../src/bijections/autoregressive/elementwise.ts";
import { marginalSpline } from "../../../src/bijections/autoregressive/marginalSpline.ts";
import { maskedAutoregressive } from "../../../src/bijections/autoregressive/maskedAutoregressive.ts";
import { slicedSpline } from "../../../src/bijections/autoregressive/slicedSpline.ts";
import { placesIn } from "../../../src/bijections/shapes.ts";
import { convolutionConditioner } from "../../../src/networks/convolution/convolutionConditioner.ts";
import { affineTransformer } from "../../../src/transformers/affineTransformer.ts";
import { chainTransformer } from "../../../src/transformers/chainTransformer.ts";
import { monotonicNetwork } from "../../../src/transformers/neural/monotonicNetwork.ts";
import { sumOfSquares } from "../../../src/transformers/polynomials/sumOfSquares.ts";
import { rationalQuadraticTransformer } from "../../../src/transformers/rationalQuadraticTransformer.ts";
import { type BijectionCases, hidesMasked, unclippedLogScale } from "./bijectionCase.ts";
import { box3, box5 } from "./transformers.ts";

const spline = rationalQuadraticTransformer({ bins: 5, bound: 3 });
const manyBins = rationalQuadraticTransformer({ bins: 16, bound: 5 });
const affineT = affineTransformer();
const polynomials = sumOfSquares({ polynomials: 1, degree: 1, scale: 3 });
const affineSpline = chainTransformer([
  rationalQuadraticTransformer({ bins: 5, bound: 3, sensitivity: 0.1 }),
  affineT,
]);

/** Rows by type. */
export const autoregressiveCases: {
  readonly coupling: BijectionCases;
  readonly elementwise: BijectionCases;
  readonly marginalSpline: BijectionCases;
  readonly maskedAutoregressive: BijectionCases;
  readonly slicedSpline: BijectionCases;
} = {
  coupling: {
    "a chessboard of two channels, by convolutions": {
      bijection: coupling({
        features: [2, 3, 2],
        context: 1,
        transformed: placesIn([2, 3, 2], "odd"),
        transformer: affineT,
        conditioner: convolutionConditioner({ hidden: [3] }),
      }),
      startsAsIdentity: true,
      draws: 12,
    },
    "a channel of three, at positions, by convolutions": {
      bijection: coupling({
        features: [2, 3],
        transformed: placesIn([2, 3], "firstChannels"),
        transformer: spline,
        conditioner: convolutionConditioner({ hidden: [4] }),
      }),
      startsAsIdentity: 3,
      edges: box3,
      draws: 12,
    },
    "a network of weights of its own, with context": {
      bijection: coupling({
        features: 3,
        context: 1,
        transformed: [1],
        transformer: monotonicNetwork({ signal: 1, hidden: [2] }),
        hidden: [4],
      }),
      startsAsIdentity: false,
      draws: 4,
      largestParameter: 20,
    },
    affine: {
      bijection: coupling({ features: 4, transformed: [1, 3], transformer: affineT, hidden: [8, 6] }),
      startsAsIdentity: true,
    },
    "affine, odd features": {
      bijection: coupling({ features: 5, transformed: [4, 0], transformer: affineT, hidden: [7] }),
      startsAsIdentity: true,
    },
    "affine, two features": {
      bijection: coupling({ features: 2, transformed: [0], transformer: affineT, hidden: [6] }),
      startsAsIdentity: true,
    },
    "affine, with context": {
      bijection: coupling({
        features: 3,
        context: 2,
        transformed: [0, 1],
        transformer: affineT,
        hidden: [8],
      }),
      startsAsIdentity: true,
    },
    spline: {
      bijection: coupling({ features: 4, transformed: [0, 2], transformer: spline, hidden: [8] }),
      startsAsIdentity: 3,
      edges: box3,
    },
    "spline, two features": {
      bijection: coupling({ features: 2, transformed: [1], transformer: spline, hidden: [6] }),
      startsAsIdentity: 3,
      edges: box3,
    },
    "spline, odd features, with context": {
      bijection: coupling({
        features: 3,
        context: 1,
        transformed: [2],
        transformer: manyBins,
        hidden: [6, 6],
      }),
      startsAsIdentity: 5,
      edges: box5,
    },
  },
  elementwise: {
    "spline, with context": {
      bijection: elementwise({ features: 2, context: 2, transformer: spline, hidden: [7] }),
      startsAsIdentity: 3,
      edges: box3,
    },
    "affine, one feature, with context": {
      bijection: elementwise({ features: 1, context: 1, transformer: affineT, hidden: [] }),
      startsAsIdentity: true,
    },
  },
  marginalSpline: {
    "two features": {
      bijection: marginalSpline({ features: 2, knots: 6 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      edges: [-1, 1],
    },
    "one feature": {
      bijection: marginalSpline({ features: 1, knots: 3 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      edges: [-1, 0, 1],
    },
  },
  maskedAutoregressive: {
    "a solved transformer": {
      bijection: maskedAutoregressive({ features: 3, transformer: polynomials, hidden: [4] }),
      startsAsIdentity: false,
      draws: 4,
      largestParameter: 20,
      hides: hidesMasked(3, 0, [4], polynomials.parameterCount),
    },
    affine: {
      bijection: maskedAutoregressive({ features: 4, transformer: affineT, hidden: [12, 9] }),
      startsAsIdentity: true,
      hides: hidesMasked(4, 0, [12, 9], 2),
    },
    "affine, reversed": {
      bijection: maskedAutoregressive({ features: 3, order: [2, 1, 0], transformer: affineT, hidden: [10] }),
      startsAsIdentity: true,
      hides: hidesMasked(3, 0, [10], 2),
    },
    "affine, two features, no hidden layer": {
      bijection: maskedAutoregressive({ features: 2, order: [1, 0], transformer: affineT, hidden: [] }),
      startsAsIdentity: true,
      hides: hidesMasked(2, 0, [], 2),
    },
    "affine, with context": {
      bijection: maskedAutoregressive({
        features: 3,
        context: 2,
        order: [1, 2, 0],
        transformer: affineT,
        hidden: [12],
      }),
      startsAsIdentity: true,
      hides: hidesMasked(3, 2, [12], 2),
    },
    spline: {
      bijection: maskedAutoregressive({ features: 3, transformer: spline, hidden: [9] }),
      startsAsIdentity: 3,
      edges: box3,
      hides: hidesMasked(3, 0, [9], spline.parameterCount),
    },
    "spline, with context": {
      bijection: maskedAutoregressive({ features: 2, context: 1, transformer: spline, hidden: [8] }),
      startsAsIdentity: 3,
      edges: box3,
      hides: hidesMasked(2, 1, [8], spline.parameterCount),
    },
    "one feature": {
      bijection: maskedAutoregressive({ features: 1, transformer: spline, hidden: [4] }),
      startsAsIdentity: 3,
      edges: box3,
      hides: hidesMasked(1, 0, [4], spline.parameterCount),
    },
    "one feature, with context": {
      bijection: maskedAutoregressive({ features: 1, context: 2, transformer: affineT, hidden: [5] }),
      startsAsIdentity: true,
      hides: hidesMasked(1, 2, [5], 2),
    },
    "spline after an affine map, with context": {
      bijection: maskedAutoregressive({ features: 2, context: 1, transformer: affineSpline, hidden: [8] }),
      startsAsIdentity: 3,
      hides: hidesMasked(2, 1, [8], affineSpline.parameterCount),
    },
  },
  slicedSpline: {
    "three features": {
      bijection: slicedSpline({ features: 3, directions: 2, knots: 5 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      edges: [-1, 1],
    },
    "every direction": {
      bijection: slicedSpline({ features: 2, directions: 2, knots: 4 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      edges: [-1, 1],
    },
    "one feature": {
      bijection: slicedSpline({ features: 1, directions: 1, knots: 3 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      edges: [-1, 0, 1],
    },
  },
};
