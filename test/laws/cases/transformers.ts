/**
 * The table that drives the laws of transformers: at least one row for every exported one. An export without a row does not
 * compile. Each row is tried as an element-wise bijection.
 *
 * @module
 */

import { elementwise } from "../../../src/bijections/autoregressive/elementwise.ts";
import { affineTransformer } from "../../../src/transformers/affineTransformer.ts";
import { chainTransformer } from "../../../src/transformers/chainTransformer.ts";
import { softClipTransformer } from "../../../src/transformers/elementary/softClipTransformer.ts";
import { invertTransformer } from "../../../src/transformers/invertTransformer.ts";
import { monotonicNetwork } from "../../../src/transformers/neural/monotonicNetwork.ts";
import { positiveAffineTransformer } from "../../../src/transformers/positive/positiveAffineTransformer.ts";
import { positiveSplineTransformer } from "../../../src/transformers/positive/positiveSplineTransformer.ts";
import { rationalQuadraticTransformer } from "../../../src/transformers/rationalQuadraticTransformer.ts";
import { cubicSpline } from "../../../src/transformers/splines/cubicSpline.ts";
import { quadraticSpline } from "../../../src/transformers/splines/quadraticSpline.ts";
import { eachTransformer } from "../../../src/transformers/structure/eachTransformer.ts";
import { movedTransformer } from "../../../src/transformers/structure/movedTransformer.ts";
import { type BijectionCase, unclippedLogScale } from "./bijectionCase.ts";
import { elementaryTransformers } from "./elementaryTransformers.ts";
import type { TransformerName } from "./exported.ts";
import { learnedTransformers } from "./learnedTransformers.ts";
import { powerTransformers } from "./powerTransformers.ts";
import { splineTransformers } from "./splineTransformers.ts";
import { type TransformerCase, within } from "./transformerCase.ts";

/** Knots and ends of a spline of 5 bins in a box of +-3 that starts as the identity. */
export const box3: readonly number[] = [-3, 3, -1.8, -0.6, 0.6, 1.8, 0];
/** The same of 16 bins in a box of +-5. */
export const box5: readonly number[] = [-5, 5, -4.375, -0.625, 0, 0.625];

/** Rows by the name of the exported function. */
export const transformerCases: Readonly<Record<TransformerName, Readonly<Record<string, TransformerCase>>>> =
  {
    ...elementaryTransformers,
    ...learnedTransformers,
    ...powerTransformers,
    ...splineTransformers,
    affineTransformer: {
      "three features": { transformer: affineTransformer(), features: 3, startsAsIdentity: true },
      "of a least slope": { transformer: affineTransformer({ leastSlope: 0.1 }), startsAsIdentity: true },
    },
    positiveAffineTransformer: {
      softplus: { transformer: positiveAffineTransformer(), startsAsIdentity: false },
      "exponential, one feature": {
        transformer: positiveAffineTransformer({ scale: "exponential", leastSlope: 0 }),
        features: 1,
        startsAsIdentity: true,
        largestParameter: unclippedLogScale,
      },
      "one over a sigmoid, one feature": {
        transformer: positiveAffineTransformer({ scale: "exponential", offset: -2, leastSlope: 1 }),
        features: 1,
        startsAsIdentity: false,
        largestParameter: unclippedLogScale,
      },
      sigmoid: {
        transformer: positiveAffineTransformer({ scale: "sigmoid", offset: 2, leastSlope: 0.01 }),
        startsAsIdentity: false,
      },
    },
    eachTransformer: {
      "splines of two boxes, and one that passes": {
        transformer: eachTransformer({
          parts: [
            positiveSplineTransformer({ bins: 2, bound: 3 }),
            null,
            positiveSplineTransformer({ bins: 2, bound: 1 }),
          ],
        }),
        features: 3,
        startsAsIdentity: false,
        edges: [-3, 3, 0, -1, 1],
        hides: (_, index) => index >= 5 && index < 10,
      },
      "networks of weights of their own": {
        transformer: eachTransformer({
          parts: [affineTransformer(), monotonicNetwork({ signal: 2, hidden: [2] })],
        }),
        startsAsIdentity: false,
        draws: 4,
        largestParameter: 20,
      },
    },
    movedTransformer: {
      "a spline of [0, 1]": {
        transformer: movedTransformer({
          inner: quadraticSpline({ bins: 3, bound: 0.5, tails: "none" }),
          by: 0.5,
        }),
        startsAsIdentity: false,
        within: (_, point) => point.map((value) => 0.5 + 0.45 * Math.sin(value)),
      },
      "one that is found by a solver, and has a law of its own for all features": {
        transformer: movedTransformer({ inner: cubicSpline({ bins: 3, bound: 2 }), by: -1 }),
        features: 2,
        startsAsIdentity: 1,
        edges: [-3, 1],
      },
    },
    positiveSplineTransformer: {
      "circular, one feature": {
        transformer: positiveSplineTransformer({ bins: 3, bound: 2, tails: "circular" }),
        features: 1,
        startsAsIdentity: false,
        edges: [-2, 2],
      },
      "of free ends, one feature": {
        transformer: positiveSplineTransformer({ bins: 2, bound: 2, tails: "free" }),
        features: 1,
        startsAsIdentity: false,
        edges: [-2, 2],
      },
      "without tails, one feature": {
        transformer: positiveSplineTransformer({ bins: 3, bound: 2, tails: "none" }),
        features: 1,
        startsAsIdentity: false,
        ...within(1.9, [-2, 2]),
      },
      "five bins": {
        transformer: positiveSplineTransformer({ bins: 5, bound: 3 }),
        draws: 20,
        startsAsIdentity: false,
        edges: box3,
      },
    },
    chainTransformer: {
      "spline after an affine map": {
        transformer: chainTransformer([
          rationalQuadraticTransformer({ bins: 5, bound: 3, sensitivity: 0.1 }),
          affineTransformer(),
        ]),
        startsAsIdentity: 3,
      },
    },
    invertTransformer: {
      spline: {
        transformer: invertTransformer(rationalQuadraticTransformer({ bins: 3, bound: 3 })),
        features: 1,
        startsAsIdentity: 3,
        edges: [-3, -1, 1, 3],
      },
    },
    rationalQuadraticTransformer: {
      "root tails": {
        transformer: rationalQuadraticTransformer({ bins: 5, bound: 3 }),
        startsAsIdentity: 3,
        edges: box3,
      },
      "straight tails": {
        transformer: rationalQuadraticTransformer({ bins: 5, bound: 3, tails: "learned" }),
        startsAsIdentity: true,
        edges: box3,
      },
      "identity tails": {
        transformer: rationalQuadraticTransformer({ bins: 5, bound: 3, tails: "identity" }),
        startsAsIdentity: true,
        edges: box3,
      },
      "of a least slope, straight tails": {
        transformer: rationalQuadraticTransformer({ bins: 4, bound: 3, tails: "learned", leastSlope: 0.01 }),
        startsAsIdentity: true,
        edges: [-3, 3, -1.5, 0, 1.5],
      },
      ...Object.fromEntries(
        (["none", "circular", "unit"] as const).map((tails) => [
          `of a box, ends ${tails}`,
          {
            transformer: chainTransformer([
              softClipTransformer({ bound: 2 }),
              rationalQuadraticTransformer({ bins: 3, bound: 2, tails }),
            ]),
            features: 1,
            startsAsIdentity: false,
            ...within(20, [-2, 2]),
          },
        ]),
      ),
      "many bins, one feature": {
        transformer: rationalQuadraticTransformer({ bins: 16, bound: 5 }),
        features: 1,
        startsAsIdentity: 5,
        edges: box5,
      },
    },
  };

/** A row as an element-wise bijection. */
export function asBijection({ transformer, features = 2, ...rest }: TransformerCase): BijectionCase {
  return { bijection: elementwise({ features, transformer }), ...rest };
}
