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
import { additiveLogistic } from "../../../src/bijections/domains/additiveLogistic.ts";
import { bounded } from "../../../src/bijections/domains/bounded.ts";
import { correlationFactor, covarianceFactor } from "../../../src/bijections/domains/choleskyFactors.ts";
import { heavyTails } from "../../../src/bijections/domains/heavyTails.ts";
import { ordered } from "../../../src/bijections/domains/ordered.ts";
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
import { radial } from "../../../src/bijections/residual/radial.ts";
import { radialMap } from "../../../src/bijections/residual/radialMap.ts";
import { radialProfiles } from "../../../src/bijections/residual/radialProfiles.ts";
import { residual } from "../../../src/bijections/residual/residual.ts";
import { sylvester } from "../../../src/bijections/residual/sylvester.ts";
import { partial } from "../../../src/bijections/structure/partial.ts";
import { affineTransformer } from "../../../src/transformers/affineTransformer.ts";
import { rationalQuadraticTransformer } from "../../../src/transformers/rationalQuadraticTransformer.ts";
import { quadraticSpline } from "../../../src/transformers/splines/quadraticSpline.ts";
import { movedTransformer } from "../../../src/transformers/structure/movedTransformer.ts";
import { autoregressiveCases } from "./autoregressive.ts";
import {
  type BijectionCase,
  type BijectionCases,
  clamped,
  hidesMasked,
  hidesTriangles,
  unclippedLogScale,
} from "./bijectionCase.ts";
import { blockCases } from "./blockBijections.ts";
import type { BijectionName } from "./exported.ts";
import { matrixCases } from "./matrices.ts";
import { box3 } from "./transformers.ts";

const spline = rationalQuadraticTransformer({ bins: 5, bound: 3 });
const affineT = affineTransformer();

/**
 * Types that the laws cannot judge, since they compare with rounding errors and these maps are as exact as the tolerance of
 * a solver, or the dense Jacobian is not that of the map, which is one of a surface: each has the laws in a file of its own.
 */
export const solvedTypes: { readonly continuous: string; readonly onSphere: string } = {
  continuous: "bijections/continuous.test.ts",
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
  additiveLogistic: {
    "two shares beside a number": {
      bijection: additiveLogistic({ features: 3, shares: [0, 2], total: 100 }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [clamped(a!, 5), b!, clamped(c!, 5)]
          : [30 + 20 * Math.sin(a!), b!, 25 + 20 * Math.sin(c!)],
    },
    "one feature": {
      bijection: additiveLogistic({ features: 1 }),
      startsAsIdentity: false,
      within: (direction, [x]) => [direction === "forward" ? clamped(x!, 5) : 0.5 + 0.45 * Math.sin(x!)],
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
  bounded: {
    "three features": {
      bijection: bounded({ features: 3, lower: [null, -1, null], upper: [null, null, 2] }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [a!, clamped(b!, 15), clamped(c!, 15)]
          : [a!, -1 + Math.max(1e-3, Math.abs(b!)), 2 - Math.max(1e-3, Math.abs(c!))],
    },
    "one feature": {
      bijection: bounded({ features: 1, lower: [0], upper: [null] }),
      startsAsIdentity: false,
      edges: [-30, 30],
      within: (direction, [x]) => [direction === "forward" ? x! : Math.max(1e-12, Math.abs(x!))],
    },
    "both sides": {
      bijection: bounded({ features: 1, lower: [-2], upper: [3] }),
      startsAsIdentity: false,
      within: (direction, [x]) => [direction === "forward" ? clamped(x!, 15) : 0.5 + 2.4 * Math.sin(x!)],
    },
    far: {
      bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 60 }),
      startsAsIdentity: false,
      edges: [-60, 60],
      within: (direction, [x]) => [
        direction === "forward" ? clamped(x!, 60) : Math.exp(clamped(Math.abs(x!), 30)),
      ],
    },
    "farther than float32": {
      bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 300 }),
      startsAsIdentity: false,
      needsFloat64: true,
      edges: [-300, 300],
      within: (direction, [x]) => [
        direction === "forward" ? clamped(x!, 300) : Math.exp(clamped(Math.abs(x!), 30)),
      ],
    },
  },
  chain: {
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
  correlationFactor: {
    "three rows": {
      bijection: correlationFactor({ size: 3 }),
      startsAsIdentity: false,
      within: (direction, point) =>
        point.map((x) => (direction === "forward" ? clamped(x, 4) : 0.69 * Math.sin(x))),
    },
    "two rows beside a number": {
      bijection: correlationFactor({ size: 2, features: 2 }),
      startsAsIdentity: false,
      edges: [0],
      within: (direction, [x, y]) => [direction === "forward" ? clamped(x!, 4) : 0.99 * Math.sin(x!), y!],
    },
  },
  covarianceFactor: {
    "two rows": {
      bijection: covarianceFactor({ size: 2 }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [a!, b!, c!]
          : [Math.max(1e-12, Math.abs(a!)), b!, Math.max(1e-12, Math.abs(c!))],
    },
    "one row": {
      bijection: covarianceFactor({ size: 1 }),
      startsAsIdentity: false,
      edges: [-30, 30],
      within: (direction, [x]) => [direction === "forward" ? x! : Math.max(1e-12, Math.abs(x!))],
    },
  },
  directionalMap: {
    "three features": {
      bijection: directionalMap({ features: 3 }),
      startsAsIdentity: false,
      largestParameter: 8,
      edges: [0],
    },
    "one feature": {
      bijection: directionalMap({ features: 1 }),
      startsAsIdentity: false,
      largestParameter: 8,
      edges: [0],
    },
  },
  heavyTails: {
    "two features": {
      bijection: heavyTails({ features: 2 }),
      startsAsIdentity: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
    },
    shared: {
      bijection: heavyTails({ features: 3, shared: true }),
      startsAsIdentity: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 4)) : point),
    },
    "farther than float32": {
      bijection: heavyTails({ features: 2, reach: 600 }),
      startsAsIdentity: true,
      needsFloat64: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
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
  ordered: {
    "two features": {
      bijection: ordered({ features: 2 }),
      startsAsIdentity: false,
      within: (direction, [a, b]) =>
        direction === "forward"
          ? [clamped(a!, 10), clamped(b!, 6)]
          : [clamped(a!, 10), clamped(a!, 10) + Math.abs(clamped(b!, 10)) + 0.01],
    },
    "four features": {
      bijection: ordered({ features: 4 }),
      startsAsIdentity: false,
      within: (direction, point) =>
        direction === "forward"
          ? point.map((x) => clamped(x, 5))
          : point
              .map((x) => clamped(x, 20))
              .sort((a, b) => a - b)
              .map((x, i) => x + i),
    },
    "one feature": { bijection: ordered({ features: 1 }), startsAsIdentity: true },
  },
  planar: {
    "three features": { bijection: planar({ features: 3 }), startsAsIdentity: true },
    "leaky, two features": { bijection: planar({ features: 2, slope: 0.2 }), startsAsIdentity: true },
    "one feature, with context": {
      bijection: planar({ features: 1, context: 1, hidden: [5] }),
      startsAsIdentity: true,
      together: 1,
    },
  },
  radial: {
    "three features": { bijection: radial({ features: 3 }), startsAsIdentity: true },
    "with context": { bijection: radial({ features: 2, context: 1 }), startsAsIdentity: true },
  },
  radialMap: {
    ...Object.fromEntries(
      radialProfiles.flatMap((profile) =>
        [1, 2, 3].map((features): [string, BijectionCase] => [
          `${profile}, ${features} feature${features > 1 ? "s" : ""}`,
          {
            bijection: radialMap({ features, profile }),
            startsAsIdentity: true,
            largestParameter: 8,
            edges: [0, 1, -1, 2 / 3],
          },
        ]),
      ),
    ),
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
  residual: {
    "three features": {
      bijection: residual({ features: 3, hidden: [6, 5], lipschitz: 0.9 }),
      startsAsIdentity: true,
    },
    "one feature, ELU": {
      bijection: residual({ features: 1, hidden: [5], lipschitz: 0.8, activation: "elu" }),
      startsAsIdentity: true,
    },
    "with context, learned norms": {
      bijection: residual({
        features: 2,
        context: 1,
        hidden: [5, 4],
        contextHidden: [4],
        lipschitz: 0.8,
        norm: "learned",
      }),
      startsAsIdentity: true,
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
  sylvester: {
    "four features": {
      bijection: sylvester({ features: 4, units: 3 }),
      startsAsIdentity: true,
    },
    "one feature": { bijection: sylvester({ features: 1 }), startsAsIdentity: true },
    "with context": {
      bijection: sylvester({ features: 3, units: 2, context: 2, hidden: [4] }),
      startsAsIdentity: true,
    },
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
