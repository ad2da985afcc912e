import { afterAll, describe, expect, test } from "vitest";
import { checkGraph } from "../../src/graph/checkGraph.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, ScanExpr } from "../../src/graph/expr.ts";
import { slot as newSlot } from "../../src/graph/ops/leaves.ts";
import * as g from "../../src/graph/ops.ts";
import { observePasses } from "../../src/graph/passes.ts";
import { prepareProgram } from "../../src/graph/program.ts";

const x = g.input("x", [3]);
const p = g.parameter("p", [3]);
const spoil = (node: Expr, changes: object): Expr => ({ ...node, ...changes }) as Expr;
const scan = g.scan(g.zeros([3]), 4, [g.parameter("w", [4, 3])], (state, [w]) => g.add(state, g.mul(x, w!)));
const slot = (scan as ScanExpr).slot;

test("graphs as they should be are let through, with their derivatives and simplified", () => {
  const value = g.sum(g.mul(g.add(scan, g.exp(x)), p));
  checkGraph("test", [value, ...vjp([value], [g.constant(1)], [x, p])]);
});

describe("a broken graph is found, and the message says where", () => {
  test.each<[string, Expr, RegExp]>([
    [
      "an unknown operation",
      spoil(g.exp(x), { op: "twist" }),
      /test: twist \[3\]: there is no operation "twist"/,
    ],
    ["an unknown element-wise operation", spoil(g.exp(x), { name: "twist" }), /no operation "twist"/],
    ["an input too many", spoil(g.exp(x), { inputs: [x, x] }), /it has 2 inputs/],
    ["another shape than its inputs", spoil(g.exp(x), { shape: [4] }), /an input of it has the shape \[3\]/],
    ["an extent that is none", spoil(g.exp(x), { shape: [1.5] }), /not positive integers/],
    [
      "shared though its input is of each row",
      spoil(g.exp(x), { space: "shared" }),
      /its space is shared, its inputs say row/,
    ],
    [
      "of each row though its input is shared",
      spoil(g.exp(p), { space: "row" }),
      /its space is row, its inputs say shared/,
    ],
    ["a reshape of other numbers", spoil(g.reshape(x, [3, 1]), { shape: [4, 1] }), /its input has 3 numbers/],
    [
      "an index out of range",
      spoil(g.gather(x, [2, 0], [2]), { indices: Int32Array.of(3, 0) }),
      /out of range/,
    ],
    ["an index too few", spoil(g.gather(x, [2, 0], [2]), { indices: Int32Array.of(1) }), /it has 1 indices/],
    ["a sum of other numbers", spoil(g.sum(x), { count: 4 }), /it sums 1 x 4 x 1 of 3 numbers/],
    ["a constant without its numbers", spoil(g.constant([1, 2]), { shape: [3] }), /it holds 2 numbers/],
    [
      "a matrix that does not fit",
      spoil(g.linear(x, g.parameter("w", [2, 3])), { inputs: [x, g.parameter("w", [2, 4])] }),
      /its weights are \[2, 4\]/,
    ],
    [
      "a body of another shape",
      spoil(scan, { result: g.concatenate([slot, slot]) }),
      /another shape than it takes/,
    ],
    [
      "a fault inside of a body",
      spoil(scan, { result: spoil(g.exp(slot), { name: "twist" }) }),
      /no operation "twist"/,
    ],
    ["a slot outside of its body", g.add(slot, x), /slot \[3\]: it is outside of its body/],
    ["a slot of another body", spoil(scan, { result: newSlot([3], "step") }), /outside of its body/],
  ])("%s", (_, node, message) => {
    expect(() => checkGraph("test", [g.sum(node)])).toThrow(message);
  });
});

describe("after every pass", () => {
  afterAll(() => observePasses(undefined));

  test("what is prepared and what is differentiated is looked at", () => {
    const seen: string[] = [];
    observePasses((pass, outputs, isInside) => {
      seen.push(pass);
      checkGraph(pass, outputs, isInside);
    });
    const loss = g.sum(g.square(x));
    prepareProgram({ rows: { slope: vjp([loss], [g.constant(1)], [x])[0]! } });
    expect(seen).toEqual(["vjp", "the program as it was written", "simplification"]);
    expect(() => prepareProgram({ rows: { broken: spoil(g.exp(x), { name: "twist" }) } })).toThrow(
      /the program as it was written: elementwise \[3\]/,
    );
  });
});
