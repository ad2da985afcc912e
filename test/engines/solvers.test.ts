/** Loops with a stop test of each row, roots, contractions and differential equations: values, derivatives, engines. */

import { describe, expect, test } from "vitest";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import type { Program } from "../../src/graph/program.ts";
import * as g from "../../src/graph/publicOps.ts";
import { gaussLegendre } from "../../src/numerics/gaussLegendre.ts";
import { type EngineCase, engines } from "../engines.ts";

type Arrays = Record<string, Float64Array>;

async function run(
  { engine }: EngineCase,
  program: Partial<Program>,
  rows: number,
  inputs: Arrays,
  parameters: Arrays = {},
): Promise<{ rows: Readonly<Arrays>; sums: Readonly<Arrays> }> {
  const executable = await engine.compile(program);
  await setKnownParameters(executable, parameters);
  const outputs = await executable.run({ rows, inputs });
  executable.dispose();
  return outputs;
}

const wave = (n: number, shift = 0): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => 1.5 * Math.sin(1.7 * i + shift));

const closeTo = (values: ArrayLike<number>, expected: ArrayLike<number>, relative: number): void => {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < values.length; i++)
    expect(Math.abs(values[i]! - expected[i]!), `${i}: ${values[i]} for ${expected[i]}`).toBeLessThanOrEqual(
      relative * Math.max(1, Math.abs(expected[i]!)),
    );
};

describe.each(engines)("$name", (engine) => {
  const { epsilon } = engine;

  test("a loop stops each row by itself, and keeps what it has found", async () => {
    // Collatz: the number of steps to 1, up to 120.
    const x = g.input("x", []);
    const found = g.iterate(g.concatenate([g.reshape(x, [1]), g.constant([0])]), 120, (state) => {
      const [n, count] = [g.slice(state, 0, 1), g.slice(state, 1, 2)];
      const half = g.mul(0.5, n);
      const next = g.select(g.lessEqual(g.abs(g.sub(half, g.floor(half))), 0), half, g.add(1, g.mul(3, n)));
      return {
        state: g.concatenate([next, g.add(count, 1)]),
        done: g.reshape(g.lessEqual(next, 1), []),
      };
    });
    const rows = 150;
    const inputs = { x: Float64Array.from({ length: rows }, (_, i) => i + 2) };
    const steps = Array.from(inputs.x, (start) => {
      let [n, count] = [start, 0];
      while (n !== 1 && count < 120) [n, count] = [n % 2 === 0 ? n / 2 : 3 * n + 1, count + 1];
      return [n, count];
    });
    const outputs = await run(engine, { rows: { found } }, rows, inputs);
    expect(Array.from(outputs.rows.found!)).toEqual(steps.flat());
  });

  test("a test that is no number ends its row alone", async () => {
    const x = g.input("x", [1]);
    const found = g.iterate(x, 50, (state) => ({
      state: g.add(state, 1),
      done: g.reshape(g.less(9.5, g.sqrt(state)), []),
    }));
    const stopped = g.iterate(x, 50, (state) => ({
      state: g.add(state, 1),
      done: g.reshape(g.sub(g.sqrt(state), g.sqrt(state)), []),
    }));
    const outputs = await run(engine, { rows: { found, stopped } }, 3, { x: Float64Array.of(-3, 4, 80) });
    expect(Array.from(outputs.rows.found!)).toEqual([47, 54, 92]);
    expect(Array.from(outputs.rows.stopped!)).toEqual([-2, 54, 130]);
  });

  test("roots to rounding, near and far, and their derivatives", async () => {
    const target = g.input("target", [3]);
    const scale = g.parameter("scale", [3]);
    const body = (y: Expr): Expr => g.sub(g.add(y, g.mul(scale, g.tanh(y))), target);
    const width = g.add(1, g.abs(scale));
    const y = g.root(g.sub(target, width), g.add(target, width), body);
    const [byTarget] = vjp([y], [g.constant([1, 1, 1])], [target]);
    const [byScale] = vjp([g.mul(g.rowMark(), g.sum(y))], [g.constant(1)], [scale]);
    const [along] = jvp([y], [target], [g.constant([1, 1, 1])]);
    const [second] = vjp([byTarget!], [g.constant([1, 1, 1])], [target]);
    const values = Float64Array.of(0, 1e-12, -0.4, 3, 1e4, -1e8, 0.999, 1.001, 1, -37, 2, 0.5);
    const parameters = { scale: Float64Array.of(0.5, 3, -0.9) };
    const outputs = await run(
      engine,
      { rows: { y, byTarget: byTarget!, along: along!, second: second! }, sums: { byScale: byScale! } },
      4,
      { target: values },
      parameters,
    );
    const roots = outputs.rows.y!;
    const scales = Float64Array.from(values, (_, i) => parameters.scale[i % 3]!);
    const slope = Float64Array.from(roots, (root, i) => 1 + scales[i]! / Math.cosh(root) ** 2);
    closeTo(
      Float64Array.from(roots, (root, i) => root + scales[i]! * Math.tanh(root)),
      values,
      4 * epsilon,
    );
    closeTo(
      outputs.rows.byTarget!,
      slope.map((own) => 1 / own),
      100 * epsilon,
    );
    closeTo(outputs.rows.along!, outputs.rows.byTarget!, 100 * epsilon);
    const curvature = slope.map((own, i) => {
      const bend = (-2 * scales[i]! * Math.tanh(roots[i]!)) / Math.cosh(roots[i]!) ** 2;
      return -bend / own ** 3;
    });
    closeTo(outputs.rows.second!, curvature, 1e4 * epsilon);
    const gradient = new Float64Array(3);
    roots.forEach((root, i) => (gradient[i % 3]! += -Math.tanh(root) / slope[i]!));
    closeTo(outputs.sums.byScale!, gradient, 400 * epsilon);
  });

  test("a root outside of its bracket, or of no number, is not a number; an end can be one", async () => {
    const x = g.input("x", []);
    const y = g.root(g.constant(0), g.constant(1), (own) => g.sub(own, x));
    const inputs = { x: Float64Array.of(-2, 0, 0.25, 1, 7, Number.NaN) };
    const outputs = await run(engine, { rows: { y: g.mul(g.rowMark(), y) } }, 6, inputs);
    expect(Array.from(outputs.rows.y!)).toEqual([Number.NaN, 0, 0.25, 1, Number.NaN, Number.NaN]);
  });

  test("the fixed point of a contraction, and its derivatives", async () => {
    const x = g.input("x", [3]);
    const weights = g.parameter("weights", [3, 3]);
    const y = g.fixedPoint(x, 200, (own) => g.sub(x, g.tanh(g.linear(own, weights))), { tolerance: 1e-15 });
    const cotangent = g.constant([1, -2, 0.5]);
    const forwardMap = g.add(y, g.tanh(g.linear(y, weights)));
    const [byX, byWeights] = vjp([y], [g.mul(g.rowMark(), cotangent)], [x, weights]);
    const [along] = jvp([y], [x], [cotangent]);
    // The same derivatives of many rounds, written out.
    let unrolled: Expr = x;
    for (let round = 0; round < 120; round++) unrolled = g.sub(x, g.tanh(g.linear(unrolled, weights)));
    const [plainX, plainWeights] = vjp([unrolled], [g.mul(g.rowMark(), cotangent)], [x, weights]);
    const [plainAlong] = jvp([unrolled], [x], [cotangent]);
    const parameters = { weights: wave(9, 0.4).map((own) => 0.25 * own) };
    const outputs = await run(
      engine,
      {
        rows: { back: forwardMap, byX: byX!, along: along!, plainX: plainX!, plainAlong: plainAlong! },
        sums: { byWeights: byWeights!, plainWeights: plainWeights! },
      },
      5,
      { x: wave(15) },
      parameters,
    );
    closeTo(outputs.rows.back!, wave(15), 8 * epsilon);
    closeTo(outputs.rows.byX!, outputs.rows.plainX!, 40 * epsilon);
    closeTo(outputs.rows.along!, outputs.rows.plainAlong!, 40 * epsilon);
    closeTo(outputs.sums.byWeights!, outputs.sums.plainWeights!, 40 * epsilon);
  });

  test("second derivatives of fixed points, in reverse and along", async () => {
    const x = g.input("x", [2]);
    const body = (own: Expr): Expr => g.sub(x, g.mul(0.4, g.sin(g.gather(own, [1, 0], [2]))));
    let unrolled: Expr = x;
    for (let round = 0; round < 60; round++) unrolled = body(unrolled);
    const second = (y: Expr): Expr[] => {
      const [first] = vjp([y], [g.mul(g.rowMark(), g.constant([1, 0.5]))], [x]);
      const [again] = vjp([first!], [g.constant([0.3, -1])], [x]);
      const [along] = jvp([first!], [x], [g.constant([0.3, -1])]);
      return [again!, along!];
    };
    const [again, along] = second(g.fixedPoint(x, 200, body, { tolerance: 1e-15 }));
    const [plain] = second(unrolled);
    const outputs = await run(engine, { rows: { again: again!, along: along!, plain: plain! } }, 4, {
      x: wave(8),
    });
    closeTo(outputs.rows.again!, outputs.rows.plain!, 200 * epsilon);
    // Second derivatives of one number are symmetric.
    closeTo(outputs.rows.along!, outputs.rows.plain!, 200 * epsilon);
    expect(Math.abs(outputs.rows.plain![0]!)).toBeGreaterThan(0.01);
  });

  const tolerance = Math.max(1e-9, 16 * epsilon);
  const adaptive = { kind: "adaptive", tolerance } as const;

  test("a linear equation: each row its own steps, forwards and back", async () => {
    // A rotation with damping whose speed is the row's own.
    const x = g.input("x", [2]);
    const speed = g.input("speed", []);
    const turn = (_: Expr, z: Expr): Expr => {
      const [a, b] = [g.slice(z, 0, 1), g.slice(z, 1, 2)];
      return g.mul(speed, g.concatenate([g.sub(g.neg(b), g.mul(0.1, a)), g.sub(a, g.mul(0.1, b))]));
    };
    const { state, evaluations } = g.solveOde(x, turn, { from: 0, to: 1, method: adaptive });
    const back = g.solveOde(state, turn, { from: 1, to: 0, method: adaptive }).state;
    const speeds = Float64Array.of(0, 0.01, 1, 10, 30);
    const inputs = { x: wave(10), speed: speeds };
    const outputs = await run(engine, { rows: { state, back, evaluations } }, 5, inputs);
    const expected = Array.from(speeds).flatMap((own, row) => {
      const [a, b] = [inputs.x[2 * row]!, inputs.x[2 * row + 1]!];
      const factor = Math.exp(-0.1 * own);
      const [cos, sin] = [Math.cos(own), Math.sin(own)];
      return [factor * (a * cos - b * sin), factor * (a * sin + b * cos)];
    });
    closeTo(outputs.rows.state!, expected, 200 * tolerance);
    closeTo(outputs.rows.back!, inputs.x, 2000 * tolerance);
    const counts = Array.from(outputs.rows.evaluations!);
    expect(counts).toEqual(counts.slice().sort((a, b) => a - b));
    expect(counts[4]).toBeGreaterThan(3 * counts[2]!);
    // One at the start and six a step; where nothing moves one step is enough.
    expect(counts.every((count) => count % 6 === 1)).toBe(true);
    expect(counts[0]).toBe(7);
    // A row alone takes the same steps.
    const alone = await run(engine, { rows: { state, evaluations } }, 1, {
      x: inputs.x.slice(6, 8),
      speed: speeds.slice(3, 4),
    });
    expect(Array.from(alone.rows.state!)).toEqual(Array.from(outputs.rows.state!.slice(6, 8)));
    expect(alone.rows.evaluations![0]).toBe(counts[3]);
  });

  test("no more steps are taken than allowed, and a solution that needs more is no number", async () => {
    const x = g.input("x", [1]);
    const turn = (_: Expr, z: Expr): Expr => g.neg(g.mul(3, z));
    const solve = (most: number) => g.solveOde(x, turn, { from: 0, to: 1, method: { ...adaptive, most } });
    const [few, many] = [solve(3), solve(1000)];
    const outputs = await run(
      engine,
      { rows: { few: few.state, many: many.state, evaluations: few.evaluations } },
      1,
      { x: Float64Array.of(2) },
    );
    expect(outputs.rows.few![0]).toBeNaN();
    expect(outputs.rows.evaluations![0]).toBe(19);
    closeTo(outputs.rows.many!, [2 * Math.exp(-3)], 100 * tolerance);
  });

  test("a solution that runs off is no number", async () => {
    const x = g.input("x", [1]);
    const { state } = g.solveOde(x, (_, z) => g.mul(z, z), { from: 0, to: 1, method: adaptive });
    const outputs = await run(engine, { rows: { state } }, 3, { x: Float64Array.of(0.5, 3, -4) });
    closeTo(outputs.rows.state!.slice(0, 1), [1], 100 * tolerance);
    expect(outputs.rows.state![1]).toBeNaN();
    closeTo(outputs.rows.state!.slice(2), [-0.8], 100 * tolerance);
  });

  test("the adjoint gives the derivatives of many fixed steps", async () => {
    const x = g.input("x", [2]);
    const context = g.input("context", []);
    const weights = g.parameter("weights", [2, 4]);
    const bias = g.parameter("bias", [2]);
    const field = (time: Expr, z: Expr): Expr => {
      const all = g.concatenate([z, g.reshape(time, [1]), g.reshape(context, [1])]);
      return g.tanh(g.linear(all, weights, bias));
    };
    const cotangent = g.mul(g.rowMark(), g.constant([1, -0.7]));
    const wrt = [x, context, weights, bias];
    const derivatives = (state: Expr): Expr[] => vjp([state], [cotangent], wrt);
    const own = g.solveOde(x, field, { from: 0.2, to: 1.4, method: adaptive }).state;
    const steps = g.solveOde(x, field, {
      from: 0.2,
      to: 1.4,
      method: { kind: "fixed", order: "dormand-prince", steps: 24 },
    }).state;
    const [byX, byContext, byWeights, byBias] = derivatives(own);
    const [plainX, plainContext, plainWeights, plainBias] = derivatives(steps);
    const moving = [g.constant([0.3, 1]), g.constant(-0.5)];
    const [along] = jvp([own], [x, context], moving);
    const [plainAlong] = jvp([steps], [x, context], moving);
    const outputs = await run(
      engine,
      {
        rows: {
          own,
          steps,
          byX: byX!,
          plainX: plainX!,
          byContext: byContext!,
          plainContext: plainContext!,
          along: along!,
          plainAlong: plainAlong!,
        },
        sums: {
          byWeights: byWeights!,
          plainWeights: plainWeights!,
          byBias: byBias!,
          plainBias: plainBias!,
        },
      },
      3,
      { x: wave(6), context: wave(3, 2) },
      { weights: wave(8, 1), bias: wave(2, 3) },
    );
    const { rows, sums } = outputs;
    closeTo(rows.own!, rows.steps!, 100 * tolerance);
    closeTo(rows.byX!, rows.plainX!, 300 * tolerance);
    closeTo(rows.along!, rows.plainAlong!, 300 * tolerance);
    closeTo(rows.byContext!, rows.plainContext!, 300 * tolerance);
    closeTo(sums.byWeights!, sums.plainWeights!, 300 * tolerance);
    closeTo(sums.byBias!, sums.plainBias!, 300 * tolerance);
  });

  test("second derivatives of solutions", async () => {
    // z(1) = x / (1 - x) and its derivatives.
    const x = g.input("x", [1]);
    const { state } = g.solveOde(x, (_, z) => g.square(z), { from: 0, to: 1, method: adaptive });
    const [first] = vjp([state], [g.mul(g.rowMark(), g.constant([1]))], [x]);
    const [again] = vjp([first!], [g.mul(g.rowMark(), g.constant([1]))], [x]);
    const [along] = jvp([first!], [x], [g.constant([1])]);
    const at = Float64Array.of(0.3, -1.5);
    const outputs = await run(engine, { rows: { first: first!, again: again!, along: along! } }, 2, {
      x: at,
    });
    closeTo(
      outputs.rows.first!,
      at.map((own) => 1 / (1 - own) ** 2),
      300 * tolerance,
    );
    const wanted = at.map((own) => 2 / (1 - own) ** 3);
    closeTo(outputs.rows.again!, wanted, 3000 * tolerance);
    closeTo(outputs.rows.along!, wanted, 3000 * tolerance);
  });

  test("derivatives by both times", async () => {
    const x = g.input("x", [1]);
    const [from, to] = [g.input("from", []), g.input("to", [])];
    const { state } = g.solveOde(x, (time, z) => g.mul(g.cos(time), z), { from, to, method: adaptive });
    const [byFrom, byTo] = vjp([state], [g.constant([1])], [from, to]);
    const [along] = jvp([state], [from, to], [g.constant(2), g.constant(-3)]);
    const outputs = await run(engine, { rows: { state, byFrom: byFrom!, byTo: byTo!, along: along! } }, 1, {
      x: Float64Array.of(1.3),
      from: Float64Array.of(0.4),
      to: Float64Array.of(2),
    });
    const value = 1.3 * Math.exp(Math.sin(2) - Math.sin(0.4));
    closeTo(outputs.rows.state!, [value], 100 * tolerance);
    closeTo(outputs.rows.byFrom!, [-Math.cos(0.4) * value], 100 * tolerance);
    closeTo(outputs.rows.byTo!, [Math.cos(2) * value], 100 * tolerance);
    closeTo(outputs.rows.along!, [(-2 * Math.cos(0.4) - 3 * Math.cos(2)) * value], 300 * tolerance);
  });
});

test("fixed steps have the order of their method", async () => {
  const x = g.input("x", [1]);
  const errors = async (order: "euler" | "midpoint" | "rk4" | "dormand-prince"): Promise<number> => {
    const at = (steps: number): Expr =>
      g.solveOde(x, (time, z) => g.mul(g.add(1, time), z), {
        from: 0,
        to: 1,
        method: { kind: "fixed", order, steps },
      }).state;
    const outputs = await run(engines[0]!, { rows: { few: at(8), many: at(16) } }, 1, {
      x: Float64Array.of(1),
    });
    const exact = Math.exp(1.5);
    return Math.log2((outputs.rows.few![0]! - exact) / (outputs.rows.many![0]! - exact));
  };
  for (const [order, expected] of [
    ["euler", 1],
    ["midpoint", 2],
    ["rk4", 4],
    ["dormand-prince", 5],
  ] as const)
    expect(Math.abs((await errors(order)) - expected), order).toBeLessThan(0.3);
});

test("a loop refuses derivatives, unless they are stopped", () => {
  const x = g.input("x", [1]);
  const found = g.iterate(x, 3, (state) => ({ state: g.mul(2, state), done: g.constant(0) }));
  expect(() => vjp([found], [g.constant([1])], [x])).toThrow("iterate has no derivative");
  expect(() => jvp([g.exp(found)], [x], [g.constant([1])])).toThrow("iterate has no derivative");
  expect(() => jvp([g.stopGradient(found)], [x], [g.constant([1])])).not.toThrow();
});

test("Gauss-Legendre quadrature is exact for polynomials", () => {
  const { nodes, weights } = gaussLegendre(6);
  for (let power = 0; power < 12; power++)
    expect(nodes.reduce((sum, node, i) => sum + weights[i]! * node ** power, 0)).toBeCloseTo(
      1 / (power + 1),
      13,
    );
});
