/** Variational inference: estimators of gradients, the Gaussian stage, evidence in closed form, weights, bad densities. */

import { describe, expect, test } from "vitest";
import { affine } from "../../src/bijections/linear/affine.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { approximate } from "../../src/fitting/variational/approximate.ts";
import { gaussianApproximation } from "../../src/fitting/variational/gaussianApproximation.ts";
import { variationalArchitecture } from "../../src/fitting/variational/variationalArchitecture.ts";
import { variationalLoss } from "../../src/fitting/variational/variationalLoss.ts";
import type { LogDensity } from "../../src/fitting/variational/writtenDensity.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree, trainedLeaves } from "../../src/graph/parameters.ts";
import { load } from "../../src/models/flow.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

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

describe("gradients", () => {
  const flow = variationalArchitecture("realnvp", { features: 2, transforms: 2, hidden: [4] });
  const bound = {
    base: bindTree(flow.base.parameters, "base."),
    bijection: bindTree(flow.bijection.parameters, "bijection."),
  };
  const parameters = trainedLeaves(
    { base: flow.base.parameters, bijection: flow.bijection.parameters },
    bound,
  );
  const stream = new RandomStream(randomKey(4));
  const start = initialValues(
    { base: flow.base.parameters, bijection: flow.bijection.parameters },
    randomKey(2),
  );
  const values = Object.fromEntries(
    Object.entries(start).map(([name, own]) => [name, own.map((value) => value + 0.2 * stream.normal())]),
  );
  const banana = (x: Expr): Expr => {
    const [a, b] = [g.slice(x, 0, 1), g.slice(x, 1, 2)];
    return g.mul(-0.5, g.sum(g.add(g.square(a), g.square(g.sub(b, g.mul(0.5, g.square(a)))))));
  };

  /** The mean gradient over many draws, flattened, and its standard errors. */
  async function gradientOf(gradient: "path" | "total", samples: number): Promise<[number[], number[]]> {
    return await gradientOfLoss(variationalLoss(flow, banana, bound, { gradient, samples }));
  }

  async function gradientOfLoss(loss: Expr): Promise<[number[], number[]]> {
    const executable = await double.compile({
      sums: Object.fromEntries(
        vjp([loss], [g.rowMark()], parameters).map((own, i) => [parameters[i]!.name, own]),
      ),
    });
    await setKnownParameters(executable, values);
    const runs = 24;
    const rows = 4000;
    const all: number[][] = [];
    for (let run = 0; run < runs; run++) {
      const { sums } = await executable.run({ rows, inputs: {} }, { key: randomKey(100 + run) });
      all.push(parameters.flatMap(({ name }) => Array.from(sums[name]!, (own) => own / rows)));
    }
    executable.dispose();
    const mean = all[0]!.map((_, i) => all.reduce((sum, own) => sum + own[i]!, 0) / runs);
    const error = mean.map((center, i) =>
      Math.sqrt(all.reduce((sum, own) => sum + (own[i]! - center) ** 2, 0) / (runs - 1) / runs),
    );
    return [mean, error];
  }

  test.each([1, 3])(
    "along the path and in total they agree in expectation, %d samples a bound",
    async (samples) => {
      const [path, pathError] = await gradientOf("path", samples);
      const [total, totalError] = await gradientOf("total", samples);
      let square = 0;
      let count = 0;
      path.forEach((own, i) => {
        const error = Math.hypot(pathError[i]!, totalError[i]!);
        if (error < 1e-9) return expect(own).toBeCloseTo(total[i]!, 8);
        square += ((own - total[i]!) / error) ** 2;
        count++;
      });
      // Each square is about an F(1, 46): mean 1.05, variance 2.4.
      expect(square / count).toBeLessThan(1.05 + 5 * Math.sqrt(2.4 / (count / 8)));
      expect(total.some((own, i) => Math.abs(own) > 20 * totalError[i]!)).toBe(true);
    },
  );

  test("the symmetric divergence: along the path with weights, and of its definition in total", async () => {
    // Narrower than the flow, so that no weight is large and means converge.
    const density = (x: Expr): Expr =>
      g.sub(g.mul(-0.5, g.sum(g.square(g.div(x, 0.6)))), Math.log(2 * Math.PI * 0.6 ** 2));
    const [noise, zero] = [g.randomNormal([2], "noise 0"), g.constant(0)];
    const { value, logAbsDet } = flow.bijection.forward(noise, bound.bijection);
    const logWeight = g.sub(density(value), g.sub(flow.base.logProb(noise, bound.base), logAbsDet));
    const whole = g.mul(0.5, g.sub(g.mul(g.exp(logWeight), logWeight), logWeight));
    const weighted = variationalLoss(flow, density, bound, {
      gradient: "path",
      samples: 1,
      logEvidence: zero,
    });
    const [path, pathError] = await gradientOfLoss(weighted);
    const [total, totalError] = await gradientOfLoss(whole);
    const scores = path.flatMap((own, i) => {
      const error = Math.hypot(pathError[i]!, totalError[i]!);
      return error < 1e-9 ? [] : [(own - total[i]!) / error];
    });
    expect(scores.length).toBeGreaterThan(20);
    const square = scores.reduce((sum, own) => sum + own * own, 0) / scores.length;
    expect(square).toBeLessThan(1.05 + 5 * Math.sqrt(2.4 / (scores.length / 8)));
    // And it is another one than the reverse one.
    const [reverse, reverseError] = await gradientOfLoss(
      variationalLoss(flow, density, bound, { gradient: "path", samples: 1 }),
    );
    expect(reverse.some((own, i) => Math.abs(own - path[i]!) > 20 * reverseError[i]!)).toBe(true);
  });

  test("where the flow is the density, the gradient along the path is 0 for every draw", async () => {
    const own = (x: Expr): Expr => {
      const { value, logAbsDet } = flow.bijection.inverse(x, bound.bijection);
      return g.stopGradient(g.add(flow.base.logProb(value, bound.base), logAbsDet));
    };
    // The density itself must move with its argument, and not with its parameters.
    const frozen = Object.fromEntries(parameters.map(({ name }) => [name, g.constant(values[name]!)]));
    expect(Object.keys(frozen).length).toBeGreaterThan(0);
    const density = (x: Expr): Expr => g.mul(-0.5, g.sum(g.square(x)));
    const identity = initialValues(
      { base: flow.base.parameters, bijection: flow.bijection.parameters },
      randomKey(2),
    );
    for (const [gradient, isZero] of [
      ["path", true],
      ["total", false],
    ] as const) {
      const loss = variationalLoss(flow, density, bound, { gradient, samples: 1 });
      const executable = await double.compile({
        sums: Object.fromEntries(
          vjp([loss], [g.rowMark()], parameters).map((value, i) => [parameters[i]!.name, value]),
        ),
      });
      await setKnownParameters(executable, identity);
      const { sums } = await executable.run({ rows: 5, inputs: {} }, { key: randomKey(7) });
      const largest = Math.max(...Object.values(sums).flatMap((value) => Array.from(value, Math.abs)));
      if (isZero) expect(largest).toBeLessThan(1e-12);
      else expect(largest).toBeGreaterThan(0.01);
      executable.dispose();
    }
    expect(own).toBeTypeOf("function");
  });

  test("more samples tighten the importance-weighted bound", async () => {
    const boundOf = async (samples: number): Promise<number> => {
      const loss = variationalLoss(flow, banana, bound, { gradient: "total", samples });
      const executable = await double.compile({ sums: { loss: g.sumRows(loss) } });
      await setKnownParameters(executable, values);
      const { sums } = await executable.run({ rows: 20_000, inputs: {} }, { key: randomKey(1) });
      executable.dispose();
      return -sums.loss![0]! / 20_000;
    };
    const bounds = [await boundOf(1), await boundOf(2), await boundOf(8)];
    expect(bounds[1]!).toBeGreaterThan(bounds[0]! + 0.02);
    expect(bounds[2]!).toBeGreaterThan(bounds[1]! + 0.02);
    expect(bounds[2]!).toBeLessThan(Math.log(2 * Math.PI));
  });
});

describe("densities and options that cannot be", () => {
  const flat: LogDensity = ({ mu }, { square, neg }) => neg(square(mu!));
  const fit = (density: LogDensity, more: object = {}): Promise<unknown> =>
    approximate({ logDensity: density, parameters: { mu: "real" }, steps: 25, ...more });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      "a vector",
      () => fit(({ mu }, { concatenate, reshape }) => concatenate([reshape(mu!, [1]), 1])),
      "must be one number",
    ],
    [
      "no expression",
      () => fit((() => 3) as never),
      "what the log-density returns must be an expression, got",
    ],
    [
      "no number anywhere",
      () => fit(({ mu }, { log, neg, square }) => log(neg(square(mu!)))),
      "not a finite number",
    ],
    ["an unknown option", () => fit(flat, { parameters: { mu: { over: 1 } } }), 'no option "over"'],
    ["empty bounds", () => fit(flat, { parameters: { mu: { above: 2, below: 1 } } }), "above 2 and below 1"],
    ["no parameters", () => fit(flat, { parameters: {} }), "no parameters"],
    [
      "no integral",
      () => fit(({ mu }, { neg, square }) => neg(square(mu!)), { parameters: { mu: "real", other: "real" } }),
      "no integral",
    ],
    [
      "an unknown parameter",
      () => fit(({ nu }, { square }) => square(nu!)),
      'there is no parameter "nu"; did you mean "mu"?',
    ],
    [
      "an unknown operation",
      () => fit(({ mu }, ops) => (ops as unknown as Record<string, (x: Expr) => Expr>).gamma!(mu!)),
      'there is no operation "gamma"',
    ],
    [
      "arithmetic of numbers",
      () => fit(({ mu }, { sub }) => sub(Math.log(mu as never), mu!)),
      "operand 1 is NaN",
    ],
    [
      "minus an expression",
      () => fit((({ mu }: never, { square }: never) => -(square as (x: unknown) => number)(mu)) as never),
      "got NaN",
    ],
    [
      "a list as it is",
      () => fit(({ mu }, { sum, sub }) => sum(sub(mu!, [1, 2] as never))),
      "operand 2 must be an expression or a number, got a list",
    ],
    [
      "an element by brackets",
      () => fit(({ mu }, { square }) => square((mu as never as Expr[])[0]!)),
      "operand 1 must be an expression or a number, got undefined",
    ],
    [
      "data that are no numbers",
      () => fit(({ mu }, { sum, sub, constant }) => sum(sub(mu!, constant([1, "2"] as never)))),
      "element 2 must be a number, got a string",
    ],
    [
      "NaN among data",
      () => fit(({ mu }, { sum, sub, constant }) => sum(sub(mu!, constant(Float64Array.of(1, Number.NaN))))),
      "element 2 of a constant",
    ],
    [
      "a derived quantity with the name of a parameter",
      () => fit(flat, { steps: 1, derived: ({ mu }: { mu: Expr }) => ({ mu }) }),
      'there is a parameter "mu"',
    ],
    [
      "a derived number",
      () => fit(flat, { steps: 1, derived: () => ({ one: 1 }) }),
      'what derived: "one" returns must be an expression, got 1',
    ],
    ["an error of its own", () => fit(() => (undefined as never as { x: Expr }).x), "the log-density fails"],
    ["a promise", () => fit((async () => {}) as never), "got a promise"],
    [
      "a pole",
      () =>
        fit(({ mu }, { mul, log }) => mul(-1.5, log(mu!)), { parameters: { mu: { above: 0, below: 1 } } }),
      "plus infinity at mu 0",
    ],
    [
      "another divergence",
      () => fit(flat, { divergence: "chi" as never }),
      "divergence must be one of symmetric, reverse, forward",
    ],
    [
      "two divergences",
      () => fit(flat, { divergence: "forward", alpha: 1 }),
      "alpha is a divergence of its own",
    ],
    ["an order of several samples", () => fit(flat, { alpha: 0.5, importanceSamples: 2 }), "alpha 0.5 takes"],
    ["a symmetric one annealed", () => fit(flat, { divergence: "symmetric", annealing: 5 }), "no annealing"],
    ["no steps", () => fit(flat, { steps: 0 }), "steps must be a positive integer"],
    [
      "another number of features",
      () =>
        approximate({
          flow: variationalArchitecture("nsf", { features: 2 }),
          logDensity: flat,
          parameters: { mu: "real" },
        }),
      "has 2 features; the parameters are 1 numbers",
    ],
  ])("%s", async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  test("an abort ends it", async () => {
    const controller = new AbortController();
    // Of a normal density the start is exact, and there is nothing to abort.
    const run = fit(({ mu }, { square, neg }) => neg(square(square(mu!))), {
      steps: 1500,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: "PUSHFORWARD_ABORTED" });
  });

  test("bounds that are missing are asked for", async () => {
    const warnings: string[] = [];
    await fit(({ mu }, { mul, sub, log }) => sub(mul(2, log(mu!)), mu!), {
      onWarning: (line: string) => warnings.push(line),
    });
    expect(warnings.join()).toContain('"positive"');
  });

  test("a density that the flow cannot cover is said to be missed", async () => {
    const warnings: string[] = [];
    // A fifth of it is ten times as wide as the rest.
    const density: LogDensity = ({ mu }, { logAddExp, mul, sub, square, div }) =>
      logAddExp(mul(-0.5, square(mu!)), sub(mul(-0.5, square(div(mu!, 10))), Math.log(40)));
    await fit(density, {
      onWarning: (line: string) => warnings.push(line),
    });
    expect(warnings.join()).toContain("heavy tail");
  });
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
