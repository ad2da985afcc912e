/**
 * The table that drives the laws of bijections: at least one row for every exported one. An export without a row does not
 * compile.
 *
 * @module
 */

import { coupling } from "../../../src/bijections/autoregressive/coupling.ts";
import { elementwise } from "../../../src/bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../../../src/bijections/autoregressive/maskedAutoregressive.ts";
import { chain } from "../../../src/bijections/combinators/chain.ts";
import { invert } from "../../../src/bijections/combinators/invert.ts";
import { repeated } from "../../../src/bijections/combinators/repeated.ts";
import { affine } from "../../../src/bijections/linear/affine.ts";
import { luAffine } from "../../../src/bijections/linear/luAffine.ts";
import { permutation } from "../../../src/bijections/linear/permutation.ts";
import { rotation } from "../../../src/bijections/linear/rotation.ts";
import { standardization } from "../../../src/bijections/linear/standardization.ts";
import { triangularAffine } from "../../../src/bijections/linear/triangularAffine.ts";
import { actNorm } from "../../../src/bijections/normalization/actNorm.ts";
import { batchNormalization } from "../../../src/bijections/normalization/batchNormalization.ts";
import { whitening } from "../../../src/bijections/normalization/whitening.ts";
import { absoluteValue } from "../../../src/bijections/piecewise/absoluteValue.ts";
import { sort } from "../../../src/bijections/piecewise/sort.ts";
import { directionalMap } from "../../../src/bijections/residual/directionalMap.ts";
import { planar } from "../../../src/bijections/residual/planar.ts";
import { radialMap } from "../../../src/bijections/residual/radialMap.ts";
import { bijectionGraph } from "../../../src/bijections/structure/bijectionGraph.ts";
import { embedded } from "../../../src/bijections/structure/embedded.ts";
import { partial } from "../../../src/bijections/structure/partial.ts";
import { affineTransformer } from "../../../src/transformers/affineTransformer.ts";
import { rationalQuadraticTransformer } from "../../../src/transformers/rationalQuadraticTransformer.ts";
import { quadraticSpline } from "../../../src/transformers/splines/quadraticSpline.ts";
import { movedTransformer } from "../../../src/transformers/structure/movedTransformer.ts";
import { autoregressiveCases } from "./autoregressive.ts";
import {
  type BijectionCases,
  clamped,
  hidesMasked,
  hidesTriangles,
  unclippedLogScale,
} from "./bijectionCase.ts";
import { blockCases } from "./blockBijections.ts";
import { domainCases } from "./domainBijections.ts";
import type { BijectionName } from "./exported.ts";
import { matrixCases } from "./matrices.ts";
import { residualCases } from "./residualBijections.ts";
import { box3 } from "./transformers.ts";

const spline = rationalQuadraticTransformer({ bins: 5, bound: 3 });
const affineT = affineTransformer();

/**
 * Types that the laws cannot judge, since they compare with rounding errors and these maps are as exact as the tolerance of
 * a solver, or the dense Jacobian is not that of the map, which is one of a surface: each has the laws in a file of its own.
 */
export const solvedTypes: { readonly continuous: string; readonly onSphere: string } = {
  continuous: "bijections/continuousLaws.test.ts",
  onSphere: "bijections/sphere.test.ts",
};

/** A map of [0, 1]. */
const boxed = movedTransformer({ inner: quadraticSpline({ bins: 3, bound: 0.5, tails: "none" }), by: 0.5 });

/** Rows by type, which is the name of the exported function. */
export const bijectionCases: Readonly<
  Record<Exclude<BijectionName, keyof typeof solvedTypes>, BijectionCases>
> = {
  ...autoregressiveCases,
  ...matrixCases,
  ...blockCases,
  ...domainCases,
  ...residualCases,
  absoluteValue: {
    "two features": {
      bijection: absoluteValue({ features: 2 }),
      startsAsIdentity: false,
      edges: [0],
      foldsAt: () => [0, 0],
    },
    "one feature": {
      bijection: absoluteValue({ features: 1 }),
      startsAsIdentity: false,
      edges: [0],
      foldsAt: () => [0],
    },
    "between affine maps": {
      bijection: chain([affine({ features: 2 }), absoluteValue({ features: 2 }), affine({ features: 2 })]),
      startsAsIdentity: false,
      largestParameter: 100,
      edges: [0],
      foldsAt: (parameters) => parameters["2.shift"]!,
    },
  },
  actNorm: {
    "three features": {
      bijection: actNorm({ features: 3 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
    },
  },
  affine: {
    scalar: {
      bijection: affine({ features: 3, kind: "scalar" }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
    },
    diagonal: {
      bijection: affine({ features: 4 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
    },
    "one feature": {
      bijection: affine({ features: 1 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
    },
  },
  batchNormalization: {
    "three features": {
      bijection: batchNormalization({ features: 3 }),
      startsAsIdentity: false,
      largestParameter: unclippedLogScale,
    },
    "one feature, in a chain": {
      bijection: chain([batchNormalization({ features: 1, epsilon: 0.5 }), affine({ features: 1 })]),
      startsAsIdentity: false,
      largestParameter: unclippedLogScale / 2,
    },
  },
  chain: {
    "a graph of two inputs, split, joined, given each other and parts of the context, with an early output": {
      bijection: bijectionGraph({
        inputs: { a: 2, b: 2 },
        context: { mood: 2, time: 1 },
        steps: [
          {
            take: ["a"],
            apply: planar({ features: 2, context: 1 }),
            given: ["time"],
            give: { early: 1, a: 1 },
          },
          {
            take: ["b", "a"],
            apply: elementwise({ features: 3, context: 2, transformer: affineT, hidden: [4] }),
            given: ["mood"],
            give: { b: 1, c: 2 },
          },
          {
            take: ["c"],
            apply: elementwise({ features: 2, context: 3, transformer: affineT, hidden: [4] }),
            given: ["time", "early", "b"],
            give: "c",
          },
        ],
        outputs: ["c", "early", "b"],
      }),
      startsAsIdentity: false,
    },
    "linear maps": {
      bijection: chain([
        luAffine({ features: 3 }),
        permutation([1, 2, 0]),
        triangularAffine({ features: 3 }),
        standardization({ features: 3 }),
      ]),
      startsAsIdentity: false,
      largestParameter: 40,
      hides: hidesTriangles(3),
    },
    "in a chain, some parts with context": {
      bijection: chain([
        chain([
          coupling({ features: 2, context: 1, transformed: [0], transformer: spline, hidden: [6] }),
          coupling({ features: 2, transformed: [1], transformer: affineT, hidden: [6] }),
        ]),
        invert(affine({ features: 2 })),
      ]),
      startsAsIdentity: 3,
      largestParameter: unclippedLogScale,
      edges: box3,
    },
    "couplings of a box, by which each feature passes once": {
      bijection: chain([
        coupling({ features: 2, transformed: [0], transformer: boxed, hidden: [6] }),
        coupling({ features: 2, transformed: [1], transformer: boxed, hidden: [6] }),
      ]),
      startsAsIdentity: false,
      within: (_, point) => point.map((x) => 0.5 + 0.45 * Math.sin(x)),
      draws: 30,
    },
  },
  invert: {
    "masked autoregressive": {
      bijection: invert(maskedAutoregressive({ features: 3, transformer: affineT, hidden: [9] })),
      startsAsIdentity: true,
      hides: hidesMasked(3, 0, [9], 2),
    },
    spline: {
      bijection: invert(elementwise({ features: 1, transformer: spline })),
      startsAsIdentity: 3,
      edges: box3,
    },
  },
  luAffine: {
    "three features": {
      bijection: luAffine({ features: 3 }),
      startsAsIdentity: true,
      largestParameter: 50,
      hides: hidesTriangles(3),
    },
    "one feature": {
      bijection: luAffine({ features: 1 }),
      startsAsIdentity: true,
      largestParameter: unclippedLogScale,
      hides: hidesTriangles(1),
    },
  },
  embedded: {
    "a chain of a coupling and a planar map": {
      bijection: embedded({
        inner: chain([
          coupling({
            features: 2,
            context: 3,
            transformed: [1],
            transformer: affineTransformer(),
            hidden: [4],
          }),
          planar({ features: 2, context: 3 }),
        ]),
        context: 2,
        embedding: [4, 3],
      }),
      startsAsIdentity: true,
    },
  },
  partial: {
    "two of three features": {
      bijection: partial({
        features: 3,
        places: [2, 0],
        inner: coupling({ features: 2, transformed: [1], transformer: spline, hidden: [6] }),
      }),
      startsAsIdentity: 3,
      edges: box3,
    },
    "of a box": {
      bijection: partial({
        features: 2,
        places: [1],
        inner: elementwise({ features: 1, transformer: boxed }),
      }),
      startsAsIdentity: false,
      within: (_, [a, b]) => [a!, 0.5 + 0.45 * Math.sin(b!)],
      draws: 30,
    },
  },
  permutation: {
    "four features": { bijection: permutation([2, 0, 3, 1]), startsAsIdentity: false },
  },
  repeated: {
    "affine map and rotation": {
      bijection: repeated({
        layer: chain([affine({ features: 3 }), rotation({ features: 3 })]),
        count: 3,
      }),
      startsAsIdentity: true,
      largestParameter: 8,
    },
    affine: {
      bijection: repeated({ layer: affine({ features: 2 }), count: 3 }),
      startsAsIdentity: true,
      largestParameter: 8,
    },
    "triangular affine map and spline": {
      bijection: repeated({
        layer: chain([triangularAffine({ features: 2 }), elementwise({ features: 2, transformer: spline })]),
        count: 3,
      }),
      startsAsIdentity: 3,
      largestParameter: 8,
      hides: (name, index) => hidesTriangles(2)(name, index % 4),
    },
    "coupling, with context": {
      bijection: repeated({
        layer: coupling({
          features: 3,
          context: 1,
          transformed: [1],
          transformer: affineTransformer(),
          hidden: [5],
        }),
        count: 2,
      }),
      startsAsIdentity: true,
    },
    "radial and directional maps": {
      bijection: repeated({
        layer: chain([directionalMap({ features: 2 }), radialMap({ features: 2, profile: "erf" })]),
        count: 3,
      }),
      startsAsIdentity: false,
      largestParameter: 8,
    },
  },
  rotation: {
    "four features": { bijection: rotation({ features: 4 }), startsAsIdentity: true },
    "one feature": { bijection: rotation({ features: 1 }), startsAsIdentity: true },
  },
  sort: {
    "three features": {
      bijection: sort({ features: 3 }),
      startsAsIdentity: false,
      edges: [0],
      foldsAt: () => [0, 0, 0],
      // What comes out ascends.
      within: (direction, point) =>
        direction === "forward" ? point : point.map((x) => clamped(x, 20)).sort((a, b) => a - b),
    },
  },
  standardization: {
    "three features": { bijection: standardization({ features: 3 }), startsAsIdentity: true },
  },
  triangularAffine: {
    "four features": {
      bijection: triangularAffine({ features: 4 }),
      startsAsIdentity: true,
      largestParameter: 50,
      hides: hidesTriangles(4),
    },
    "two features": {
      bijection: triangularAffine({ features: 2 }),
      startsAsIdentity: true,
      largestParameter: 100,
      hides: hidesTriangles(2),
    },
    fitted: {
      bijection: triangularAffine({ features: 3, fitted: true }),
      startsAsIdentity: true,
      largestParameter: 80,
    },
  },
  whitening: {
    "principal axes": { bijection: whitening({ features: 3 }), startsAsIdentity: true },
    "two features, zero-phase": {
      bijection: whitening({ features: 2, method: "zca" }),
      startsAsIdentity: true,
    },
    triangular: {
      bijection: whitening({ features: 3, method: "cholesky" }),
      startsAsIdentity: true,
      largestParameter: 80,
    },
  },
};
