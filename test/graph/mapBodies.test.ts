import { describe, expect, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { ShapeError } from "../../src/errors.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import type { Transformer } from "../../src/transformers/transformer.ts";
import { agree } from "../engines/agree.ts";

const x = g.input("x", [3]);
const p = g.parameter("p", [3]);
const given = { rows: 1, inputs: { x: [1, 2, 3] }, parameters: { p: [10, 20, 30] } };

/** The first scalar result of a body on x and p. */
function mapped(body: (a: Expr, b: Expr) => Expr): Expr {
  return g.mapFeatures([x, p], ([a], [b]) => [[body(a!, b!)]])[0]!;
}

describe("a map body that is more than scalar operations is computed", () => {
  test.each<[string, (a: Expr, b: Expr) => Expr, readonly number[]]>([
    ["sum", (a, b) => g.sum(g.concatenate([a, b])), [11, 22, 33]],
    [
      "sum along an axis",
      (a, b) => g.sum(g.sum(g.reshape(g.concatenate([a, b, a, b]), [2, 2]), 0)),
      [22, 44, 66],
    ],
    ["log of a sum", (a) => g.logSumExp(g.concatenate([a, a])), [1, 2, 3].map((v) => v + Math.LN2)],
    ["maximum", (a, b) => g.maximum(g.concatenate([b, a])), [10, 20, 30]],
    ["gather", (a, b) => g.reshape(g.gather(g.concatenate([a, b]), [1], [1]), []), [10, 20, 30]],
    ["gather of nothing", (a) => g.reshape(g.gather(g.reshape(a, [1]), [-1], [1]), []), [0, 0, 0]],
    ["scatter", (a, b) => g.sum(g.scatter(g.concatenate([a, b]), [0, 0], [2])), [11, 22, 33]],
    [
      "select by element",
      (a, b) => g.sum(g.select(g.less(5, g.concatenate([a, b])), 1, g.concatenate([b, a]))),
      [11, 21, 31],
    ],
    ["a shape of ones", (a) => g.sum(g.mul(g.reshape(a, [1, 1]), g.constant([2, 3], [2, 1]))), [5, 10, 15]],
    [
      "a product",
      (a, b) => g.sum(g.linear(g.concatenate([a, b]), g.constant([1, 2, 3, 4], [2, 2]), g.constant([1, 1]))),
      [66, 130, 194],
    ],
    [
      "its transpose",
      (a, b) =>
        g.reshape(
          g.slice(
            g.linear(g.concatenate([a, b]), g.constant([1, 2, 3, 4], [2, 2]), undefined, {
              transposed: true,
            }),
            0,
            1,
          ),
          [],
        ),
      [31, 62, 93],
    ],
    [
      "a triangular solve",
      (a, b) =>
        g.sum(g.solveTriangular(g.constant([2, 9, 1, 4], [2, 2]), g.concatenate([a, b]), { lower: true })),
      [0.5 + 9.5 / 4, 1 + 19 / 4, 1.5 + 28.5 / 4],
    ],
    [
      "a map",
      (a, b) => g.sum(g.mapFeatures([g.concatenate([a, b])], ([u]) => [[g.mul(u!, u!)]])[0]!),
      [101, 404, 909],
    ],
  ])("%s", async (_, body, expected) => {
    const y = mapped(body);
    const one = g.mul(g.rowMark(), g.constant([1, 1, 1]));
    const rows = { y, dx: vjp([y], [one], [x])[0]!, tangent: jvp([y], [x], [g.constant([1, 1, 1])])[0]! };
    const sums = { dp: vjp([g.sumRows(y)], [g.constant([1, 1, 1])], [p])[0]! };
    const out = await agree({ rows, sums }, given);
    expected.forEach((value, i) => expect(out.rows.y![i]!).toBeCloseTo(value, 10));
    expect(out.rows.tangent).toEqual(out.rows.dx);
  });

  test("a transformer of one's own may use vectors", async () => {
    // y = log(e^x + e^(x + p)) = x + log(1 + e^p)
    const transformer: Transformer = {
      type: "shift",
      parameterCount: 1,
      inverse: (y, [q]) => ({
        value: g.sub(y, g.logSumExp(g.concatenate([0, q!]))),
        logDerivative: g.mul(0, y),
      }),
      forward: (u, [q]) => ({
        value: g.logSumExp(g.concatenate([u, g.add(u, q!)])),
        logDerivative: g.mul(0, u),
      }),
      toJSON: () => ({ type: "shift" }),
    };
    const bijection = elementwise({ features: 2, transformer });
    const u = g.input("u", [2]);
    const bound = bindTree(bijection.parameters);
    const rows = { forward: bijection.forward(u, bound).value, inverse: bijection.inverse(u, bound).value };
    const shift = Math.log(1 + Math.E);
    const names = [
      ...new Set(
        Object.values(bound)
          .flat()
          .map((own) => (own as { name: string }).name),
      ),
    ];
    const out = await agree(
      { rows },
      {
        rows: 1,
        inputs: { u: [0.5, -1] },
        parameters: Object.fromEntries(names.map((name) => [name, [1, 1]])),
      },
    );
    expect(out.rows.forward![0]!).toBeCloseTo(0.5 + shift, 12);
    expect(out.rows.inverse![1]!).toBeCloseTo(-1 - shift, 12);
  });
});

describe("a map body that cannot be computed feature by feature is refused", () => {
  test.each<[string, (a: Expr) => Expr]>([
    ["parameter", (a) => g.add(a, g.reshape(g.slice(p, 0, 1), []))],
    ["rowMark", (a) => g.mul(a, g.rowMark())],
    ["random", (a) => g.mul(a, g.randomUniform([], "r"))],
    ["sumRows", (a) => g.add(a, g.sumRows(a))],
    ["fixedPoint", (a) => g.fixedPoint(a, 3, (s) => g.mul(0.5, g.add(s, a)))],
  ])("%s", (op, body) => {
    expect(() => mapped((a) => body(a))).toThrow(ShapeError);
    expect(() => mapped((a) => body(a))).toThrow(op);
  });

  test("a result that is no scalar", () => {
    expect(() => mapped((a, b) => g.concatenate([a, b]))).toThrow(
      /what the body gives must be scalars, got \[2\]/,
    );
  });
});
