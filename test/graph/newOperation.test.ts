/**
 * An operation that a stage knows no rule for is refused there by name. A stage that went on with a guess (a gradient of zero,
 * the operand itself) would give wrong numbers without a word. The type checker asks for the rule; this holds what happens where
 * it was silenced.
 */

import { expect, test } from "vitest";
import { interpret } from "../../src/engines/reference/interpreter.ts";
import { compileProgram } from "../../src/engines/wasm/compileAtOnce.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, FixedPointExpr } from "../../src/graph/expr.ts";
import { slot as newSlot } from "../../src/graph/ops/leaves.ts";
import * as g from "../../src/graph/ops.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { substitute } from "../../src/graph/rebuild.ts";
import { scalarize } from "../../src/graph/scalarize.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { guardPadding } from "../../src/plan/analysis/padding.ts";
import { readinessOf } from "../../src/plan/analysis/readiness.ts";

/** A node of an operation that nobody has written rules for. */
const twist = (x: Expr): Expr => ({ ...g.exp(x), op: "twist" }) as unknown as Expr;
/** A node of an element-wise operation that nobody has written rules for. */
const swirl = (x: Expr): Expr => ({ ...g.exp(x), name: "swirl" }) as unknown as Expr;

const x = g.input("x", [3]);
const p = g.parameter("p", [3]);
const slot = newSlot([], "row");
const state = newSlot([3], "row");
const fixed: FixedPointExpr = {
  ...(g.fixedPoint(x, 3, (y) => g.mul(0.5, y)) as FixedPointExpr),
  slot: state,
};
const readiness = (result: Expr): unknown => readinessOf({ ...fixed, result }, [result], []);

function compile(program: Partial<Program>): unknown {
  const machine = { threads: 1, sharedMemory: false, maximumPages: 64, rowLength: 64 };
  const vector = { precision: "float64", relaxed: false, wide: false } as const;
  return compileProgram(prepareProgram(program, { simplified: false }), { ...machine, vector });
}

test.each<[string, () => unknown]>([
  ["the gradient", () => vjp([g.sum(twist(x))], [g.constant(1)], [x])],
  ["the directional derivative", () => jvp([twist(x)], [x], [g.constant([1, 1, 1])])],
  ["the replacement of inputs", () => substitute([twist(x)], new Map([[x, g.neg(x)]]))],
  ["simplification", () => simplify([twist(x)])],
  ["the body of a map", () => scalarize([twist(slot)], new Set([slot]))],
  ["the reference engine", () => interpret([twist(x)], new Map([[x, new Float64Array(3)]]), 1)],
  ["padding", () => guardPadding([g.sumRows(twist(x))])],
  ["the order of an inverse", () => readiness(twist(state))],
  ["code for rows", () => compile({ rows: { out: twist(x) } })],
  ["code for shared values", () => compile({ sums: { out: twist(p) } })],
])("%s refuses an operation that it has no rule for", (_, stage) => {
  expect(stage).toThrow(/no rule for the operation "twist"/);
});

test.each<[string, () => unknown]>([
  ["the gradient", () => vjp([g.sum(swirl(x))], [g.constant(1)], [x])],
  ["the directional derivative", () => jvp([swirl(x)], [x], [g.constant([1, 1, 1])])],
  ["the reference engine", () => interpret([swirl(x)], new Map([[x, new Float64Array(3)]]), 1)],
  ["code for rows", () => compile({ rows: { out: swirl(x) } })],
  ["code for shared values", () => compile({ sums: { out: swirl(p) } })],
])("%s refuses an element-wise operation that it has no rule for", (_, stage) => {
  expect(stage).toThrow();
});

test("padding takes an element-wise operation that it does not know for one that is not 0 there", () => {
  const known = g.sumRows(g.mul(g.neg(g.mul(x, g.rowMark())), 2));
  const unknown = g.sumRows(g.mul(swirl(g.mul(x, g.rowMark())), 2));
  expect(guardPadding([known])[0]).toBe(known);
  expect(guardPadding([unknown])[0]).not.toBe(unknown);
});
