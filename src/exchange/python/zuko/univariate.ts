/**
 * Maps of one number of `zuko.transforms`, as transformers: what `univariate=` names, with the shapes of its parameters.
 *
 * @module
 */

import type { ParameterValues } from "../../../models/parameters.ts";
import { affineTransformer } from "../../../transformers/affineTransformer.ts";
import { chainTransformer } from "../../../transformers/chainTransformer.ts";
import { circularShift } from "../../../transformers/circular/circularShift.ts";
import { unconstrainedMonotonicNetwork } from "../../../transformers/integrals/unconstrainedMonotonicNetwork.ts";
import { mixtureTransformer } from "../../../transformers/mixtures/mixtureTransformer.ts";
import { monotonicNetwork } from "../../../transformers/neural/monotonicNetwork.ts";
import { bernstein } from "../../../transformers/polynomials/bernstein.ts";
import { sumOfSquares } from "../../../transformers/polynomials/sumOfSquares.ts";
import { rationalQuadraticTransformer } from "../../../transformers/rationalQuadraticTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";

/** A map of one number, from data to base in the library, and the shapes of its parameters there. */
export interface Univariate {
  readonly transformer: Transformer;
  readonly shapes: readonly (readonly number[])[];
  /** Weights of its own in the module of the map, for features in this order. */
  readonly weights?: ((state: StateDict, order: readonly number[]) => ParameterValues) | undefined;
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
    spread: 0,
    // The library's map is nowhere straight.
    reach: 1e4,
  });
  return { transformer, shapes: [[components], [components]] };
}

/** The spline around a circle from -pi to pi, of angles that are turned by half a circle before. */
export function circularMap(bins: number, slope: number): Univariate {
  const { transformer, shapes } = splineMap(bins, slope, Math.PI);
  const turn = circularShift({ bound: Math.PI, shift: Math.PI, outside: "wrapped" });
  return { transformer: chainTransformer([transformer, turn]), shapes };
}

/** Tensors of stacked layers of these sizes, each feature's own, in the order of the features. */
const stackedWeights =
  (name: string, sizes: readonly number[], hasBias: boolean): Univariate["weights"] =>
  (state, order) => {
    const layers = sizes.slice(1).map((outputs, l) => {
      // Between two linear modules there is an activation.
      const module = state.at(name).at(2 * l);
      const each = (tensor: string, inner: readonly number[]): Float64Array => {
        const size = sizeOf(inner);
        const data = module.tensor(tensor, [order.length, ...inner]);
        const sorted = new Float64Array(data.length);
        order.forEach((feature, i) => {
          sorted.set(data.subarray(feature * size, (feature + 1) * size), i * size);
        });
        return sorted;
      };
      return [
        [`weight${l}`, each("weight", [outputs, sizes[l]!])],
        [`bias${l}`, hasBias ? each("bias", [outputs]) : new Float64Array(order.length * outputs)],
      ] as const;
    });
    return Object.fromEntries(layers.flat());
  };

/** `MNN`, a monotonic network of each feature; its root is looked for between -10 and 10. */
export function monotonicMap(call: Call): Univariate {
  const signal = call.integer("signal", 16, 1);
  // The number of features, which the tensors have.
  call.value("stack");
  const hidden = call.integers("hidden_features", [64, 64]);
  const hasBias = call.flag("bias", true);
  // The library's network has its own instead.
  call.value("activation");
  call.value("normalize");
  return {
    transformer: monotonicNetwork({ signal, hidden, leastSlope: 0, bound: 10 }),
    shapes: [[signal]],
    weights: stackedWeights("network", [1 + signal, ...hidden, 1], hasBias),
  };
}

/** `UMNN`, the integral of a network of each feature by 32 nodes, and a shift; its root is looked for between -10 and 10. */
export function unconstrainedMonotonicMap(call: Call): Univariate {
  const signal = call.integer("signal", 16, 1);
  call.value("stack");
  const hidden = call.integers("hidden_features", [64, 64]);
  const hasBias = call.flag("bias", true);
  if (call.flag("normalize", false))
    throw call.refusal("normalize", "false, as integrands with normalized layers cannot be imported", "true");
  const transformer = unconstrainedMonotonicNetwork({
    signal,
    hidden,
    activation: torchActivation(call.call("activation"), "elu"),
    limit: "rational",
    nodes: 32,
    // The library's map is nowhere straight.
    reach: 1e4,
    bound: 10,
  });
  return {
    transformer,
    shapes: [[signal], []],
    weights: stackedWeights("integrand", [1 + signal, ...hidden, 1], hasBias),
  };
}

/** The integral of a sum of squares, and a shift; its root is looked for between -10 and 10. */
export function sumOfSquaresMap(polynomials: number, degree: number, slope: number): Univariate {
  return {
    transformer: sumOfSquares({ polynomials, degree, slope, bound: 10, spread: 0 }),
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
  CircularRQSTransform: (call, [bins = 1]) => circularMap(bins, call.number("slope", 1e-3)),
  MNN: monotonicMap,
  UMNN: unconstrainedMonotonicMap,
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
