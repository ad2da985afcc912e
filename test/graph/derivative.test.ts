import { describe, expect, test } from "vitest";
import { interpret, type Values } from "../../src/engines/reference/interpreter.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, sizeOf, topologicalOrder } from "../../src/graph/expr.ts";
import { type ElementwiseName, elementwise } from "../../src/graph/ops/elementwise.ts";
import * as g from "../../src/graph/ops.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const rows = 3;

/** A program of one batched vector x [3], one shared matrix w [3, 3] and one shared vector v [3]. */
interface Leaves {
  readonly x: Expr;
  readonly w: Expr;
  readonly v: Expr;
}
const programs: Record<string, (leaves: Leaves) => Expr> = {
  "gather with repeats and gaps": ({ x }) => g.gather(x, [2, 0, 0, -1], [4]),
  "scatter with collisions": ({ x }) => g.scatter(g.mul(x, x), [1, 1, -1], [2]),
  "slices put together again": ({ x }) =>
    g.concatenate([g.exp(g.slice(x, 1, 3)), g.mul(g.slice(x, 0, 1), g.slice(x, 2, 3))]),
  "sum over the last axis": ({ x }) => g.sum(g.mul(g.reshape(x, [3, 1]), g.reshape(x, [1, 3])), -1),
  "sum over the first axis": ({ x, w }) => g.sum(g.mul(g.reshape(g.tanh(x), [3, 1]), w), 0),
  "dense layer": ({ x, w, v }) => g.tanh(g.linear(x, w, v)),
  "transposed dense layer": ({ x, w }) => g.linear(g.sin(x), w, undefined, { transposed: true }),
  "dense layer of a shared vector": ({ x, w, v }) => g.mul(g.linear(v, w), x),
  "matrix product": ({ x, w }) => g.linear(x, g.matrixProduct(w, g.matrixProduct(w, g.transpose(w)))),
  "lower triangular solve": ({ x, w }) => g.solveTriangular(g.add(w, identity(4)), x, { lower: true }),
  "upper triangular solve, transposed": ({ x, w }) =>
    g.solveTriangular(g.add(w, identity(4)), g.exp(x), { lower: false, transposed: true }),
  "solve of a shared vector": ({ x, w, v }) =>
    g.mul(x, g.solveTriangular(g.add(w, identity(4)), v, { lower: true })),
  "shared scalar times batched": ({ x, v }) => g.mul(g.sum(v), g.exp(x)),
  "sum over rows, used again": ({ x, w }) => g.linear(g.sumRows(g.mul(x, x)), w),
  "sum of outer products": ({ x, w }) => g.sum(g.mul(g.sumOuter(g.sin(x), x), w)),
  "map with a block of two and a shared block": ({ x, w, v }) =>
    g.concatenate(
      g
        .mapFeatures([x, g.reshape(g.slice(g.reshape(w, [9]), 0, 6), [3, 2]), v], ([a], [p, q], [s]) => [
          [g.mul(g.exp(g.mul(a!, p!)), q!)],
          [g.select(g.less(a!, s!), g.square(a!), g.mul(a!, s!)), g.sin(s!)],
        ])
        .map((part) => g.reshape(part, [sizeOf(part.shape)])),
    ),
  "strictly triangular fixed point": ({ x, w, v }) => {
    const strict = g.mul(w, g.constant([0, 0, 0, 1, 0, 0, 1, 1, 0], [3, 3]));
    return g.fixedPoint(g.zeros([3]), 3, (y) => g.add(g.mul(x, g.exp(g.linear(g.tanh(y), strict))), v));
  },
};

function identity(scale: number): Expr {
  return g.constant([scale, 0, 0, 0, scale, 0, 0, 0, scale], [3, 3]);
}

function leaves(): Leaves {
  return { x: g.input("x", [3]), w: g.parameter("w", [3, 3]), v: g.parameter("v", [3]) };
}

function random(label: number): { x: Float64Array; w: Float64Array; v: Float64Array } {
  const stream = new RandomStream(randomKey(label));
  const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => stream.normal());
  return { x: draw(rows * 3), w: draw(9), v: draw(3) };
}

/** Sum over rows of <output, cotangent>, as a shared scalar, so that one number checks everything. */
function pairing(output: Expr, cotangent: Float64Array): Expr {
  const paired = g.sum(g.mul(output, g.constant(cotangent.subarray(0, sizeOf(output.shape)), output.shape)));
  return output.space === "row" ? g.sumRows(paired) : paired;
}

function evaluate(
  outputs: Expr[],
  l: Leaves,
  at: { x: Float64Array; w: Float64Array; v: Float64Array },
): Float64Array[] {
  const values: Values = new Map([
    [l.x, at.x],
    [l.w, at.w],
    [l.v, at.v],
  ]);
  return interpret(outputs, values, rows);
}

const cotangent = Float64Array.from({ length: 32 }, (_, i) => Math.cos(1 + i));

describe.each(Object.keys(programs))("%s", (name) => {
  const l = leaves();
  const loss = pairing(programs[name]!(l), cotangent);
  const at = random(7);
  const gradients = vjp([loss], [g.constant(1)], [l.x, l.w, l.v]);

  test("vjp agrees with central differences in every input and parameter", () => {
    const computed = evaluate(gradients, l, at);
    (["x", "w", "v"] as const).forEach((leaf, k) => {
      const difference = Float64Array.from(at[leaf], (value, i) => {
        const h = 1e-5;
        const moved = (by: number): number => {
          const data = at[leaf].slice();
          data[i] = value + by;
          return evaluate([loss], l, { ...at, [leaf]: data })[0]![0]!;
        };
        return (moved(h) - moved(-h)) / (2 * h);
      });
      // A gradient with respect to a batched input that reaches no row-dependent path may be shared zeros.
      const own = computed[k]!;
      difference.forEach((d, i) => expect(own[i % own.length]).toBeCloseTo(d, 5));
    });
  });

  test("jvp along a direction is the pairing of that direction with vjp", () => {
    const along = random(8);
    const tangents = { x: g.input("tx", [3]), w: g.parameter("tw", [3, 3]), v: g.parameter("tv", [3]) };
    const [directional] = jvp([loss], [l.x, l.w, l.v], [tangents.x, tangents.w, tangents.v]);
    const values: Values = new Map<Expr, Float64Array>([
      [l.x, at.x],
      [l.w, at.w],
      [l.v, at.v],
      [tangents.x, along.x],
      [tangents.w, along.w],
      [tangents.v, along.v],
    ]);
    const forward = interpret([directional!], values, rows)[0]![0]!;
    const computed = evaluate(gradients, l, at);
    let reverse = 0;
    (["x", "w", "v"] as const).forEach((leaf, k) => {
      along[leaf].forEach((t, i) => (reverse += t * computed[k]![i % computed[k]!.length]!));
    });
    expect(forward).toBeCloseTo(reverse, 8);
  });

  test("simplification changes no value and no gradient", () => {
    const plain = evaluate([loss, ...gradients], l, at);
    const simple = evaluate(simplify([loss, ...gradients]), l, at);
    plain.forEach((data, k) =>
      data.forEach((value, i) => expect(simple[k]![i % simple[k]!.length]).toBeCloseTo(value, 10)),
    );
  });

  test("second derivatives: vjp of jvp agrees with central differences of the gradient", () => {
    const direction = g.constant(Float64Array.of(0.3, -0.7, 0.2));
    const [slope] = jvp([loss], [l.v], [direction]);
    const [second] = vjp([slope!], [g.constant(1)], [l.v]);
    const computed = evaluate([second!], l, at)[0]!;
    const h = 1e-5;
    const difference = [-1, 1].map((side) => {
      const v = at.v.map((value, i) => value + side * h * [0.3, -0.7, 0.2][i]!);
      return evaluate([gradients[2]!], l, { ...at, v })[0]!;
    });
    for (let i = 0; i < 3; i++) {
      const expected =
        (difference[1]![i % difference[1]!.length]! - difference[0]![i % difference[0]!.length]!) / (2 * h);
      expect(computed[i % computed.length]).toBeCloseTo(expected, 4);
    }
  });
});

describe("element-wise partial derivatives agree with central differences", () => {
  const inside: Partial<Record<ElementwiseName, number[][]>> = {
    log: [[0.1], [3]],
    log1p: [[-0.9], [1e-8], [3]],
    sqrt: [[0.2], [9]],
    normalExcess: [[0.1], [2], [30]],
    normalQuantile: [[0.001], [0.5], [0.97]],
  };
  const ties = new Set(["sign", "floor", "stopGradient", "less", "lessEqual"]);
  test.each(Object.keys(elementwise).filter((name) => !ties.has(name)) as ElementwiseName[])("%s", (name) => {
    const { arity, value } = elementwise[name];
    const points = inside[name] ?? [
      [0.3, -1.7, 0.6],
      [-2.1, 0.8, 1.4],
      [1, 2.5, -3],
    ];
    for (const point of points) {
      const own = point.slice(0, arity);
      const scalars = own.map((_, i) => g.input(`a${i}`, []));
      const gradients = vjp([g.apply(name, ...scalars)], [g.constant(1)], scalars);
      const values: Values = new Map(scalars.map((scalar, i) => [scalar as Expr, Float64Array.of(own[i]!)]));
      gradients.forEach((gradient, i) => {
        const h = 1e-6;
        const at = (by: number): number => {
          const [a = 0, b = 0, c = 0] = own.map((x, k) => (k === i ? x + by : x));
          return value(a, b, c);
        };
        const expected = (at(h) - at(-h)) / (2 * h);
        const [data] = interpret([gradient], values, 1);
        expect(Math.abs(data![0]! - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
      });
    }
  });
});

test("what slices send back is moved together: overlapping ones are added once, however they alternate", () => {
  const x = g.input("x", [6]);
  const terms = [0, 2, 4].flatMap((from) => {
    const pair = g.slice(x, from, from + 2);
    return [g.sum(g.square(pair)), g.exp(g.slice(pair, 0, 1)), g.exp(g.slice(pair, 1, 2))];
  });
  const [gradient] = simplify(
    vjp([g.sum(g.concatenate(terms.map((term) => g.reshape(term, [1]))))], [g.constant(1)], [x]),
  );
  const sums = topologicalOrder([gradient!]).filter(
    (node) => node.op === "elementwise" && node.name === "add" && sizeOf(node.shape) === 6,
  );
  expect(sums).toHaveLength(1);
});

test("a vector of one number on the way is a cut point as any other, in whatever shape others are made of it", () => {
  const x = g.input("x", [1]);
  const middle = g.add(g.square(x), x);
  const value = g.mul(0.5, g.sum(g.square(middle)));
  const result = (expression: Expr) => [
    ...interpret([expression], new Map([[x, Float64Array.of(2, -1, 0.5)]]), 3)[0]!,
  ];
  // d (m^2 / 2) / dm = m, of m = x^2 + x.
  expect(result(vjp([value], [g.constant(1)], [middle])[0]!)).toEqual([6, 0, 0.75]);
  expect(result(jvp([value], [middle], [g.constant([2])])[0]!)).toEqual([12, 0, 1.5]);
});

test("a value that is given twice, in two shapes, moves along both tangents, and both gradients are the whole one", () => {
  const x = g.input("x", [1]);
  const middle = g.add(g.square(x), x);
  const value = g.mul(0.5, g.sum(g.square(middle)));
  const result = (expression: Expr) => [
    ...interpret([expression], new Map([[x, Float64Array.of(2, -1, 0.5)]]), 3)[0]!,
  ];
  const both = [middle, g.reshape(middle, [])];
  for (const gradient of vjp([value], [g.constant(1)], both)) expect(result(gradient)).toEqual([6, 0, 0.75]);
  for (const [first, second] of [both, both.toReversed()] as [Expr, Expr][]) {
    const tangents = [
      g.broadcastTo(g.constant(2), first.shape),
      g.broadcastTo(g.constant(-0.5), second.shape),
    ];
    expect(result(jvp([value], [first, second], tangents)[0]!)).toEqual([9, 0, 1.125]);
  }
});
