import { describe, expect, test } from "vitest";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import { mulOrZero } from "../../src/graph/derivative/mulOrZero.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";
import { agree } from "../engines/agree.ts";

const x = g.input("x", []);
const v = g.input("v", [2]);
const y = g.input("y", []);
const w = g.parameter("w", []);
const one = g.constant(1);
const isPositive = g.less(0, x);
const log = g.log(x);
const ofVector = (value: Expr): Expr => g.sum(value);

/** Values whose branch not taken is NaN or has an infinite derivative; with the derivative by x, where x is not above 0. */
const programs: Record<string, readonly [value: Expr, outside: number]> = {
  sqrt: [g.select(isPositive, g.sqrt(x), 0), 0],
  log: [g.select(isPositive, log, 0), 0],
  "in the other branch": [g.select(g.lessEqual(x, 0), 0, log), 0],
  "another value instead": [g.select(isPositive, log, g.mul(3, x)), 3],
  "a product, of a value that is not finite": [g.select(isPositive, g.mul(x, log), x), 1],
  "a quotient": [g.select(isPositive, g.div(1, x), 0), 0],
  "a chain": [g.select(isPositive, g.exp(g.mul(2, g.sqrt(g.log1p(x)))), 0), 0],
  "used twice in the branch": [g.select(isPositive, g.add(g.mul(log, 2), g.square(log)), 0), 0],
  "used in two selections": [
    g.add(g.select(isPositive, log, 0), g.select(g.less(1e-9, x), g.square(log), 0)),
    0,
  ],
  "a selection within one": [g.select(isPositive, g.select(g.less(x, 10), log, g.sqrt(x)), 0), 0],
  "both branches of one condition": [g.select(isPositive, log, g.log(g.sub(1, x))), Number.NaN],
  "a maximum with a bound": [g.max(g.select(isPositive, g.sqrt(x), 0), -1), 0],
  "a power": [g.select(isPositive, g.pow(x, 0.5), 0), 0],
  "a quantile": [g.select(isPositive, g.normalQuantile(g.mul(0.2, x)), 0), 0],
  "overflow in the branch": [
    g.select(isPositive, g.sqrt(x), g.select(g.less(x, 200), 0, g.exp(g.neg(x)))),
    0,
  ],
  "through a vector": [g.select(isPositive, ofVector(g.sqrt(g.concatenate([x, g.mul(2, x)]))), 0), 0],
  "through a norm": [g.select(isPositive, g.sqrt(ofVector(g.square(g.concatenate([x, x])))), 0), 0],
  "by element": [ofVector(g.select(g.less(0, g.concatenate([x, 1])), g.log(g.concatenate([x, 1])), 0)), 0],
  "through a layer": [
    g.select(
      isPositive,
      ofVector(g.linear(g.log(g.concatenate([x, x])), g.constant([1, 2, 3, 4], [2, 2]))),
      0,
    ),
    0,
  ],
  "through a layer at one position, chosen with others": [
    ofVector(
      g.select(
        g.less(0, g.concatenate([x, 1])),
        g.concatenate([
          g.reshape(
            g.linear(g.reshape(g.log(g.concatenate([x, x])), [1, 2]), g.constant([1, 2], [1, 2])),
            [1],
          ),
          g.constant([1]),
        ]),
        0,
      ),
    ),
    0,
  ],
  "through a solve": [
    g.select(
      isPositive,
      ofVector(
        g.solveTriangular(g.constant([1, 0, 3, 4], [2, 2]), g.log(g.concatenate([x, x])), { lower: true }),
      ),
      0,
    ),
    0,
  ],
  "in a map": [
    ofVector(
      g.mapFeatures([g.concatenate([x, 1])], ([u]) => [
        [g.select(g.less(0, u!), g.mul(u!, g.log(u!)), 0)],
      ])[0]!,
    ),
    0,
  ],
  "before a map with a branch": [
    ofVector(
      g.mapFeatures([g.log(g.concatenate([x, 2])), g.concatenate([x, 2])], ([u], [t]) => [
        [g.select(g.less(0, t!), g.mul(u!, t!), 0)],
      ])[0]!,
    ),
    0,
  ],
  "after a map": [
    g.select(isPositive, ofVector(g.mapFeatures([g.concatenate([x, 2])], ([u]) => [[g.log(u!)]])[0]!), 0),
    0,
  ],
  "in a scan": [
    ofVector(
      g.scan(g.concatenate([x, 1]), 2, [g.constant([1, 2])], (s, [b]) =>
        g.select(g.less(0, s), g.mul(b!, g.sqrt(s)), 0),
      ),
    ),
    0,
  ],
  "after a scan": [
    g.select(
      isPositive,
      ofVector(g.scan(g.log(g.concatenate([x, 1])), 2, [g.constant([1, 2])], (s, [b]) => g.mul(b!, s))),
      0,
    ),
    0,
  ],
  "a root that is not there": [
    g.select(
      isPositive,
      g.root(g.constant(0), g.constant(10), (s) => g.sub(g.square(s), x)),
      0,
    ),
    0,
  ],
  "a fixed point of no number": [
    g.select(
      isPositive,
      g.fixedPoint(x, 80, (s) => g.add(g.mul(0.2, g.sin(s)), log), { tolerance: 1e-13 }),
      0,
    ),
    0,
  ],
};

describe("no NaN comes through a branch that is not taken, and both modes agree", () => {
  test.each(Object.entries(programs))("%s", async (_, [value, outside]) => {
    const xs = [0, -1, 4, 0.5];
    const reverse = vjp([value], [g.rowMark()], [x])[0]!;
    const out = await agree(
      { rows: { forward: jvp([value], [x], [one])[0]!, reverse } },
      { rows: xs.length, inputs: { x: xs }, roundings: 4096 },
    );
    xs.forEach((at, i) => {
      const [forward, back] = [out.rows.forward![i]!, out.rows.reverse![i]!];
      if (Number.isFinite(outside)) {
        expect(Math.abs(back - forward)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(forward)));
        if (at <= 0) expect(back).toBe(outside);
      } else expect(Object.is(back, forward) || Math.abs(back - forward) < 1e-12).toBe(true);
    });
  });

  test("sums over rows, of which none takes the branch", async () => {
    const value = g.select(g.less(100, x), g.mul(g.sqrt(w), x), x);
    const [dw] = vjp([g.sumRows(value)], [one], [w]);
    const out = await agree(
      { sums: { dw: dw!, tangent: g.sumRows(g.mul(g.rowMark(), jvp([value], [w], [one])[0]!)) } },
      { rows: 2, inputs: { x: [1, 2] }, parameters: { w: [0] } },
    );
    expect(out.sums.dw![0]).toBe(0);
    expect(out.sums.tangent![0]).toBe(0);
  });

  test("a maximum and a minimum send nothing to the lesser", async () => {
    const value = g.add(g.max(g.sqrt(x), g.add(x, 1)), g.min(g.add(g.sqrt(x), 1), x));
    const out = await agree(
      { rows: { r: vjp([value], [g.rowMark()], [x])[0]!, f: jvp([value], [x], [one])[0]! } },
      { rows: 2, inputs: { x: [0, 0.25] } },
    );
    expect(out.rows.r).toEqual(Float64Array.of(2, 2));
    expect(out.rows.f).toEqual(out.rows.r);
  });

  test("a cotangent that happens to be zero still has derivatives", async () => {
    // f = u^2 with u = x^3 - 1 at x = 1: f' = 0, f'' = 18; inside of a selection.
    const u = g.sub(g.mul(x, g.square(x)), 1);
    const value = g.select(isPositive, g.square(u), g.sqrt(x));
    const [first] = vjp([value], [g.rowMark()], [x]);
    const second = vjp([first!], [g.rowMark()], [x])[0]!;
    const out = await agree(
      { rows: { first: first!, second, mixed: jvp([first!], [x], [one])[0]! } },
      { rows: 1, inputs: { x: [1] } },
    );
    expect(out.rows.first![0]).toBe(0);
    expect(out.rows.second![0]).toBeCloseTo(18, 12);
    expect(out.rows.mixed![0]).toBeCloseTo(18, 12);
  });

  test("what comes of products of matrices is brought back to zero where the branch is not taken", async () => {
    const [W, u, s] = [g.parameter("W", [2, 2]), g.parameter("u", [2]), g.parameter("s", [])];
    const two = g.concatenate([x, x]);
    const isLarge = g.less(5, s);
    const l = g.log(s);
    const gradients = {
      layer: vjp([g.sumRows(g.select(isPositive, ofVector(g.linear(g.log(two), g.exp(W))), 0))], [one], [W]),
      product: vjp([g.select(isLarge, ofVector(g.matrixProduct(g.log(W), g.exp(W))), 0)], [one], [W]),
      solve: vjp(
        [g.select(isLarge, ofVector(g.solveTriangular(g.exp(W), g.log(u), { lower: true })), 0)],
        [one],
        [W],
      ),
      shared: vjp([g.select(isLarge, ofVector(g.linear(g.log(u), g.sqrt(W))), 0)], [one], [W]),
      inScan: vjp(
        [g.sumRows(ofVector(g.scan(two, 2, [], (at) => g.add(at, g.select(g.less(0, l), g.mul(l, at), 0)))))],
        [one],
        [s],
      ),
    };
    const sums = Object.fromEntries(Object.entries(gradients).map(([name, [gradient]]) => [name, gradient!]));
    const out = await agree(
      { sums },
      { rows: 2, inputs: { x: [-1, -2] }, parameters: { W: [0, 0.5, 0.3, 2], u: [-1, 1], s: [0] } },
    );
    for (const gradient of Object.values(out.sums)) for (const value of gradient) expect(value).toBe(0);
  });

  test("a product in which zero wins", async () => {
    const [a, b] = [g.input("a", []), g.input("b", [])];
    const infinity = Number.POSITIVE_INFINITY;
    const as = [infinity, Number.NaN, 3, infinity, 2, -0, Number.NaN];
    const bs = [0, -0, 0, 2, Number.NaN, -5, 1];
    const out = await agree(
      { rows: { product: mulOrZero(a, b) } },
      { rows: as.length, inputs: { a: as, b: bs } },
    );
    expect([...out.rows.product!]).toEqual([0, 0, 0, infinity, Number.NaN, 0, Number.NaN]);
  });

  test("zero wins in its derivatives, too", async () => {
    // At 0 the root has an infinite derivative, and the logarithm is infinite.
    const programs = { root: mulOrZero(g.sqrt(x), y), logarithm: mulOrZero(log, y) };
    for (const [name, value] of Object.entries(programs)) {
      const [dx, dy] = vjp([value], [g.rowMark()], [x, y]) as [Expr, Expr];
      const rows = { dx, dy, alongX: jvp([value], [x], [one])[0]!, alongY: jvp([value], [y], [one])[0]! };
      const out = await agree({ rows }, { rows: 2, inputs: { x: [0, 4], y: [0, 0] } });
      for (const row of Object.values(out.rows)) expect(row[0]).toBe(0);
      // What is finite counts, where the second is 0 as where it is not.
      const atFour = name === "root" ? 2 : Math.log(4);
      for (const row of [out.rows.dy!, out.rows.alongY!]) expect(row[1]).toBeCloseTo(atFour, 12);
      for (const row of [out.rows.dx!, out.rows.alongX!]) expect(row[1]).toBe(0);
    }
  });

  test("derivatives of derivatives are 0 where a branch is not taken, and those of the branch where it is", async () => {
    // In the branch (log x)^2 + 3 log x, whose logarithm is read twice: f' = (2 log x + 3) / x, and so on.
    const value = g.select(isPositive, g.add(g.square(log), g.mul(3, log)), 0);
    const derivatives = [value];
    for (let order = 1; order <= 3; order++)
      derivatives.push(vjp([derivatives.at(-1)!], [g.rowMark()], [x])[0]!);
    const [, first, second, third] = derivatives as [Expr, Expr, Expr, Expr];
    const rows = { first, second, third, along: jvp([first], [x], [one])[0]! };
    const xs = [-2, 0, 0.5, 1, 3];
    const out = await agree({ rows }, { rows: xs.length, inputs: { x: xs }, roundings: 4096 });
    xs.forEach((at, i) => {
      const l = Math.log(at);
      const right = {
        first: (2 * l + 3) / at,
        second: (-1 - 2 * l) / at ** 2,
        along: (-1 - 2 * l) / at ** 2,
        third: (4 * l) / at ** 3,
      };
      for (const [name, expected] of Object.entries(right))
        expect(out.rows[name]![i]).toBeCloseTo(at > 0 ? expected : 0, 10);
    });
  });

  test("what is really not a number stays so", async () => {
    const out = await agree(
      {
        rows: { d: vjp([g.add(g.select(isPositive, x, y), g.sqrt(x))], [g.rowMark()], [x])[0]!, v: g.sum(v) },
      },
      { rows: 1, inputs: { x: [-1], y: [1], v: [1, 2] } },
    );
    expect(out.rows.d![0]).toBeNaN();
  });
});
