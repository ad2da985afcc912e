/**
 * The table that drives the laws: named cases, at least one for every exported bijection, and the engines to run
 * them on. `laws.test.ts` fails when an exported bijection has no row here.
 *
 * @module
 */

import { coupling } from "../src/bijections/autoregressive/coupling.ts";
import { elementwise } from "../src/bijections/autoregressive/elementwise.ts";
import { marginalSpline } from "../src/bijections/autoregressive/marginalSpline.ts";
import { maskedAutoregressive } from "../src/bijections/autoregressive/maskedAutoregressive.ts";
import { slicedSpline } from "../src/bijections/autoregressive/slicedSpline.ts";
import { type Bijection, flattenTree } from "../src/bijections/bijection.ts";
import { chain } from "../src/bijections/combinators/chain.ts";
import { invert } from "../src/bijections/combinators/invert.ts";
import { repeated } from "../src/bijections/combinators/repeated.ts";
import { bounded } from "../src/bijections/domains/bounded.ts";
import { heavyTails } from "../src/bijections/domains/heavyTails.ts";
import { affine } from "../src/bijections/linear/affine.ts";
import { luAffine } from "../src/bijections/linear/luAffine.ts";
import { permutation } from "../src/bijections/linear/permutation.ts";
import { rotation } from "../src/bijections/linear/rotation.ts";
import { standardization } from "../src/bijections/linear/standardization.ts";
import { triangularAffine } from "../src/bijections/linear/triangularAffine.ts";
import { absoluteValue } from "../src/bijections/piecewise/absoluteValue.ts";
import { directionalMap } from "../src/bijections/residual/directionalMap.ts";
import { planar } from "../src/bijections/residual/planar.ts";
import { radial } from "../src/bijections/residual/radial.ts";
import { radialMap, radialProfiles } from "../src/bijections/residual/radialMap.ts";
import { residual } from "../src/bijections/residual/residual.ts";
import { sylvester } from "../src/bijections/residual/sylvester.ts";
import { sizeOf } from "../src/graph/expr.ts";
import { RandomStream, randomKey, split } from "../src/random/philox.ts";
import { affineTransformer } from "../src/transformers/affineTransformer.ts";
import { chainTransformer } from "../src/transformers/chainTransformer.ts";
import { rationalQuadraticTransformer } from "../src/transformers/rationalQuadraticTransformer.ts";

/** Values of parameters by dotted name. */
export type Values = Record<string, Float64Array>;

/** One row of the table. */
export interface BijectionCase {
  readonly bijection: Bijection;
  /** Whether the map with its starting values is the identity, or how far it is, in each feature. */
  readonly startsAsIdentity: boolean | number;
  /**
   * The law "no NaN" draws parameters up to this (default 1000). A log scale that is not clipped overflows the
   * largest double from 709 (the largest float32 from 88), and 0 times that is NaN.
   */
  readonly largestParameter?: number;
  /** Points where formulas change: knots, edges of the box, ties. */
  readonly edges?: readonly number[];
  /** Moves a drawn point to where the direction is defined, and its digits are enough. */
  readonly within?: (direction: "forward" | "inverse", point: number[]) => number[];
  /** Where the image of a map with branches begins, in each feature. */
  readonly foldsAt?: (parameters: Values) => ArrayLike<number>;
  /** Whether the map goes farther than numbers of float32 do: then the laws hold of the engines of float64 alone. */
  readonly needsFloat64?: boolean;
  /** Elements of trained parameters that no output may depend on: what masks and triangles hide. */
  readonly hides?: (name: string, index: number) => boolean;
}

const spline = rationalQuadraticTransformer({ bins: 5, bound: 3 });
const straightSpline = rationalQuadraticTransformer({ bins: 5, bound: 3, tails: "learned" });
const paperSpline = rationalQuadraticTransformer({ bins: 5, bound: 3, tails: "identity" });
const manyBins = rationalQuadraticTransformer({ bins: 16, bound: 5 });
const affineT = affineTransformer();

const affineSpline = chainTransformer([
  rationalQuadraticTransformer({ bins: 5, bound: 3, sensitivity: 0.1 }),
  affineT,
]);

const box3 = [-3, 3, -1.8, -0.6, 0.6, 1.8, 0];
const box5 = [-5, 5, -4.375, -0.625, 0, 0.625];
/** e^300 times the largest input of that law is still a double. */
const unclippedLogScale = 300;

const clamped = (x: number, reach: number): number => Math.max(-reach, Math.min(reach, x));

/** Above the diagonal, and on it, of a square matrix. */
const onOrAbove = (n: number, index: number): boolean => index % n >= Math.floor(index / n);
const hidesTriangles =
  (n: number) =>
  (name: string, index: number): boolean =>
    (name.endsWith("lower") && onOrAbove(n, index)) ||
    (name.endsWith("upper") && onOrAbove(n, (index % n) * n + Math.floor(index / n)));

/**
 * What MADE's rule hides (Germain et al. 2015): output i must not see input j unless j comes before i. Weights of one
 * layer are checked against the degrees that the header of `autoregressiveMasks` documents, written anew.
 */
function hidesMasked(features: number, context: number, hidden: readonly number[], outputs: number) {
  const lowest = context > 0 || features === 1 ? 0 : 1;
  const degreeOf = (layer: number, unit: number): number => {
    if (layer === 0) return unit < context ? 0 : unit - context + 1;
    if (layer === hidden.length + 1) return Math.floor(unit / outputs);
    const share = unit / hidden[layer - 1]!;
    return Math.min(features - 1, lowest + Math.floor(share * (features - lowest) + 1e-9));
  };
  const widths = [features + context, ...hidden];
  return (name: string, index: number): boolean => {
    const layer = Number(/weight(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(layer)) return false;
    const from = degreeOf(layer, index % widths[layer]!);
    return from > degreeOf(layer + 1, Math.floor(index / widths[layer]!));
  };
}

/**
 * Types that the laws cannot judge, since they compare with rounding errors and these maps are as exact as the tolerance of
 * a solver: each has the laws, with that tolerance, in a file of its own.
 */
export const solvedTypes: Readonly<Record<string, string>> = {
  continuous: "bijections/continuous.test.ts",
};

/** The table. */
export const bijectionCases: Readonly<Record<string, BijectionCase>> = {
  "affine, scalar": {
    bijection: affine({ features: 3, kind: "scalar" }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
  },
  "affine, diagonal": {
    bijection: affine({ features: 4 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
  },
  "affine, one feature": {
    bijection: affine({ features: 1 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
  },
  standardization: { bijection: standardization({ features: 3 }), startsAsIdentity: true },
  "triangular affine": {
    bijection: triangularAffine({ features: 4 }),
    startsAsIdentity: true,
    largestParameter: 50,
    hides: hidesTriangles(4),
  },
  "triangular affine, two features": {
    bijection: triangularAffine({ features: 2 }),
    startsAsIdentity: true,
    largestParameter: 100,
    hides: hidesTriangles(2),
  },
  "triangular affine, fitted": {
    bijection: triangularAffine({ features: 3, fitted: true }),
    startsAsIdentity: true,
    largestParameter: 80,
  },
  "LU affine": {
    bijection: luAffine({ features: 3 }),
    startsAsIdentity: true,
    largestParameter: 50,
    hides: hidesTriangles(3),
  },
  "LU affine, one feature": {
    bijection: luAffine({ features: 1 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    hides: hidesTriangles(1),
  },
  permutation: { bijection: permutation([2, 0, 3, 1]), startsAsIdentity: false },
  "absolute value": {
    bijection: absoluteValue({ features: 2 }),
    startsAsIdentity: false,
    edges: [0],
    foldsAt: () => [0, 0],
  },
  "absolute value, one feature": {
    bijection: absoluteValue({ features: 1 }),
    startsAsIdentity: false,
    edges: [0],
    foldsAt: () => [0],
  },
  "absolute value of an affine map": {
    bijection: chain([affine({ features: 2 }), absoluteValue({ features: 2 }), affine({ features: 2 })]),
    startsAsIdentity: false,
    largestParameter: 100,
    edges: [0],
    foldsAt: (parameters) => parameters["2.shift"]!,
  },
  "marginal spline": {
    bijection: marginalSpline({ features: 2, knots: 6 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    edges: [-1, 1],
  },
  "marginal spline, one feature": {
    bijection: marginalSpline({ features: 1, knots: 3 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    edges: [-1, 0, 1],
  },
  rotation: { bijection: rotation({ features: 4 }), startsAsIdentity: true },
  "rotation, one feature": { bijection: rotation({ features: 1 }), startsAsIdentity: true },
  "sliced spline": {
    bijection: slicedSpline({ features: 3, directions: 2, knots: 5 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    edges: [-1, 1],
  },
  "sliced spline along every direction": {
    bijection: slicedSpline({ features: 2, directions: 2, knots: 4 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    edges: [-1, 1],
  },
  "sliced spline, one feature": {
    bijection: slicedSpline({ features: 1, directions: 1, knots: 3 }),
    startsAsIdentity: true,
    largestParameter: unclippedLogScale,
    edges: [-1, 0, 1],
  },
  "repeated rotation": {
    bijection: repeated({
      layer: chain([affine({ features: 3 }), rotation({ features: 3 })]),
      count: 3,
    }),
    startsAsIdentity: true,
    largestParameter: 8,
  },
  "element-wise spline": {
    bijection: elementwise({ features: 2, transformer: spline }),
    startsAsIdentity: 3,
    edges: box3,
  },
  "element-wise spline with straight tails": {
    bijection: elementwise({ features: 2, transformer: straightSpline }),
    startsAsIdentity: true,
    edges: box3,
  },
  "element-wise spline with identity tails": {
    bijection: elementwise({ features: 2, transformer: paperSpline }),
    startsAsIdentity: true,
    edges: box3,
  },
  "element-wise spline, one feature": {
    bijection: elementwise({ features: 1, transformer: manyBins }),
    startsAsIdentity: 5,
    edges: box5,
  },
  "element-wise affine": {
    bijection: elementwise({ features: 3, transformer: affineT }),
    startsAsIdentity: true,
  },
  "element-wise spline of a context": {
    bijection: elementwise({ features: 2, context: 2, transformer: spline, hidden: [7] }),
    startsAsIdentity: 3,
    edges: box3,
  },
  "element-wise affine of a context, one feature": {
    bijection: elementwise({ features: 1, context: 1, transformer: affineT, hidden: [] }),
    startsAsIdentity: true,
  },
  "coupling, affine": {
    bijection: coupling({ features: 4, transformed: [1, 3], transformer: affineT, hidden: [8, 6] }),
    startsAsIdentity: true,
  },
  "coupling, affine, odd features": {
    bijection: coupling({ features: 5, transformed: [4, 0], transformer: affineT, hidden: [7] }),
    startsAsIdentity: true,
  },
  "coupling, affine, two features": {
    bijection: coupling({ features: 2, transformed: [0], transformer: affineT, hidden: [6] }),
    startsAsIdentity: true,
  },
  "coupling, affine, with context": {
    bijection: coupling({
      features: 3,
      context: 2,
      transformed: [0, 1],
      transformer: affineT,
      hidden: [8],
    }),
    startsAsIdentity: true,
  },
  "coupling, spline": {
    bijection: coupling({ features: 4, transformed: [0, 2], transformer: spline, hidden: [8] }),
    startsAsIdentity: 3,
    edges: box3,
  },
  "coupling, spline, two features": {
    bijection: coupling({ features: 2, transformed: [1], transformer: spline, hidden: [6] }),
    startsAsIdentity: 3,
    edges: box3,
  },
  "coupling, spline, odd features, with context": {
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
  "masked autoregressive, affine": {
    bijection: maskedAutoregressive({ features: 4, transformer: affineT, hidden: [12, 9] }),
    startsAsIdentity: true,
    hides: hidesMasked(4, 0, [12, 9], 2),
  },
  "masked autoregressive, affine, reversed": {
    bijection: maskedAutoregressive({ features: 3, order: [2, 1, 0], transformer: affineT, hidden: [10] }),
    startsAsIdentity: true,
    hides: hidesMasked(3, 0, [10], 2),
  },
  "masked autoregressive, affine, two features, no hidden layer": {
    bijection: maskedAutoregressive({ features: 2, order: [1, 0], transformer: affineT, hidden: [] }),
    startsAsIdentity: true,
    hides: hidesMasked(2, 0, [], 2),
  },
  "masked autoregressive, affine, with context": {
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
  "masked autoregressive, spline": {
    bijection: maskedAutoregressive({ features: 3, transformer: spline, hidden: [9] }),
    startsAsIdentity: 3,
    edges: box3,
    hides: hidesMasked(3, 0, [9], spline.parameterCount),
  },
  "masked autoregressive, spline, with context": {
    bijection: maskedAutoregressive({ features: 2, context: 1, transformer: spline, hidden: [8] }),
    startsAsIdentity: 3,
    edges: box3,
    hides: hidesMasked(2, 1, [8], spline.parameterCount),
  },
  "masked autoregressive, one feature": {
    bijection: maskedAutoregressive({ features: 1, transformer: spline, hidden: [4] }),
    startsAsIdentity: 3,
    edges: box3,
    hides: hidesMasked(1, 0, [4], spline.parameterCount),
  },
  "masked autoregressive, one feature, with context": {
    bijection: maskedAutoregressive({ features: 1, context: 2, transformer: affineT, hidden: [5] }),
    startsAsIdentity: true,
    hides: hidesMasked(1, 2, [5], 2),
  },
  "inverse autoregressive": {
    bijection: invert(maskedAutoregressive({ features: 3, transformer: affineT, hidden: [9] })),
    startsAsIdentity: true,
    hides: hidesMasked(3, 0, [9], 2),
  },
  "inverse of a spline": {
    bijection: invert(elementwise({ features: 1, transformer: spline })),
    startsAsIdentity: 3,
    edges: box3,
  },
  bounded: {
    bijection: bounded({ features: 3, lower: [null, -1, null], upper: [null, null, 2] }),
    startsAsIdentity: false,
    within: (direction, [a, b, c]) =>
      direction === "forward"
        ? [a!, clamped(b!, 15), clamped(c!, 15)]
        : [a!, -1 + Math.max(1e-3, Math.abs(b!)), 2 - Math.max(1e-3, Math.abs(c!))],
  },
  "bounded, one feature": {
    bijection: bounded({ features: 1, lower: [0], upper: [null] }),
    startsAsIdentity: false,
    edges: [-30, 30],
    within: (direction, [x]) => [direction === "forward" ? x! : Math.max(1e-12, Math.abs(x!))],
  },
  "bounded on both sides": {
    bijection: bounded({ features: 1, lower: [-2], upper: [3] }),
    startsAsIdentity: false,
    within: (direction, [x]) => [direction === "forward" ? clamped(x!, 15) : 0.5 + 2.4 * Math.sin(x!)],
  },
  "bounded, far": {
    bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 60 }),
    startsAsIdentity: false,
    edges: [-60, 60],
    within: (direction, [x]) => [
      direction === "forward" ? clamped(x!, 60) : Math.exp(clamped(Math.abs(x!), 30)),
    ],
  },
  "bounded, farther than float32": {
    bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 300 }),
    startsAsIdentity: false,
    needsFloat64: true,
    edges: [-300, 300],
    within: (direction, [x]) => [
      direction === "forward" ? clamped(x!, 300) : Math.exp(clamped(Math.abs(x!), 30)),
    ],
  },
  heavyTails: {
    bijection: heavyTails({ features: 2 }),
    startsAsIdentity: true,
    within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
  },
  "heavy tails, shared": {
    bijection: heavyTails({ features: 3, shared: true }),
    startsAsIdentity: true,
    within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 4)) : point),
  },
  "heavy tails, farther than float32": {
    bijection: heavyTails({ features: 2, reach: 600 }),
    startsAsIdentity: true,
    needsFloat64: true,
    within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
  },
  planar: { bijection: planar({ features: 3 }), startsAsIdentity: true },
  "planar, one feature, with context": {
    bijection: planar({ features: 1, context: 1, hidden: [5] }),
    startsAsIdentity: true,
  },
  radial: { bijection: radial({ features: 3 }), startsAsIdentity: true },
  "radial, with context": { bijection: radial({ features: 2, context: 1 }), startsAsIdentity: true },
  sylvester: {
    bijection: sylvester({ features: 4, units: 3 }),
    startsAsIdentity: true,
  },
  "sylvester, one feature": { bijection: sylvester({ features: 1 }), startsAsIdentity: true },
  "sylvester, with context": {
    bijection: sylvester({ features: 3, units: 2, context: 2, hidden: [4] }),
    startsAsIdentity: true,
  },
  residual: { bijection: residual({ features: 3, hidden: [6, 5], lipschitz: 0.9 }), startsAsIdentity: true },
  "residual, one feature, ELU": {
    bijection: residual({ features: 1, hidden: [5], lipschitz: 0.8, activation: "elu" }),
    startsAsIdentity: true,
  },
  "residual, with context, learned norms": {
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
  "repeated affine": {
    bijection: repeated({ layer: affine({ features: 2 }), count: 3 }),
    startsAsIdentity: true,
    largestParameter: 8,
  },
  "elementwise, spline after an affine map": {
    bijection: elementwise({ features: 2, transformer: affineSpline }),
    startsAsIdentity: 3,
  },
  "masked autoregressive, spline after an affine map, with context": {
    bijection: maskedAutoregressive({ features: 2, context: 1, transformer: affineSpline, hidden: [8] }),
    startsAsIdentity: 3,
    hides: hidesMasked(2, 1, [8], affineSpline.parameterCount),
  },
  "repeated layers": {
    bijection: repeated({
      layer: chain([triangularAffine({ features: 2 }), elementwise({ features: 2, transformer: spline })]),
      count: 3,
    }),
    startsAsIdentity: 3,
    largestParameter: 8,
    hides: (name, index) => hidesTriangles(2)(name, index % 4),
  },
  "repeated coupling, with context": {
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
  ...Object.fromEntries(
    radialProfiles.flatMap((profile) =>
      [1, 2, 3].map((features): [string, BijectionCase] => [
        `radial map, ${profile}, ${features} feature${features > 1 ? "s" : ""}`,
        {
          bijection: radialMap({ features, profile }),
          startsAsIdentity: true,
          largestParameter: 8,
          edges: [0, 1, -1, 2 / 3],
        },
      ]),
    ),
  ),
  "directional map": {
    bijection: directionalMap({ features: 3 }),
    startsAsIdentity: false,
    largestParameter: 8,
    edges: [0],
  },
  "directional map, one feature": {
    bijection: directionalMap({ features: 1 }),
    startsAsIdentity: false,
    largestParameter: 8,
    edges: [0],
  },
  "repeated radial and directional maps": {
    bijection: repeated({
      layer: chain([directionalMap({ features: 2 }), radialMap({ features: 2, profile: "erf" })]),
      count: 3,
    }),
    startsAsIdentity: false,
    largestParameter: 8,
  },
  "chain of linear maps": {
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
  "chain in a chain, some parts with context": {
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
};

/** Names of the cases. */
export const caseNames: readonly string[] = Object.keys(bijectionCases);

/** Those of an engine whose numbers have this distance from 1 to the next. */
export function caseNamesFor(epsilon: number): readonly string[] {
  return caseNames.filter((name) => epsilon < 1e-10 || !bijectionCases[name]!.needsFloat64);
}

/** A stream of its own for a seed and a label. */
export function stream(seed: number, label: string): RandomStream {
  return new RandomStream(split(randomKey(seed), label));
}

/**
 * Parameters far from the start: normal with this standard deviation, statistics included. Statistics that have a
 * domain are brought into it: scales positive, knots increasing, columns orthonormal.
 */
export function randomParameters(bijection: Bijection, seed: number, scale: number): Values {
  const values: Values = {};
  for (const [name, { shape, kind }] of flattenTree(bijection.parameters)) {
    const source = stream(seed, name);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => scale * source.normal());
    values[name] = kind === "statistics" ? intoDomain(name, data, shape) : data;
  }
  return values;
}

/** Parameters that are all near one extreme or the other, or zero. */
export function extremeParameters(bijection: Bijection, seed: number, size: number): Values {
  const values: Values = {};
  for (const [name, { shape, kind }] of flattenTree(bijection.parameters)) {
    const source = stream(seed, `extreme ${name}`);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => {
      const u = source.uniform();
      return u < 0.4 ? size : u < 0.8 ? -size : u < 0.9 ? 0 : size * (2 * source.uniform() - 1);
    });
    values[name] =
      kind === "statistics"
        ? intoDomain(
            name,
            data.map((v) => v / size),
            shape,
          )
        : data;
  }
  return values;
}

function intoDomain(name: string, data: Float64Array, shape: readonly number[]): Float64Array {
  if (name.endsWith("scale")) return data.map((value) => Math.exp(Math.max(-20, Math.min(20, value))));
  // A bend far wider than the point is large cancels in a sum of the size of the bend.
  if (name.endsWith("logWidth")) return data.map((value) => Math.min(1, value));
  if (name.endsWith("rotation") || name.endsWith("directions")) return orthonormalColumns(data, shape);
  if (!name.endsWith("data") && !name.endsWith("base")) return data;
  // Knots that increase by steps between 0.03 and 3, around 0.
  const count = shape[shape.length - 1]!;
  return data.map((_, i) => {
    const row = i - (i % count);
    let at = -count / 3;
    for (let k = row; k <= i; k++) at += 0.03 + 3 / (1 + Math.exp(-data[k]!));
    return at;
  });
}

/** Matrices along the last two axes, their columns made orthonormal by Gram and Schmidt, twice for rounding. */
function orthonormalColumns(data: Float64Array, shape: readonly number[]): Float64Array {
  const [height, width] = shape.slice(-2) as [number, number];
  const out = data.slice();
  for (let start = 0; start < out.length; start += height * width)
    for (let column = 0; column < width; column++) {
      const at = (row: number, of: number): number => start + row * width + of;
      // A column that draws left without a direction of its own begins as a unit vector.
      for (let row = 0; row < height; row++) out[at(row, column)]! += row === column ? 0.1 : 0;
      for (let pass = 0; pass < 2; pass++) {
        for (let other = 0; other < column; other++) {
          let product = 0;
          for (let row = 0; row < height; row++) product += out[at(row, column)]! * out[at(row, other)]!;
          for (let row = 0; row < height; row++) out[at(row, column)]! -= product * out[at(row, other)]!;
        }
        let square = 0;
        for (let row = 0; row < height; row++) square += out[at(row, column)]! ** 2;
        for (let row = 0; row < height; row++) out[at(row, column)]! /= Math.sqrt(square);
      }
    }
  return out;
}
