/**
 * Maps of one number of `zuko.transforms`, as transformers: what `univariate=` names, with the shapes of its parameters.
 *
 * @module
 */

import { affineTransformer } from "../../../transformers/affineTransformer.ts";
import { mixtureTransformer } from "../../../transformers/mixtures/mixtureTransformer.ts";
import { bernstein } from "../../../transformers/polynomials/bernstein.ts";
import { sumOfSquares } from "../../../transformers/polynomials/sumOfSquares.ts";
import { rationalQuadraticTransformer } from "../../../transformers/rationalQuadraticTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";

/** A map of one number, from data to base in the library, and the shapes of its parameters there. */
export interface Univariate {
  readonly transformer: Transformer;
  readonly shapes: readonly (readonly number[])[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Numbers of parameters per feature, of each kind. */
export const totalOf = ({ shapes }: Univariate): number =>
  shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);

/** exp(a) x + b, with a clipped softly to log of the slope. */
export function affineMap(slope: number): Univariate {
  return { transformer: affineTransformer({ leastSlope: slope }), shapes: [[], []] };
}

/** The rational-quadratic spline on a box, the identity outside. */
export function splineMap(bins: number, slope: number, bound = 5): Univariate {
  return {
    transformer: rationalQuadraticTransformer({ bins, bound, tails: "identity", leastSlope: slope }),
    shapes: [[bins], [bins], [bins - 1]],
  };
}

/** A mixture of normal distribution functions, in units of the normal. */
export function gaussianizationMap(components: number): Univariate {
  const transformer = mixtureTransformer({
    components,
    law: "normal",
    form: "slopes",
    weights: "equal",
    leastSlope: 0,
    largestLogScale: 0,
    margin: 1e-6,
    bound: 10,
    // The library's map is nowhere straight.
    reach: 1e4,
  });
  return { transformer, shapes: [[components], [components]] };
}

/** The integral of a sum of squares, and a shift. */
export function sumOfSquaresMap(polynomials: number, degree: number, slope: number): Univariate {
  return {
    transformer: sumOfSquares({ polynomials, degree, slope }),
    shapes: [[polynomials, degree + 1], []],
  };
}

/** The Bernstein polynomial on a box, the identity outside but for the margin that the library has. */
export function bernsteinMap(degree: number, bound = 5, margin = 1e-6): Univariate {
  return { transformer: bernstein({ degree, bound, ends: "identity", margin }), shapes: [[degree + 1]] };
}

/** By name; `sizes` are the shapes of the parameters, which for some say a number of bins. */
const maps: Readonly<
  Record<string, (call: Call, sizes: readonly number[], shapes: readonly (readonly number[])[]) => Univariate>
> = {
  ShiftedSOSPTransform: (call, _, [[polynomials = 1, terms = 1] = []]) =>
    sumOfSquaresMap(polynomials, terms - 1, call.number("slope", 1e-3)),
  BoundedBernsteinTransform: (call, [size = 1]) =>
    bernsteinMap(size - 1, call.number("bound", 5), call.number("eps", 1e-6)),
  GaussianizationTransform: (_, [components = 1]) => gaussianizationMap(components),
  MonotonicAffineTransform: (call) => affineMap(call.number("slope", 1e-3)),
  MonotonicRQSTransform: (call, [bins = 1]) =>
    splineMap(bins, call.number("slope", 1e-3), call.number("bound", 5)),
};

/** The map that `univariate` and `shapes` name. */
export function univariateOf(owner: Call): Univariate {
  const call = owner.call("univariate");
  const shapes = owner.value("shapes") ?? [[], []];
  if (!Array.isArray(shapes) || !shapes.every(Array.isArray))
    throw owner.refusal("shapes", "a list of shapes, such as [[], []]", JSON.stringify(shapes));
  if (!call) return checkedShapes(owner, affineMap(1e-3), shapes);
  const make = maps[call.name];
  if (!make) throw call.unknown(Object.keys(maps), "univariate map");
  const made = make(call, shapes.map(sizeOf), shapes);
  call.done();
  return checkedShapes(owner, made, shapes);
}

function checkedShapes(owner: Call, made: Univariate, shapes: readonly unknown[]): Univariate {
  const expected = JSON.stringify(made.shapes);
  const received = JSON.stringify(shapes);
  if (expected !== received) throw owner.refusal("shapes", expected, received);
  return made;
}
