/** The derivative of a scan of many steps, of which not all states are kept. */

import { describe, expect, test } from "vitest";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, ScanExpr } from "../../src/graph/expr.ts";
import { solveOde } from "../../src/graph/library/ode.ts";
import { unrolledScan } from "../../src/graph/ops/bodies.ts";
import * as g from "../../src/graph/ops.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { allCalls } from "../../src/plan/check/calls.ts";
import { makePlan } from "../../src/plan/makePlan.ts";
import { agree } from "../engines/agree.ts";

const n = 3;
const x = g.input("x", [n]);
const parameters = (steps: number) => ({
  weights: g.parameter("weights", [steps, n, n]),
  bias: g.parameter("bias", [steps, n]),
  outer: g.parameter("outer", [n, n]),
});

type Body = (state: Expr, weights: Expr, bias: Expr, outer: Expr) => Expr;
const bodies: Readonly<Record<string, Body>> = {
  "a layer with weights of each step": (s, w, b) => g.tanh(g.add(s, g.linear(g.sin(s), g.mul(0.2, w), b))),
  "a layer whose weights are those of all steps": (s, _, b, outer) =>
    g.tanh(g.add(g.linear(s, g.mul(0.4, outer)), g.mul(b, x))),
  "branches that are not finite where they are not taken": (s, _, b) =>
    g.add(
      g.mul(0.5, s),
      g.select(g.less(0, b), g.mul(0.1, g.sqrt(g.mul(g.abs(s), b))), g.mul(0.1, g.sin(s))),
    ),
  "a scan in the scan": (s, w, b) =>
    g.scan(g.add(g.mul(0.5, s), g.mul(0.1, b)), n, [w], (t, [row]) => g.tanh(g.add(t, g.mul(0.2, row!)))),
};

/** Gradients by everything that a scan depends on, and a tangent of one of them. */
function program(y: Expr, steps: number): Partial<Program> {
  const leaves = parameters(steps);
  const value = g.sum(g.sin(y));
  const names = Object.keys(leaves);
  const gradients = vjp([g.sumRows(value)], [g.constant(1)], Object.values(leaves));
  const direction = g.constant(Float64Array.from({ length: n }, (_, i) => 0.3 + i));
  return {
    rows: { dx: g.add(vjp([value], [g.rowMark()], [x])[0]!, g.mul(0, x)) },
    sums: {
      ...Object.fromEntries(names.map((name, i) => [name, gradients[i]!])),
      mixed: g.sum(jvp([gradients[1]!], [x], [direction])[0]!),
    },
  };
}

function scanned(body: Body, steps: number, options: { reversed?: boolean; keptEvery?: number }): ScanExpr {
  const { weights, bias, outer } = parameters(steps);
  const y = g.scan(x, steps, [weights, bias], (s, [w, b]) => body(s, w!, b!, outer), options);
  if (y.op !== "scan") throw new Error("not a scan");
  return y;
}

describe("the gradient of a scan of many steps", () => {
  test.each(Object.entries(bodies))("is that of the steps written out: %s", async (_, body) => {
    for (const [steps, reversed] of [
      [7, false],
      [6, true],
    ] as const) {
      const scan = scanned(body, steps, { reversed, keptEvery: 3 });
      const given = { rows: 5, scale: 0.5, roundings: 4096 };
      const { rows, sums } = await agree(program(scan, steps), given);
      const written = await agree(program(unrolledScan(scan), steps), given);
      for (const [name, data] of Object.entries({ ...written.rows, ...written.sums }))
        data.forEach((value, i) => {
          const actual = { ...rows, ...sums }[name]![i]!;
          expect(Math.abs(actual - value), `${name}[${i}]`).toBeLessThan(
            1e-12 * Math.max(1, Math.abs(value)),
          );
        });
    }
  });

  test("is that of differences", async () => {
    const [steps, size] = [30, 1e-5];
    const { weights, bias, outer } = parameters(steps);
    const body = bodies["a layer with weights of each step"]!;
    const loss = (shift: number): Expr => {
      const options = { keptEvery: 6 };
      const y = g.scan(
        x,
        steps,
        [weights, g.add(bias, shift)],
        (s, [w, b]) => body(s, w!, b!, outer),
        options,
      );
      return g.sumRows(g.sum(g.sin(y)));
    };
    const [up, down] = [loss(size), loss(-size)];
    const slope = g.sum(vjp([loss(0)], [g.constant(1)], [bias])[0]!);
    const { sums } = await agree({ sums: { up, down, slope } }, { scale: 0.5, roundings: 1e5 });
    expect(sums.slope![0]).toBeCloseTo((sums.up![0]! - sums.down![0]!) / (2 * size), 7);
  });

  test("is of one size, however many the steps are", () => {
    const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 0 } as const;
    const callsOf = (steps: number): number => {
      const y = scanned(bodies["a layer with weights of each step"]!, steps, { keptEvery: 5 });
      const gradients = vjp(
        [g.sumRows(g.sum(y))],
        [g.constant(1)],
        Object.values(parameters(steps)).slice(0, 2),
      );
      const sums = Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient]));
      return [...allCalls(makePlan(prepareProgram({ sums }), target))].length;
    };
    expect(callsOf(600)).toBe(callsOf(11));
  });

  test("four times the steps need twice the memory, where they are many", () => {
    const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 0 } as const;
    const arenaOf = (d: Expr): number => makePlan(prepareProgram({ sums: { d } }), target).memory.arenaBytes;
    const [wide, weights] = [g.input("wide", [64]), g.parameter("weights", [64, 64])];
    const ofScan = (steps: number): number => {
      const stack = g.parameter("stack", [steps, 64]);
      const y = g.scan(wide, steps, [stack], (s, [row]) => g.tanh(g.add(s, row!)));
      return arenaOf(vjp([g.sumRows(g.sum(y))], [g.constant(1)], [stack])[0]!);
    };
    expect(ofScan(144)).toBeLessThan(2.2 * ofScan(36));
    // Fixed steps of a differential equation are a scan.
    const ofEquation = (steps: number): number => {
      const method = { kind: "fixed", order: "euler", steps } as const;
      const { state } = solveOde(wide, (_, z) => g.tanh(g.linear(z, weights)), { from: 0, to: 1, method });
      return arenaOf(vjp([g.sumRows(g.sum(state))], [g.constant(1)], [weights])[0]!);
    };
    expect(ofEquation(100)).toBeLessThan(2.2 * ofEquation(25));
  });
});
