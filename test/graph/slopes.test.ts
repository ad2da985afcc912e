/** Derivatives of element-wise operations where they are small, and sums of exponentials at infinity. */

import { describe, expect, test } from "vitest";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/ops.ts";
import { engines } from "../engines.ts";

/** a (a number of float32), log tanh'(a), log sigmoid'(a), log expm1'(a): mpmath 1.3.0, 50 digits. */
const slopes = [
  [-80.0, -158.6137056388801, -80.0, -80.0],
  [-20.0, -38.61370563888011, -20.000000004122306, -20.0],
  [-10.0, -18.613705643002415, -10.000090797798434, -10.0],
  [-1.0, -0.8675616609660544, -1.6265233750364456, -1.0],
  [-0.0010000000474974513, -9.99999928328251e-7, -1.386294611119904, -0.0010000000474974513],
  [0.0, 0.0, -1.3862943611198906, 0.0],
  [0.0010000000474974513, -9.99999928328251e-7, -1.386294611119904, 0.0010000000474974513],
  [1.0, -0.8675616609660544, -1.6265233750364456, 1.0],
  [6.0, -10.613717927267064, -6.004951370275461, 6.0],
  [10.0, -18.613705643002415, -10.000090797798434, 10.0],
  [20.0, -38.61370563888011, -20.000000004122306, 20.0],
  [80.0, -158.6137056388801, -80.0, 80.0],
] as const;

describe.each(engines)("$name", ({ engine, epsilon }) => {
  test("small derivatives keep their digits, in both modes", async () => {
    const a = g.input("a", []);
    const functions = { tanh: g.tanh(a), sigmoid: g.sigmoid(a), expm1: g.expm1(a) };
    const rows = Object.fromEntries(
      Object.entries(functions).flatMap(([name, value]) => [
        [`${name} vjp`, g.log(vjp([value], [g.constant(1)], [a])[0]!)],
        [`${name} jvp`, g.log(jvp([value], [a], [g.constant(1)])[0]!)],
      ]),
    );
    const executable = await engine.compile({ rows });
    const out = await executable.run({
      rows: slopes.length,
      inputs: { a: Float64Array.from(slopes, ([own]) => own) },
    });
    executable.dispose();
    slopes.forEach(([own, ...expected], i) =>
      Object.keys(functions).forEach((name, k) => {
        for (const mode of ["vjp", "jvp"]) {
          const found = out.rows[`${name} ${mode}`]![i]!;
          // In float32 e^-160 is 0, and its logarithm minus infinity.
          if (epsilon > 1e-10 && expected[k]! < -85) continue;
          expect(Math.abs(found - expected[k]!), `${name} ${mode} at ${own}`).toBeLessThan(
            8 * epsilon * Math.max(1, Math.abs(expected[k]!)),
          );
        }
      }),
    );
  });

  test("higher derivatives at 0 are right", async () => {
    const a = g.input("a", []);
    let value = g.add(g.tanh(a), g.mul(10, g.sigmoid(a)));
    const rows: Record<string, typeof value> = {};
    for (const order of ["first", "second", "third", "fourth", "fifth"])
      rows[order] = value = vjp([value], [g.rowMark()], [a])[0]!;
    const executable = await engine.compile({ rows });
    const out = await executable.run({ rows: 1, inputs: { a: Float64Array.of(0) } });
    executable.dispose();
    // tanh: 1, 0, -2, 0, 16; sigmoid: 1/4, 0, -1/8, 0, 1/4.
    const found = Object.values(out.rows).map(([own]) => own!);
    [3.5, 0, -3.25, 0, 18.5].forEach((own, i) =>
      expect(Math.abs(found[i]! - own)).toBeLessThan(100 * epsilon),
    );
  });

  test("a sum of two exponentials has its slope where both are equal, a constant among them", async () => {
    const v = g.input("v", [2]);
    const [p, q] = [0, 1].map((i) => g.reshape(g.slice(v, i, i + 1), []));
    const rows = Object.fromEntries(
      [g.logAddExp(p!, q!), g.logAddExp(p!, 0), g.logAddExp(0, p!)].map((sum, i) => [
        `slope${i}`,
        vjp([sum], [g.constant(1)], [v])[0]!,
      ]),
    );
    const executable = await engine.compile({ rows });
    const out = await executable.run({ rows: 1, inputs: { v: Float64Array.of(0, 0) } });
    executable.dispose();
    expect([...out.rows.slope0!]).toEqual([0.5, 0.5]);
    expect([...out.rows.slope1!]).toEqual([0.5, 0]);
    expect([...out.rows.slope2!]).toEqual([0.5, 0]);
  });

  test("sums of exponentials with infinities", async () => {
    const v = g.input("v", [3]);
    const value = g.logSumExp(v);
    const [p, q] = [0, 1].map((i) => g.reshape(g.slice(v, i, i + 1), []));
    const pair = g.logAddExp(p!, q!);
    const executable = await engine.compile({
      rows: {
        value,
        slope: vjp([value], [g.constant(1)], [v])[0]!,
        tangent: jvp([value], [v], [g.constant([1, 1, 1])])[0]!,
        pair,
        pairSlope: vjp([pair], [g.constant(1)], [v])[0]!,
      },
    });
    const inf = Number.POSITIVE_INFINITY;
    const cases: [number[], number][] = [
      [[0, 0, 0], Math.log(3)],
      [[-inf, 0, -inf], 0],
      [[-inf, -inf, -inf], -inf],
      [[inf, 0, 1], inf],
      [[inf, inf, -inf], inf],
      [[1e30, 1e30, -1e30], 1e30],
      [[-1e30, -1e30, -inf], -1e30],
      [[Number.NaN, 1, 2], Number.NaN],
    ];
    if (epsilon < 1e-10) cases.push([[-1e300, -1e300, -1e300], -1e300], [[1e300, 0, 1e299], 1e300]);
    const out = await executable.run({
      rows: cases.length,
      inputs: { v: Float64Array.from(cases.flatMap(([own]) => own)) },
    });
    executable.dispose();
    cases.forEach(([own, wanted], i) => {
      const found = out.rows.value![i]!;
      const isEqual =
        Object.is(found, wanted) || Math.abs(found - wanted) <= 4 * epsilon * Math.max(1, Math.abs(wanted));
      expect(isEqual, `${own}: ${found}`).toBe(true);
      if (Number.isNaN(wanted)) return;
      const slope = out.rows.slope!.subarray(3 * i, 3 * i + 3);
      expect(Math.abs(slope.reduce((a, b) => a + b) - 1), `slopes at ${own}: ${slope}`).toBeLessThan(
        8 * epsilon,
      );
      expect(Math.abs(out.rows.tangent![i]! - 1)).toBeLessThan(8 * epsilon);
      const two = Math.max(own[0]!, own[1]!);
      const ofPair = own[0] === own[1] && Number.isFinite(two) ? two + Math.LN2 : two;
      const pairIs = out.rows.pair![i]!;
      if (i !== 1)
        expect(
          pairIs === ofPair || Math.abs(pairIs - ofPair) <= 4 * epsilon * Math.abs(ofPair),
          `${own}: ${pairIs}`,
        ).toBe(true);
      expect(out.rows.pairSlope!.subarray(3 * i, 3 * i + 2).every(Number.isFinite)).toBe(true);
    });
  });
});
