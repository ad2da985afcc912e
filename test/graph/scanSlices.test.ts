import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, ScanExpr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { substitute } from "../../src/graph/rebuild.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { agree } from "../engines/agree.ts";

const x = g.input("x", [3]);
const stackedW = g.parameter("W", [2, 3, 3]);
const stackedB = g.parameter("B", [2, 3]);
const m = g.parameter("M", [3, 3]);
const diagonal = g.constant([3, 0, 0, 0, 3, 0, 0, 0, 3], [3, 3]);

type Body = (state: Expr, w: Expr, b: Expr) => Expr;

/** What a body does with the slices of a matrix and a vector, beside the state. */
const bodies: Record<string, Body> = {
  "a bias, and the x of a shared layer": (s, w, b) => g.add(g.linear(s, w, b), g.linear(b, m)),
  "a bias, and arithmetic": (s, w, b) => g.mul(g.linear(s, w, b), g.exp(b)),
  "a bias alone": (s, _, b) => g.linear(s, m, b),
  "weights, and arithmetic": (s, w, b) => g.add(g.linear(s, w), g.mul(g.sum(w, 1), b)),
  "weights, transposed, with a bias": (s, w, b) => g.linear(s, w, b, { transposed: true }),
  "weights through a product": (s, w) => g.linear(s, g.matrixProduct(w, m)),
  "weights through a product from the left": (s, w) => g.linear(s, g.matrixProduct(m, w)),
  "weights squared": (s, w) => g.linear(s, g.matrixProduct(w, w)),
  "a product of matrices, summed": (s, w) => g.add(s, g.sum(g.matrixProduct(w, m))),
  "a triangle": (s, w) => g.solveTriangular(g.add(w, diagonal), s, { lower: true }),
  "a triangle, transposed": (s, w) =>
    g.solveTriangular(g.add(w, diagonal), s, { lower: false, transposed: true }),
  "a triangle that arithmetic has too": (s, w) =>
    g.mul(g.solveTriangular(w, g.mul(0.1, s), { lower: true }), g.sum(w, 0)),
  "a solved slice": (s, w, b) => g.add(s, g.solveTriangular(g.add(w, diagonal), b, { lower: true })),
  "a shared triangle and a slice": (s, _, b) =>
    g.add(s, g.solveTriangular(g.add(m, diagonal), b, { lower: false })),
  "a concatenation of slices": (s, _, b) =>
    g.mul(s, g.slice(g.concatenate([b, m.shape ? g.sum(m) : 0, b]), 2, 5)),
  "a concatenation with the state": (s, _, b) => g.slice(g.concatenate([b, s]), 2, 5),
  "a scatter of a slice": (s, _, b) => g.add(s, g.scatter(b, [2, 2, -1], [3])),
  "a gather with nothing": (s, _, b) => g.add(s, g.gather(b, [-1, 0, 0], [3])),
  "a map of slices": (s, w, b) =>
    g.mul(
      s,
      g.mapFeatures([b, w, g.slice(m, 0, 3)], ([u], v, [k]) => [[g.mul(g.tanh(u!), g.add(v[2]!, k!))]])[0]!,
    ),
  "a map with the state": (s, w) => g.mapFeatures([s, w], ([u], v) => [[g.add(u!, g.mul(v[0]!, v[1]!))]])[0]!,
  "an iteration that starts from a slice": (s, w, b) =>
    g.fixedPoint(b, 4, (t) => g.add(g.mul(s, 0.2), g.mul(0.1, g.linear(g.tanh(t), w, b)))),
  "a scan over the rows of a slice": (s, w) => g.scan(s, 3, [w], (t, [row]) => g.add(g.mul(0.5, t), row!)),
  "a scan over a slice, by weights": (s, w, b) =>
    g.scan(s, 3, [g.mul(w, 2)], (t, [row]) => g.linear(g.mul(t, row!), m, b), { reversed: true }),
  "a loop that reads a slice": (s, _, b) =>
    g.iterate(s, 5, (z) => ({ state: g.add(z, g.mul(0.5, g.abs(b))), done: g.less(3, g.sum(z)) })),
  "the stacked values as a whole": (s, w, b) => g.add(g.linear(s, w, b), g.mul(b, g.sum(stackedB))),
};

describe("a slice of a scan may be read in any place", () => {
  test.each(Object.entries(bodies))("%s", async (name, body) => {
    const scan = (reversed: boolean): Expr =>
      g.scan(x, 2, [stackedW, stackedB], (s, [w, b]) => body(s, w!, b!), { reversed });
    const slice = (stacked: Expr, at: number): Expr =>
      g.reshape(g.slice(stacked, at, at + 1), stacked.shape.slice(1));
    const step = (s: Expr, at: number): Expr => body(s, slice(stackedW, at), slice(stackedB, at));
    const y = scan(false);
    const leaves = [x, stackedW, stackedB, m];
    const isLoop = name === "a loop that reads a slice";
    const gradients = isLoop ? [] : vjp([g.sumRows(g.sum(g.square(y)))], [g.constant(1)], leaves.slice(1));
    const directions = leaves.map((leaf) => g.broadcastTo(g.constant(0.5), leaf.shape));
    // What it means, written out.
    const written = step(step(x, 0), 1);
    const means = isLoop ? [] : vjp([g.sumRows(g.sum(g.square(written)))], [g.constant(1)], leaves.slice(1));
    const named = (list: readonly Expr[], name_: string): [string, Expr][] =>
      list.map((own, i) => [`${name_}${i}`, own]);
    const out = await agree(
      {
        rows: {
          y,
          reversed: scan(true),
          ...(!isLoop && { tangent: jvp([y], leaves, directions)[0]! }),
          "written y": written,
          "written reversed": step(step(x, 1), 0),
          ...(!isLoop && { "written tangent": jvp([written], leaves, directions)[0]! }),
        },
        sums: Object.fromEntries([...named(gradients, "d"), ...named(means, "written d")]),
      },
      { rows: [1, 3], roundings: 2000 },
    );
    for (const kind of ["rows", "sums"] as const)
      for (const [key, data] of Object.entries(out[kind]))
        out[kind][`written ${key}`]?.forEach((value, i) => expect(data[i]!).toBeCloseTo(value, 7));
  });
});

test("two scans hold one scan: its slices are those of the stack that each goes through", async () => {
  const [first, second] = ["first", "second"].map((name) => g.parameter(name, [2, 2, 3])) as [Expr, Expr];
  const a = g.scan(x, 2, [first], (s, [rows]) => g.scan(s, 2, [rows!], (t, [row]) => g.mul(t, row!)));
  if (a.op !== "scan") throw new Error("not a scan");
  const { result, slot, slices } = a;
  const b = g.scan(
    x,
    2,
    [second],
    (s, [rows]) =>
      substitute(
        [result],
        new Map([
          [slot, s],
          [slices[0]!, rows!],
        ]),
      )[0]!,
  );
  const product = (stack: Expr): Expr =>
    [0, 1, 2, 3].reduce<Expr>((s, k) => g.mul(s, g.slice(g.reshape(stack, [12]), 3 * k, 3 * k + 3)), x);
  const { rows } = await agree({ rows: { a, b, "written a": product(first), "written b": product(second) } });
  for (const key of ["a", "b"])
    rows[`written ${key}`]!.forEach((value, i) => expect(rows[key]![i]!).toBeCloseTo(value, 12));
});

test("a direction of its own in each row, through a scan", async () => {
  const direction = g.mul(g.reshape(g.concatenate([x, x]), [2, 3]), 0.3);
  const y = g.scan(x, 2, [stackedB], (s, [b]) => g.mul(g.tanh(s), b!));
  const [tangent] = jvp([y], [stackedB], [direction]);
  const h = 1e-5;
  const at = (t: number): Expr => {
    let s: Expr = x;
    for (const k of [0, 1]) {
      const moved = g.add(stackedB, g.mul(direction, t));
      s = g.mul(g.tanh(s), g.reshape(g.slice(moved, k, k + 1), [3]));
    }
    return s;
  };
  const out = await agree({ rows: { tangent: tangent! } });
  const { rows } = await agree({ rows: { a: at(h), b: at(-h) } });
  out.rows.tangent!.forEach((value, i) =>
    expect(value).toBeCloseTo((rows.a![i]! - rows.b![i]!) / (2 * h), 6),
  );
});

test("what is computed from slices alone is not in the body", () => {
  const y = g.scan(x, 2, [stackedW, stackedB], (s, [w, b]) =>
    g.add(g.linear(s, g.matrixProduct(w!, m), g.linear(b!, m)), g.exp(b!)),
  ) as ScanExpr;
  const reads = new Set(y.result.op === "elementwise" ? y.result.inputs.map(({ op }) => op) : []);
  expect(reads).toEqual(new Set(["linear", "slot"]));
  expect(y.slices).toHaveLength(3);
  // Also where it is found to be so later.
  const late = g.scan(x, 2, [stackedB], (s, [b]) => g.add(s, g.exp(g.add(g.mul(0, s), b!))));
  const [simple] = simplify([late]) as [ScanExpr];
  expect(simple.result.inputs.every(({ op }) => op === "slot")).toBe(true);
});

test("a body that sums over rows is refused", () => {
  const total = (s: Expr): Expr => g.add(s, g.sumRows(s));
  expect(() => g.scan(x, 2, [stackedB], (s, [b]) => g.mul(b!, total(s)))).toThrow(ShapeError);
  expect(() => g.fixedPoint(x, 2, total)).toThrow(/fixedPoint: the body cannot sum over rows/);
  expect(() => g.iterate(x, 2, (s) => ({ state: total(s), done: g.constant(0) }))).toThrow(ShapeError);
});
