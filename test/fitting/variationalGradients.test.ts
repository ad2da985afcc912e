/** Variational inference: estimators of gradients. */

import { describe, expect, test } from "vitest";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { variationalArchitecture } from "../../src/fitting/variational/variationalArchitecture.ts";
import { variationalLoss } from "../../src/fitting/variational/variationalLoss.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree, trainedLeaves } from "../../src/graph/parameters.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const double = wasmEngine({ precision: "float64", threads: 1 });

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
