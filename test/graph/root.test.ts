import { describe, expect, test } from "vitest";
import { planar } from "../../src/bijections/residual/planar.ts";
import { sylvester } from "../../src/bijections/residual/sylvester.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { agree } from "../engines/agree.ts";

const x = g.input("x", []);
const within = (end: number, f: (y: Expr) => Expr, options = {}): Expr =>
  g.root(g.constant(-end), g.constant(end), f, options);

describe("a root is found, or is not a number", () => {
  test("in any bracket", async () => {
    const xs = [0.5, -0.3, 0.001, 0, -0.999, 1e-12];
    const ends = [1e3, 1e15, 1e30, 1e37];
    const rows = Object.fromEntries(
      ends.flatMap((end) => [
        [`tanh ${end}`, within(end, (v) => g.sub(g.tanh(v), x))],
        [`cube ${end}`, within(end, (v) => g.sub(g.mul(v, g.square(v)), x))],
      ]),
    );
    const out = await agree({ rows }, { rows: xs.length, inputs: { x: xs }, roundings: 400 });
    for (const end of ends)
      xs.map(Math.fround).forEach((at, i) => {
        expect(out.rows[`tanh ${end}`]![i]!).toBeCloseTo(Math.atanh(at), 11);
        expect(out.rows[`cube ${end}`]![i]!).toBeCloseTo(Math.cbrt(at), 9);
      });
  });

  test("one-sided, far away, and where the function overflows", async () => {
    const xs = [3, 1e-6, 700, 1e20];
    const y = g.root(g.constant(-1e3), g.constant(1e30), (v) => g.sub(v, x));
    const power = g.root(g.constant(0), g.constant(1e3), (v) => g.sub(g.expm1(v), x));
    const out = await agree({ rows: { y, power } }, { rows: xs.length, inputs: { x: xs } });
    xs.map(Math.fround).forEach((at, i) => {
      expect(Math.abs(out.rows.y![i]! / at - 1)).toBeLessThan(1e-15);
      expect(out.rows.power![i]!).toBeCloseTo(Math.log1p(at), 12);
    });
  });

  test("the root of a vector, of which one element has none", async () => {
    const c = g.constant([1, 400, -2]);
    const y = g.root(g.constant([-10, -10, -10]), g.constant([10, 10, 10]), (v) => g.sub(g.add(v, x), c));
    const out = await agree({ rows: { y } }, { rows: 2, inputs: { x: [0, 1] } });
    expect(Array.from(out.rows.y!, (v) => Math.round(v * 1e6) / 1e6)).toEqual([
      1,
      Number.NaN,
      -2,
      0,
      Number.NaN,
      -3,
    ]);
  });

  test.each<[string, Expr]>([
    ["a decreasing function", within(10, (v) => g.sub(x, v))],
    ["a function above 0", within(10, (v) => g.add(g.exp(v), 1))],
    ["a function below 0", within(10, (v) => g.sub(g.tanh(v), 2))],
    ["a function that is not a number", within(10, (v) => g.log(g.sub(v, 20)))],
    [
      "a function that is not a number inside",
      within(10, (v) => g.select(g.less(g.abs(v), 9), Number.NaN, v)),
    ],
    ["too few evaluations", within(1e30, (v) => g.sub(g.tanh(v), g.mul(x, 0.1)), { iterations: 20 })],
    ["a bracket without end", within(Number.POSITIVE_INFINITY, (v) => g.sub(v, x))],
  ])("%s gives NaN", async (_, y) => {
    const out = await agree({ rows: { y } }, { rows: 2, inputs: { x: [1, 2] } });
    expect(Array.from(out.rows.y!)).toEqual([Number.NaN, Number.NaN]);
  });

  test("an end of the bracket is a root, with slack also where rounding has put it outside", async () => {
    const ends = {
      low: g.root(x, g.add(x, 1), (v) => g.sub(v, x)),
      high: g.root(g.sub(x, 1), x, (v) => g.sub(v, x)),
    };
    const outside = g.root(g.add(x, 1e-3), g.add(x, 1), (v) => g.sub(v, x), { slack: 0.01 });
    const out = await agree({ rows: { ...ends, outside } }, { rows: 2, inputs: { x: [1, 0] } });
    expect(Array.from(out.rows.low!)).toEqual([1, 0]);
    expect(Array.from(out.rows.high!)).toEqual([1, 0]);
    expect(out.rows.outside![0]!).toBeCloseTo(1.001, 6);
  });

  test("derivatives are those of the equation", async () => {
    const y = within(1e30, (v) => g.sub(g.add(v, g.mul(v, g.square(v))), x));
    const out = await agree(
      { rows: { y, d: vjp([y], [g.rowMark()], [x])[0]!, t: jvp([y], [x], [g.constant(1)])[0]! } },
      { rows: 3, inputs: { x: [2, 0, -10] }, roundings: 400 },
    );
    out.rows.y!.forEach((v, i) => {
      expect(out.rows.d![i]!).toBeCloseTo(1 / (1 + 3 * v * v), 12);
      expect(out.rows.t![i]!).toBeCloseTo(out.rows.d![i]!, 14);
    });
  });
});

describe("bijections whose inverse is a root have one everywhere", () => {
  const rows = [1e-6, 0.3, 1, 7, 300, 1e4, 1e7].flatMap((size) => [size, -size, -size, size * 0.37]);
  const u = g.input("u", [2]);
  const flows = { planar: planar({ features: 2 }), sylvester: sylvester({ features: 2, units: 2 }) };
  const inverses = Object.entries(flows).map(([name, flow]): [string, Expr] => [
    name,
    flow.inverse(u, bindTree(flow.parameters, `${name}.`)).value,
  ]);
  test.each([1e-8, 3, 1e4])("with parameters of size %d", async (scale) => {
    const out = await agree(
      { rows: Object.fromEntries(inverses) },
      // Far out, and where the map is nearly flat, what rounding leaves is another matter.
      { rows: rows.length / 2, inputs: { u: rows }, scale, roundings: 1e30 },
    );
    for (const data of Object.values(out.rows)) expect(data.every(Number.isFinite)).toBe(true);
  });
});
