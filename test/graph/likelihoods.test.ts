/** Powers, the normal distribution function in its tails, and likelihoods, with their derivatives. */

import { expect, test } from "vitest";
import { vjp } from "../../src/graph/derivative.ts";
import * as g from "../../src/graph/ops.ts";
import { engines } from "../engines.ts";

/** x, log Phi(x), phi(x) / Phi(x): mpmath 1.3.0, 30 digits. */
const golden = [
  [-40, -804.608442013754, 40.0249688472073],
  [-8, -35.0134371599146, 8.12136811223611],
  [-4.001, -10.3643275703383, 4.22656048057766],
  [-3.999, -10.3558763560434, 4.22465382625762],
  [-1, -1.84102164500926, 1.52513527616098],
  [0, -Math.LN2, 0.797884560802865],
  [2, -0.0230129093289635, 0.05524786267899],
] as const;

test.each(engines)("normalLogCdf and its derivative: $name", async ({ engine, epsilon }) => {
  const x = g.input("x", []);
  const value = g.normalLogCdf(x);
  const [derivative] = vjp([value], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { value, derivative: derivative! } });
  const points = Float64Array.from(golden, ([own]) => own);
  const { rows } = await executable.run({ rows: points.length, inputs: { x: points } });
  executable.dispose();
  golden.forEach(([own, logCdf, ratio], i) => {
    // Near the tail, 1 + erf keeps what is 3e-5 of 1.
    const tolerance = epsilon * (own > -4.5 && own < -2 ? 1e5 : 100);
    expect(Math.abs(rows.value![i]! / logCdf - 1), `log Phi(${own})`).toBeLessThan(tolerance);
    expect(Math.abs(rows.derivative![i]! / ratio - 1), `derivative at ${own}`).toBeLessThan(tolerance);
  });
});

test.each(engines)("powers: $name", async ({ engine, epsilon }) => {
  const x = g.input("x", []);
  const powers = [-3, 0, 1, 2, 5, 16];
  const rows = Object.fromEntries(powers.map((own) => [own, g.mul(g.rowMark(), g.pow(x, own))]));
  const fraction = g.pow(g.abs(x), 1.7);
  const [derivative] = vjp([g.pow(x, 5)], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { ...rows, fraction, derivative: derivative! } });
  const found = (await executable.run({ rows: 2, inputs: { x: Float64Array.of(-1.3, 0.4) } })).rows;
  executable.dispose();
  [-1.3, 0.4].forEach((own, i) => {
    for (const power of powers)
      expect(Math.abs(found[power]![i]! / own ** power - 1)).toBeLessThan(40 * epsilon);
    expect(Math.abs(found.fraction![i]! / Math.abs(own) ** 1.7 - 1)).toBeLessThan(40 * epsilon);
    expect(Math.abs(found.derivative![i]! / (5 * own ** 4) - 1)).toBeLessThan(40 * epsilon);
  });
});

test.each(engines)("probabilities of Poisson counts add up to 1: $name", async ({ engine, epsilon }) => {
  const logRate = g.input("logRate", []);
  const counts = Float64Array.from({ length: 40 }, (_, i) => i);
  const total = g.sum(g.exp(g.poissonLogProb(g.constant(counts), logRate)));
  const executable = await engine.compile({ rows: { total } });
  const { rows } = await executable.run({ rows: 1, inputs: { logRate: Float64Array.of(1.5) } });
  executable.dispose();
  expect(Math.abs(rows.total![0]! - 1)).toBeLessThan(1000 * epsilon);
});
