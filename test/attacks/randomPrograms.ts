/**
 * Random programs: element-wise operations, moves, sums, dense layers with several masks, maps, scans with stacked slices,
 * fixed points, contractions, roots and selections, with gradients and tangents.
 *
 * @module
 */

import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, type ParameterExpr, sizeOf } from "../../src/graph/expr.ts";
import type { Program } from "../../src/graph/program.ts";
import * as g from "../../src/graph/publicOps.ts";
import type { RandomStream } from "../../src/random/philox.ts";

/** What choices are drawn by. */
class Choices {
  readonly #stream: RandomStream;
  constructor(stream: RandomStream) {
    this.#stream = stream;
  }
  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.min(count - 1, Math.floor(this.#stream.uniform() * count));
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  numbers(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => Math.fround(0.5 * this.#stream.normal()));
  }
}

/** Functions whose values stay near 1 and that are smooth there, so that rounding is all that engines differ by. */
const unary: readonly ((a: Expr) => Expr)[] = [
  g.tanh,
  g.sin,
  g.cos,
  g.sigmoid,
  g.softplus,
  g.erf,
  (a) => g.exp(g.neg(g.square(a))),
  (a) => g.log1p(g.square(a)),
  (a) => g.sqrt(g.add(1.5, g.sin(a))),
  (a) => g.div(1, g.add(2, g.cos(a))),
  (a) => g.expm1(g.mul(0.3, g.tanh(a))),
  g.neg,
  (a) => g.select(g.less(0.1, a), g.log(g.max(a, 0.05)), g.mul(0.5, a)),
  (a) => g.select(g.less(0, a), g.mul(a, g.log(a)), g.sin(a)),
  (a) => g.max(g.tanh(a), -0.3),
];
const binary: readonly ((a: Expr, b: Expr) => Expr)[] = [
  g.add,
  g.sub,
  (a, b) => g.mul(g.tanh(a), b),
  (a, b) => g.div(a, g.add(1.2, g.square(b))),
  g.logAddExp,
  (a, b) => g.select(g.less(a, b), g.sin(a), g.cos(b)),
  (a, b) => g.mul(0.5, g.max(a, b)),
  (a, b) => g.min(g.sin(a), b),
];

/** A random program; every choice comes from the stream. */
export function randomProgram(stream: RandomStream): Partial<Program> {
  const choices = new Choices(stream);
  const n = 2 + choices.below(4);
  const x = g.input("x", [n]);
  const parameters: ParameterExpr[] = [];
  const parameter = (shape: readonly number[]): ParameterExpr => {
    const own = g.parameter(`p${parameters.length}`, shape);
    parameters.push(own);
    return own;
  };
  const mask = (): Expr => {
    const kind = choices.below(4);
    const lets = (i: number): boolean =>
      [i % n <= Math.floor(i / n), i % n > Math.floor(i / n), choices.below(2) === 0, i % n === 0][kind]!;
    return g.constant(
      Float64Array.from({ length: n * n }, (_, i) => (lets(i) ? 1 : 0)),
      [n, n],
    );
  };
  const matrices = [0, 1].map(() => g.mul(0.5, parameter([n, n])));
  const vectors: Expr[] = [x, g.mul(0.5, x), parameter([n])];
  const vector = (): Expr => choices.of(vectors);
  /** Of rows: what a solver or a scan starts from. */
  const batched = (): Expr => g.add(x, vector());
  const small = (a: Expr): Expr => g.mul(0.3, g.tanh(a));
  const builders: readonly (() => Expr)[] = [
    () => choices.of(unary)(vector()),
    () => choices.of(binary)(vector(), vector()),
    () =>
      g.gather(
        vector(),
        Array.from({ length: n }, () => choices.below(n + 1) - 1),
        [n],
      ),
    () =>
      g.scatter(
        vector(),
        Array.from({ length: n }, () => choices.below(n + 1) - 1),
        [n],
      ),
    () => g.slice(g.concatenate([vector(), vector()]), 1, n + 1),
    () => g.mul(vector(), small(g.sum(vector()))),
    () => g.sum(g.mul(g.reshape(vector(), [n, 1]), g.reshape(small(vector()), [1, n])), choices.below(2)),
    () => g.linear(vector(), choices.of(matrices), undefined, { transposed: choices.below(2) === 1 }),
    () => g.linear(vector(), g.mul(choices.of(matrices), mask()), parameter([n])),
    // Two masks on the outer product of the same values.
    () => {
      const own = vector();
      const shared = choices.of(matrices);
      return g.tanh(
        g.add(g.linear(own, g.mul(shared, mask())), g.linear(own, g.mul(choices.of(matrices), mask()))),
      );
    },
    () => g.max(g.linear(vector(), choices.of(matrices)), 0),
    () => g.linear(vector(), g.matrixProduct(matrices[0]!, matrices[1]!)),
    () =>
      g.solveTriangular(
        g.add(
          choices.of(matrices),
          g.constant(
            Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 3)),
            [n, n],
          ),
        ),
        vector(),
        { lower: choices.below(2) === 0, transposed: choices.below(2) === 0 },
      ),
    () => {
      const [f, h] = [choices.of(unary), choices.of(binary)];
      return g.mapFeatures([vector(), vector()], ([a], [b]) => [[h(f(a!), b!)]])[0]!;
    },
    () => {
      const f = choices.of(unary);
      const body = choices.of<(a: Expr, b: Expr) => Expr>([
        (a, b) => g.logSumExp(g.concatenate([a, b, f(a)])),
        (a, b) => g.sum(g.mul(g.concatenate([a, b]), g.concatenate([f(b), 0.5]))),
        (a, b) =>
          g.reshape(g.gather(g.concatenate([f(a), b]), [-1, 1], [2]), [2, 1]).op === "gather" ? a : f(b),
      ]);
      return g.mapFeatures([vector(), vector()], ([a], [b]) => [[small(body(a!, b!))]])[0]!;
    },
    () => {
      const steps = 2 + choices.below(2);
      const [w, b] = [parameter([steps, n, n]), parameter([steps, n])];
      const body = choices.of<(s: Expr, w: Expr, b: Expr) => Expr>([
        (s, _, c) => g.add(small(s), c),
        (s, m, c) => g.tanh(g.linear(s, g.mul(0.4, m), c)),
        (s, m, c) => g.add(g.linear(small(s), m, c), g.sin(c)),
        (s, m, c) => g.add(small(s), g.linear(c, g.matrixProduct(m, matrices[0]!))),
        (s, m, c) => g.mul(g.sin(s), g.slice(g.concatenate([c, g.sum(m, 0)]), 1, n + 1)),
      ]);
      const options = { reversed: choices.below(2) === 0 };
      return g.scan(batched(), steps, [w, b], (s, [m, c]) => body(s, m!, c!), options);
    },
    () => {
      const before = vector();
      const strict = g.constant(
        Float64Array.from({ length: n * n }, (_, i) => (i % n < Math.floor(i / n) ? 1 : 0)),
        [n, n],
      );
      const weights = g.mul(choices.of(matrices), strict);
      return g.fixedPoint(g.mul(0, batched()), n, (s) => g.add(before, g.tanh(g.linear(s, weights))));
    },
    () => {
      const before = vector();
      return g.fixedPoint(g.mul(0.1, batched()), 200, (s) => g.add(before, g.mul(0.3, g.sin(s))), {
        tolerance: 1e-14,
      });
    },
    () => {
      const [a, b] = [batched(), small(vector())];
      const ends = g.broadcastTo(g.constant(50), [n]);
      return g.mul(
        0.1,
        g.root(g.neg(ends), ends, (y) => g.sub(g.add(y, g.mul(g.add(0.5, b), g.tanh(y))), g.tanh(a))),
      );
    },
  ];
  const depth = 3 + choices.below(5);
  for (let k = 0; k < depth; k++) vectors.push(choices.of(builders)());
  const y = g.add(
    g.mul(0.1, x),
    vectors.slice(-3).reduce((a, b) => g.add(a, small(b))),
  );
  const value = g.sum(g.sin(y));
  const read = parameters.filter((own) => sizeOf(own.shape) > 0);
  const gradients = vjp([g.sumRows(value)], [g.constant(1)], [...read]);
  const direction = g.constant(choices.numbers(n));
  const rows: Record<string, Expr> = {
    y: g.add(y, g.mul(0, x)),
    dx: vjp([value], [g.rowMark()], [x])[0]!,
    tangent: jvp([value], [x], [direction])[0]!,
  };
  const sums = Object.fromEntries(gradients.map((own, i) => [`d${i}`, own]));
  // A mixed second derivative now and then, it is large.
  if (choices.below(3) === 0) sums.mixed = jvp([gradients[0]!], [x], [direction])[0]!;
  return { rows, sums };
}
