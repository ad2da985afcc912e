import { describe, expect, it } from "vitest";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { UsageError } from "../../src/errors.ts";

import { vjp } from "../../src/graph/derivative/derivative.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { network } from "../../src/networks/network.ts";
import { randomKey } from "../../src/random/philox.ts";
import { engines } from "../engines.ts";

describe.each(engines)("on $name", ({ engine, epsilon }) => {
  // Sums of up to twenty terms of the size of 1.
  const tolerance = 50 * epsilon;
  it.each(["relu", "tanh", "softplus"] as const)(
    "a network with %s is what its formula says",
    async (activation) => {
      const own = network({ inputs: 3, hidden: [5, 4], outputs: 2, activation });
      const values = initialValues(own.parameters, randomKey(1));
      for (const name of ["bias0", "bias1", "bias2"])
        values[name] = values[name]!.map((_, i) => 0.1 * (i - 1));
      const executable = await engine.compile({
        rows: { y: own.run(g.input("x", [3]), bindTree(own.parameters)) },
      });
      await setKnownParameters(executable, values);
      const x = Float64Array.of(0.3, -1.2, 2);
      const { y } = (await executable.run({ rows: 1, inputs: { x } })).rows;
      const act = {
        relu: (v: number) => Math.max(v, 0),
        tanh: Math.tanh,
        softplus: (v: number) => Math.log1p(Math.exp(v)),
      }[activation];
      let h = Array.from(x);
      [5, 4, 2].forEach((size, layer) => {
        const [w, b] = [values[`weight${layer}`]!, values[`bias${layer}`]!];
        const a = Array.from({ length: size }, (_, o) =>
          h.reduce((sum, own2, i) => sum + w[o * h.length + i]! * own2, b[o]!),
        );
        h = layer < 2 ? a.map(act) : a;
      });
      h.forEach((expected, i) => expect(Math.abs(y![i]! - expected)).toBeLessThan(tolerance));
      executable.dispose();
    },
  );

  it("log-probabilities of a binary value have no overflow, and the right slope", async () => {
    const x = g.input("x", []);
    const logit = g.input("logit", []);
    const logProb = g.bernoulliLogProb(x, logit);
    const [slope] = vjp([logProb], [g.constant(1)], [logit]);
    const executable = await engine.compile({ rows: { logProb, slope: slope! } });
    const logits = [-800, -3, 0, 2, 800];
    for (const value of [0, 1]) {
      const inputs = { x: new Float64Array(5).fill(value), logit: Float64Array.from(logits) };
      const found = (await executable.run({ rows: 5, inputs })).rows;
      logits.forEach((own, i) => {
        const p = 1 / (1 + Math.exp(-own));
        const expected = value === 1 ? -Math.log1p(Math.exp(-own)) : -Math.log1p(Math.exp(own));
        const exact = Math.abs(own) > 700 ? (value === Number(own > 0) ? 0 : -800) : expected;
        expect(Math.abs(found.logProb![i]! - exact)).toBeLessThan(tolerance * Math.max(1, Math.abs(exact)));
        expect(Math.abs(found.slope![i]! - (value - p))).toBeLessThan(tolerance);
      });
    }
    executable.dispose();
  });

  it("the log-density of a normal value is that of its formula", async () => {
    const executable = await engine.compile({
      rows: { logProb: g.normalLogProb(g.input("x", []), 0.5, Math.log(2)) },
    });
    const x = Float64Array.of(0.5, 2.5, -30);
    const { logProb } = (await executable.run({ rows: 3, inputs: { x } })).rows;
    x.forEach((own, i) => {
      const exact = -0.5 * ((own - 0.5) / 2) ** 2 - Math.log(2) - 0.5 * Math.log(2 * Math.PI);
      expect(Math.abs(logProb![i]! - exact)).toBeLessThan(tolerance * Math.max(1, Math.abs(exact)));
    });
    executable.dispose();
  });
});

describe("a network", () => {
  it("keeps the variance of its inputs at the start, or starts at zero", () => {
    const wide = network({ inputs: 400, hidden: [300], outputs: 200 });
    const { weight0, weight1 } = initialValues(wide.parameters, randomKey(2));
    const variance = (values: Float64Array): number =>
      values.reduce((sum, own) => sum + own * own, 0) / values.length;
    // Uniform weights of variance v have a mean square of relative error 0.9 / sqrt(count) at most.
    expect(400 * variance(weight0!)).toBeCloseTo(2, 1);
    expect(300 * variance(weight1!)).toBeCloseTo(1, 1);
    const zero = network({ inputs: 3, hidden: [4], outputs: 2, start: "zero" });
    expect(initialValues(zero.parameters, randomKey(2)).weight1).toEqual(new Float64Array(8));
  });

  it("refuses sizes that are none", () => {
    expect(() => network({ inputs: 0, outputs: 1 })).toThrow(UsageError);
    expect(() => network({ inputs: 1, outputs: 1.5 })).toThrow(UsageError);
    expect(() => network({ inputs: 1, hidden: [-1], outputs: 1 })).toThrow(UsageError);
  });
});
