/**
 * Parts of random programs that are layers over positions: convolutions of every kind, and dense layers at each of some positions.
 *
 * @module
 */

import { type Expr, type Shape, sizeOf } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";
import { type Making, type Part, small } from "./programMaking.ts";

/** A value of another shape, of numbers of a value taken anywhere; -1 is 0. */
function spread(m: Making, value: Expr, shape: Shape): Expr {
  const count = sizeOf(value.shape);
  return g.gather(
    value,
    Array.from({ length: sizeOf(shape) }, () => m.choices.below(count + 1) - 1),
    shape,
  );
}

/** So many numbers of a value, as a vector that no step makes large. */
const gathered = (m: Making, value: Expr): Expr => small(spread(m, value, [m.n]));

/** Extents, strides, padding and a mask with which a convolution has a position at least. */
function geometry(m: Making, weightsOf?: Shape) {
  const { choices } = m;
  const few = (): number => 1 + choices.below(4);
  const weights = weightsOf ?? [few(), 1 + choices.below(3), 1 + choices.below(3), few()];
  const [, rows, columns, channels] = weights as [number, number, number, number];
  const padding = [choices.below(3), choices.below(3)] as const;
  const extents = [rows, columns].map((extent, axis) =>
    Math.max(1, extent - 2 * padding[axis]!, choices.below(6)),
  );
  const blocks = rows * columns;
  const used = Array.from({ length: blocks }, () => choices.isHeads);
  const count = sizeOf(weights);
  // Some numbers of all blocks, or blocks as a whole.
  const masks: readonly ((i: number) => boolean)[] = [
    () => choices.isHeads,
    (i) => used[Math.floor(i / channels) % blocks]!,
  ];
  const lets = choices.of(masks);
  const mask = Float64Array.from({ length: count }, (_, i) => (lets(i) ? 1 - choices.below(2) / 2 : 0));
  const options = {
    ...(choices.isHeads && { padding }),
    ...(choices.isHeads && { strides: [1 + choices.below(3), 1 + choices.below(2)] as const }),
    ...(choices.isHeads && { mask }),
  };
  const isPadded = options.padding !== undefined;
  const image: Shape = isPadded
    ? [...extents, channels]
    : [Math.max(rows, extents[0]!), Math.max(columns, extents[1]!), channels];
  return { weights, image, options };
}

/** A convolution over the numbers of a value. */
function convolved(m: Making, value: Expr, given?: Expr): Expr {
  const { choices } = m;
  const { weights, image, options } = geometry(m, given?.shape);
  const own = given ?? g.mul(0.5, m.parameter(weights));
  const bias = choices.isHeads ? m.parameter([weights[0]!]) : undefined;
  return g.convolution(spread(m, value, image), own, bias, options);
}

/** Dense layers at 1 to 6 positions, of the numbers of a value, by a matrix `[n, n]`. */
function positioned(m: Making, value: Expr, matrix: Expr, bias?: Expr): Expr {
  const x = spread(m, value, [1 + m.choices.below(6), m.n]);
  return g.linear(x, matrix, bias, { transposed: m.choices.isHeads });
}

/** See the head of the file. */
export const positionParts: readonly Part[] = [
  (m) => gathered(m, convolved(m, m.vector())),
  (m) => g.broadcastTo(small(g.sum(convolved(m, m.vector()))), [m.n]),
  // The result of one is what another takes.
  (m) => {
    const first = g.tanh(convolved(m, m.vector()));
    return gathered(m, convolved(m, g.add(first, m.choices.isHeads ? 0 : g.mul(0.3, first))));
  },
  // Two layers of one set of weights, and their sum.
  (m) => {
    const { weights, image, options } = geometry(m);
    const own = g.mul(0.5, m.parameter(weights));
    const [a, b] = [0, 1].map(() => g.convolution(spread(m, m.vector(), image), own, undefined, options));
    return gathered(m, g.sub(a!, g.sin(b!)));
  },
  // Weights that are computed, of a vector that may be shared.
  (m) =>
    gathered(
      m,
      convolved(m, m.vector(), g.reshape(g.matrixProduct(m.matrices[0]!, m.matrix()), [m.n, 1, m.n, 1])),
    ),
  (m) =>
    gathered(m, positioned(m, m.vector(), m.matrix(), m.choices.isHeads ? m.parameter([m.n]) : undefined)),
  (m) => gathered(m, g.relu(positioned(m, m.vector(), g.mul(m.matrix(), m.mask()), m.parameter([m.n])))),
  (m) => {
    const width = 1 + m.choices.below(5);
    const x = spread(m, m.vector(), [1 + m.choices.below(4), m.n]);
    const [into, out] = [m.parameter([width, m.n]), m.parameter([m.n, width])];
    return gathered(m, g.linear(g.tanh(g.linear(x, into, m.parameter([width]))), g.mul(0.5, out)));
  },
  // Each number depends on the one before it: solved place by place.
  (m) => {
    const before = m.ofRows();
    const weights = g.mul(0.5, m.parameter([1, 1, 3, 1]));
    const options = { padding: [0, 1], mask: Float64Array.of(1, 0, 0) } as const;
    return g.fixedPoint(g.mul(0, before), m.n, (s) => {
      const moved = g.convolution(g.reshape(s, [1, m.n, 1]), weights, undefined, options);
      return g.add(before, small(g.reshape(moved, [m.n])));
    });
  },
];

/** What a step of a scan does with its state, a slice `[n, n]` and a slice `[n]`. */
export const positionSteps: readonly ((m: Making) => (s: Expr, w: Expr, b: Expr) => Expr)[] = [
  (m) => (s, w, b) => g.add(gathered(m, convolved(m, s, g.reshape(w, [m.n, 1, m.n, 1]))), b),
  (m) => (s, w, b) => g.tanh(g.add(gathered(m, positioned(m, s, w, b)), g.mul(0.3, s))),
  // The weights are one for all steps; the state is of rows, what else is convolved is not.
  (m) => (s, _, b) => g.add(gathered(m, convolved(m, s)), gathered(m, convolved(m, b))),
];
