/** Variational inference: the Gaussian stage, evidence in closed form, weights. */

import { expect, test } from "vitest";
import { affine } from "../../src/bijections/linear/affine.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { approximate } from "../../src/fitting/variational/approximate.ts";
import { gaussianApproximation } from "../../src/fitting/variational/gaussianApproximation.ts";
import { variationalArchitecture } from "../../src/fitting/variational/variationalArchitecture.ts";
import type { LogDensity } from "../../src/fitting/variational/writtenDensity.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { load } from "../../src/models/flow.ts";
import { randomKey } from "../../src/random/philox.ts";

const double = wasmEngine({ precision: "float64", threads: 1 });

/** y_i ~ N(mu, 1), mu ~ N(0, 2): posterior and evidence in closed form. */
const data = [0.3, 1.9, 1.1, -0.2, 2.4];
const conjugate: LogDensity = ({ mu }, { add, sub, mul, sum, square, div, constant }) =>
  sub(
    mul(-0.5, add(sum(square(sub(constant(data), mu!))), square(div(mu!, 2)))),
    (data.length + 1) * 0.5 * Math.log(2 * Math.PI) + Math.log(2),
  );
const precision = data.length + 1 / 4;
const posteriorMean = data.reduce((a, b) => a + b, 0) / precision;
const evidence =
  -0.5 * data.length * Math.log(2 * Math.PI) -
  0.5 * Math.log(4 * precision) -
  0.5 * (data.reduce((sum, y) => sum + y * y, 0) - precision * posteriorMean ** 2);

test("a conjugate posterior: moments, evidence, weights", async () => {
  const result = await approximate({
    logDensity: conjugate,
    parameters: { mu: "real" },
    steps: 100,
    seed: 3,
  });
  const {
    report: { diagnostics, summary },
  } = result;
  expect(diagnostics.logEvidence).toBeCloseTo(evidence, 3);
  expect(diagnostics.bound).toBeCloseTo(evidence, 3);
  expect(diagnostics.effectiveSamples).toBeGreaterThan(9900);
  expect(Math.abs(summary[0]!.mean - posteriorMean)).toBeLessThan(5 * summary[0]!.meanError);
  expect(summary[0]!.sd).toBeCloseTo(1 / Math.sqrt(precision), 1);
  const samples = await result.sample(500, { seed: 9 });
  expect(samples.logWeights.reduce((sum, own) => sum + Math.exp(own), 0)).toBeCloseTo(1, 10);
  const again = await load(result.flow.toBytes());
  const scored = await again.logProb(samples.table);
  scored.forEach((own, i) => expect(own).toBeCloseTo(samples.logProb[i]!, 9));
});

/** log of a gamma variable of shape 2: mean digamma(2), variance trigamma(2). */
const logGamma: LogDensity = ({ x }, { sub, mul, exp }) => sub(mul(2, x!), exp(x!));
/** Of normal distributions the nearest in a divergence of an order: that whose moments are those of p^alpha q^(1 - alpha). */
function nearestNormal(alpha: number): readonly [mean: number, sd: number] {
  const nodes = Array.from({ length: 4001 }, (_, i) => -16 + 0.005 * i);
  let [mean, sd] = [0.4, 0.7];
  for (let i = 0; i < 100; i++) {
    const weights = nodes.map((x) =>
      Math.exp(alpha * (2 * x - Math.exp(x)) + ((alpha - 1) * ((x - mean) / sd) ** 2) / 2),
    );
    const expected = (of: (x: number) => number): number =>
      nodes.reduce((sum, x, k) => sum + weights[k]! * of(x), 0) / weights.reduce((a, b) => a + b, 0);
    const next = expected((x) => x);
    sd = Math.sqrt(expected((x) => (x - next) ** 2));
    mean = next;
  }
  return [mean, sd];
}

test.each([
  ["forward", { divergence: "forward" }, [0.422784, Math.sqrt(0.644934)]],
  ["half-order", { alpha: 0.5 }, nearestNormal(0.5)],
  ["reverse", { divergence: "reverse" }, [Math.log(2) - 0.25, Math.SQRT1_2]],
] as const)(
  "a normal flow is the nearest to a skewed density in the %s divergence",
  async (_, option, [mean, sd]) => {
    const { flow } = await approximate({
      logDensity: logGamma,
      parameters: { x: "real" },
      flow: ({ features }) => ({
        kind: "custom",
        features,
        context: 0,
        transforms: 1,
        hidden: [],
        base: standardNormal({ features }),
        bijection: affine({ features }),
      }),
      gradient: "path",
      steps: 500,
      diagnosticSamples: 1000,
      seed: 1,
      ...option,
    });
    const draws = (await flow.sample(20_000, { seed: 2 })).values;
    const found = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const spread = Math.sqrt(draws.reduce((sum, x) => sum + (x - found) ** 2, 0) / draws.length);
    // The orders are 0.04 apart; the noise of the draws is 0.006.
    expect(found).toBeCloseTo(mean, 1);
    expect(Math.abs(spread - sd), `${spread}, not ${sd}`).toBeLessThan(0.02);
  },
);

test("derived quantities are summed up and sampled beside the parameters", async () => {
  const result = await approximate({
    logDensity: conjugate,
    parameters: { mu: "real" },
    derived: ({ mu }, { exp, concatenate, mul }) => ({
      odds: exp(mu!),
      both: concatenate([mu!, mul(2, mu!)]),
    }),
    steps: 50,
    seed: 3,
  });
  expect(result.report.summary.map(({ name }) => name)).toEqual(["mu", "odds", "both[1]", "both[2]"]);
  const [mu, odds, same, twice] = result.report.summary;
  expect(same).toEqual({ ...mu, name: "both[1]" });
  expect(twice!.mean).toBeCloseTo(2 * mu!.mean, 10);
  // The mean of a log-normal variable.
  const expected = Math.exp(posteriorMean + 0.5 / precision);
  expect(Math.abs(odds!.mean - expected)).toBeLessThan(5 * odds!.meanError);
  const { table, logProb } = await result.sample(3, { seed: 1 });
  expect(table.columns.length).toBe(4);
  for (let row = 0; row < 3; row++)
    expect(table.values[row * 4 + 1]).toBeCloseTo(Math.exp(table.values[row * 4]!), 12);
  const scored = await result.flow.logProb(table);
  scored.forEach((own, i) => expect(own).toBeCloseTo(logProb[i]!, 9));
});

test("parameters with bounds and of large scale, the same bits twice", async () => {
  // s ~ gamma(4, rate 0.001), p ~ beta(3, 2), t below 7: 7 - t ~ exponential(2).
  const density: LogDensity = ({ s, p, t }, o) =>
    o.add(
      o.add(o.sub(o.mul(3, o.log(s!)), o.mul(0.001, s!)), o.add(o.mul(2, o.log(p!)), o.log(o.sub(1, p!)))),
      o.mul(2, o.sub(t!, 7)),
    );
  const options = {
    parameters: { s: "positive", p: { above: 0, below: 1 }, t: { below: 7 } },
    steps: 250,
    seed: 1,
  } as const;
  const result = await approximate({ logDensity: density, ...options });
  const [s, p, t] = result.report.summary;
  const near = (own: { mean: number; sd: number }, mean: number, sd: number): void => {
    expect(Math.abs(own.mean - mean)).toBeLessThan((5 * sd) / 100);
    expect(own.sd / sd).toBeGreaterThan(0.93);
    expect(own.sd / sd).toBeLessThan(1.07);
  };
  near(s!, 4000, 2000);
  near(p!, 0.6, 0.2);
  near(t!, 6.5, 0.5);
  expect(result.report.diagnostics.k).toBeLessThan(0.7);
  // gamma(4) / 0.001^4, B(3, 2) and 1/2 are the integrals.
  expect(result.report.diagnostics.logEvidence).toBeCloseTo(
    Math.log(6) + 12 * Math.log(10) + Math.log(1 / 12) - Math.log(2),
    1,
  );
  const outside = Float64Array.of(-1, 0.5, 5, 3000, 1.5, 5, 3000, 0.5, 7.5);
  expect(Array.from(await result.flow.logProb(outside))).toEqual([-Infinity, -Infinity, -Infinity]);
  // A fifth of the steps does, twice.
  const short = { logDensity: density, ...options, steps: 50, diagnosticSamples: 200 };
  const [once, twice] = [await approximate(short), await approximate({ ...short, threads: 1 })];
  expect(twice.flow.toBytes()).toEqual(once.flow.toBytes());
});

test("the Gaussian stage finds a correlated Gaussian far away, at its own scale", async () => {
  const density = (x: Expr): Expr => {
    const [a, b] = [g.reshape(g.slice(x, 0, 1), []), g.reshape(g.slice(x, 1, 2), [])];
    const u = g.div(g.sub(a, 5e4), 1e3);
    const v = g.div(g.sub(g.add(b, g.mul(0.02, g.sub(a, 5e4))), 1), 0.01);
    return g.mul(-0.5, g.add(g.square(u), g.square(v)));
  };
  const { mean, factor } = await gaussianApproximation(density, 2, { engine: double, key: randomKey(1) });
  expect(mean[0]! / 5e4).toBeCloseTo(1, 6);
  expect(factor[0]! / 1e3).toBeCloseTo(1, 6);
  expect(factor[2]! / -20).toBeCloseTo(1, 6);
  expect(factor[3]! / 0.01).toBeCloseTo(1, 6);
});

test("the Gaussian stage of a hierarchy far from 0 comes to the same place from every seed", async () => {
  // Growth of 12 rats, with lines of their own, and flat priors on the logarithms of three scales (posteriordb's rats, made small).
  const [rats, times] = [12, [-14, -7, 0, 7, 14]];
  const each = Array.from({ length: rats }, (_, i) => i);
  const rat = each.flatMap((i) => times.map(() => i));
  const time = each.flatMap(() => times);
  const weights = rat.map(
    (i, row) =>
      240 +
      3 * Math.sin(7 * i) +
      (6 + 0.5 * Math.cos(5 * i)) * time[row]! +
      6 * Math.sin(11 * i + 3 * (row % 5)),
  );
  const density = (x: Expr): Expr => {
    const [alpha, beta] = [g.slice(x, 0, rats), g.slice(x, rats, 2 * rats)];
    const at = (i: number): Expr => g.reshape(g.slice(x, 2 * rats + i, 2 * rats + i + 1), []);
    const ofRow = (own: Expr): Expr => g.gather(own, rat, [rat.length]);
    const normal = (own: Expr, logScale: Expr, count: number): Expr =>
      g.neg(g.add(g.mul(0.5, g.sum(g.square(g.div(own, g.exp(logScale))))), g.mul(count - 1, logScale)));
    const residuals = g.sub(g.constant(weights), g.add(ofRow(alpha), g.mul(ofRow(beta), g.constant(time))));
    return g.add(
      normal(residuals, at(2), rat.length),
      g.add(normal(g.sub(alpha, at(0)), at(3), rats), normal(g.sub(beta, at(1)), at(4), rats)),
    );
  };
  const bounds: number[] = [];
  for (const seed of [1, 2, 3]) {
    const found = await gaussianApproximation(density, 2 * rats + 5, {
      engine: double,
      key: randomKey(seed),
    });
    bounds.push(found.bound);
  }
  expect(Math.max(...bounds) - Math.min(...bounds)).toBeLessThan(0.2);
});

test("the Gaussian stage goes no farther than the density has a slope", async () => {
  // Beyond 37 the logistic function is 1, and the slope of a logarithm of what is left of it no number.
  const density = (x: Expr): Expr => {
    const value = g.reshape(x, []);
    const rest = g.logAddExp(g.log(g.sigmoid(value)), g.log(g.sub(1, g.sigmoid(value))));
    return g.sub(rest, g.mul(0.5, g.square(g.div(value, 20))));
  };
  const { mean, factor } = await gaussianApproximation(density, 1, { engine: double, key: randomKey(1) });
  expect(Math.abs(mean[0]!)).toBeLessThan(20);
  expect(factor[0]!).toBeGreaterThan(5);
});

test("a flow that is almost exact is not passed over for its start", async () => {
  // Logistic regression on few distinct values: so near to a Gaussian that 2048 samples do not tell it from one, with tails that do.
  const [x, n, yes] = [
    [1, 2, 3, 4, 5],
    [120, 220, 390, 360, 90],
    [22, 60, 141, 179, 57],
  ];
  const density: LogDensity = ({ alpha, beta }, o) => {
    const logit = o.add(alpha!, o.mul(beta!, o.constant(x!)));
    return o.sum(o.sub(o.mul(o.constant(yes!), logit), o.mul(o.constant(n!), o.softplus(logit))));
  };
  const result = await approximate({
    logDensity: density,
    parameters: { alpha: "real", beta: "real" },
    seed: 1,
  });
  expect(result.report.diagnostics.k).toBeLessThan(0.7);
  expect(result.report.diagnostics.effectiveSamples).toBeGreaterThan(9980);
  expect(result.report.history.length).toBeLessThan(30);
});

test("the reference engine fits, too", async () => {
  const result = await approximate({
    flow: variationalArchitecture("planar", { features: 1, transforms: 1 }),
    logDensity: conjugate,
    parameters: { mu: "real" },
    steps: 2,
    draws: 20,
    engine: "reference",
    diagnosticSamples: 200,
  });
  expect(result.report.diagnostics.logEvidence).toBeCloseTo(evidence, 1);
  expect(referenceEngine.name).toBe("reference");
});
