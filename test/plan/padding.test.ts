import { describe, expect, test } from "vitest";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, topologicalOrder } from "../../src/graph/expr.ts";
import { prepareProgram } from "../../src/graph/program.ts";
import * as g from "../../src/graph/publicOps.ts";
import { guardPadding } from "../../src/plan/analysis/padding.ts";
import { agree } from "../engines/agree.ts";

const one = g.constant(1);
const x = g.input("x", [3]);
const s = g.sum(x);
const a = g.parameter("a", []);
const w = g.parameter("w", [3, 3]);
const rowMark = g.rowMark();

/** A solution whose lanes without a row stay at the end of a bracket, where the function overflows. */
const root = g.root(g.constant(-100), g.constant(100), (y) =>
  g.sub(g.add(g.exp(y), y), g.mul(a, g.square(s))),
);
const gradientOf = (y: Expr, wrt: Expr): Expr => vjp([g.sumRows(y)], [one], [wrt])[0]!;

describe("a sum over rows sees rows alone, however few there are", () => {
  const sums: Record<string, Expr> = {
    "a quotient of row marks": g.sumRows(g.div(g.mul(rowMark, s), rowMark)),
    "a pole without a row": g.sumRows(g.log(rowMark)),
    "a pole times a mark": g.sumRows(g.mul(rowMark, g.log(rowMark))),
    "a mark through a bounded function": g.sumRows(g.tanh(g.mul(rowMark, g.div(1, g.sub(s, s))))),
    "a branch that only padding takes": g.sumRows(
      g.select(g.less(rowMark, 0.5), g.mul(rowMark, g.div(1, g.mul(0, s))), g.mul(rowMark, s)),
    ),
    "gradient of a root": gradientOf(root, a),
    "second derivative through a root": jvp([gradientOf(root, a)], [a], [one])[0]!,
    "a layer of what padding has no number for": g.sum(
      g.square(gradientOf(g.sum(g.tanh(g.linear(g.add(x, root), w))), w)),
    ),
    "an outer product with a pole": g.sum(
      g.sumOuter(g.mul(rowMark, x), g.log(g.add(g.broadcastTo(rowMark, [2]), 0))),
    ),
    "a gradient through a contraction": gradientOf(
      g.sum(g.fixedPoint(x, 200, (y) => g.mul(0.3, g.add(g.tanh(y), g.mul(a, x))), { tolerance: 1e-12 })),
      a,
    ),
    "a gradient of random numbers": gradientOf(g.log(g.mul(a, g.randomUniform([], "u"))), a),
  };
  test.each(Object.entries(sums))("%s", async (_, sum) => {
    const parameters = { a: [2], w: [0.1, -0.2, 0.3, 0.4, 0.5, -0.6, 0.7, 0.8, 0.9] };
    const out = await agree({ sums: { sum } }, { rows: [1, 3, 64, 70], parameters, roundings: 4096 });
    expect(out.sums.sum!.every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe("guardPadding", () => {
  /** How many sums over rows get a selection by row mark in front. */
  const guards = (...outputs: Expr[]): number => {
    const { sums } = prepareProgram({ sums: Object.fromEntries(outputs.map((own, i) => [`${i}`, own])) });
    return topologicalOrder(guardPadding(Object.values(sums))).filter(
      (node) =>
        node.op === ("select" as never) ||
        (node.op === "elementwise" && node.name === "select" && node.inputs[0]!.op === "rowMark"),
    ).length;
  };

  test("leaves what is zero there by linearity as it is: gradients cost no guards", () => {
    const layer = g.linear(g.max(g.linear(x, w), 0), w);
    const value = g.sum(g.mul(g.exp(layer), g.tanh(x)));
    expect(guards(...vjp([g.mul(rowMark, value)], [rowMark], [w, a]))).toBe(0);
  });

  test("guards what is a number, or may be none, there", () => {
    expect(guards(g.sumRows(s))).toBe(1);
    expect(guards(g.sumRows(g.mul(rowMark, g.log(rowMark))))).toBe(1);
    expect(guards(g.sumRows(g.div(rowMark, rowMark)))).toBe(1);
  });

  test("a chain of iterations takes time in proportion to its length", () => {
    let y: Expr = x;
    for (let i = 0; i < 60; i++) {
      const before = y;
      y = g.fixedPoint(before, 3, (state) => g.add(before, g.linear(g.tanh(state), w)));
    }
    expect(guardPadding(prepareProgram({ rows: { y } }).rows.y ? [y] : [])).toHaveLength(1);
  });
});
