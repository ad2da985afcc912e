import { describe, expect, it } from "vitest";
import type { FlowKind } from "../../src/architectures/kinds.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { tableFromRows } from "../../src/tables/table.ts";
import { draw, kinds, meanOf, momentsOf, quick } from "./tables.ts";

const options: FitOptions = { ...quick, hidden: [16], epochs: 20 };
const finite = (values: Float64Array): boolean => values.every(Number.isFinite);

describe.each(kinds)("%s", (flow) => {
  it("fits one column, alone and given another", async () => {
    const table = draw(["x", "y"], 300, 1, (s) => {
      const y = s.normal();
      return [y + 0.5 * s.normal(), y];
    });
    for (const given of [[], ["y"]]) {
      const { flow: fitted } = await fit(table, {
        ...options,
        flow,
        columns: ["x"],
        given,
        epochs: 50,
      });
      // The entropy of a normal distribution of this deviation, which a density given nothing cannot beat.
      const deviation = given.length > 0 ? 0.5 : Math.sqrt(1.25);
      const entropy = 0.5 + 0.5 * Math.log(2 * Math.PI) + Math.log(deviation);
      expect(Math.abs(meanOf(await fitted.logProb(table)) + entropy)).toBeLessThan(0.25);
      const drawn = momentsOf(
        await fitted.sample(4000, { seed: 1, given: given.length > 0 ? { y: 1 } : {} }),
      );
      const at = given.length;
      expect(Math.abs(drawn.mean[at]! - (given.length > 0 ? 1 : 0))).toBeLessThan(0.25);
      expect(Math.abs(drawn.deviation[at]! / deviation - 1)).toBeLessThan(0.25);
    }
  });

  it("keeps the digits of time stamps", async () => {
    const table = draw(["time", "value"], 300, 2, (s) => {
      const a = s.normal();
      return [1.7e9 + 1e3 * a, a + 0.5 * s.normal()];
    });
    const { flow: fitted } = await fit(table, { ...options, flow, epochs: 40 });
    const drawn = momentsOf(await fitted.sample(4000, { seed: 1 }));
    expect(Math.abs(drawn.mean[0]! - 1.7e9)).toBeLessThan(200);
    expect(Math.abs(drawn.deviation[0]! / 1e3 - 1)).toBeLessThan(0.2);
    const truth = -1 - Math.log(2 * Math.PI) - Math.log(1e3) - Math.log(0.5);
    expect(Math.abs(meanOf(await fitted.logProb(table)) - truth)).toBeLessThan(0.25);
    // A thousandth of a deviation is one second: float32 alone would round it to 128.
    const near = await fitted.logProb(
      tableFromRows(
        ["time", "value"],
        [
          [1.7e9, 0],
          [1.7e9 + 1, 0],
          [1.7e9 + 128, 0],
        ],
      ),
    );
    expect(Math.abs(near[1]! - near[0]!)).toBeLessThan(0.05);
    expect(near[1]).not.toBe(near[0]);
  });
});

describe("a fit stays finite with", () => {
  it.each<
    [
      string,
      readonly string[],
      (s: Parameters<Parameters<typeof draw>[3]>[0], row: number) => number[],
      number,
    ]
  >([
    [
      "two nearly collinear columns",
      ["a", "b", "c"],
      (s) => {
        const a = s.normal();
        return [a, a + 1e-6 * s.normal(), s.normal()];
      },
      300,
    ],
    [
      "a copy of a column in other units",
      ["a", "b"],
      (s) => {
        const a = s.normal();
        return [a, 1e6 * a + 3];
      },
      200,
    ],
    ["Cauchy tails", ["a", "b"], (s) => [s.normal() / s.normal(), s.normal() / s.normal()], 400],
    ["tails without a mean", ["a", "b"], (s) => [Math.exp(6 * s.normal()), s.normal()], 400],
    ["eleven rows", ["a", "b", "c"], (s) => [s.normal(), s.normal(), s.normal()], 11],
    [
      "ten rows and twelve columns",
      Array.from({ length: 12 }, (_, i) => `c${i}`),
      (s) => Array.from({ length: 12 }, () => s.normal()),
      10,
    ],
    [
      "one outlier of 1e9 deviations",
      ["a", "b"],
      (s, row) => [row === 50 ? 1e9 : s.normal(), s.normal()],
      200,
    ],
    ["a column that is 0 in all rows but one", ["a", "b"], (s, row) => [row === 50 ? 1 : 0, s.normal()], 200],
    [
      "a column that is 0 in all rows but three",
      ["a", "b"],
      (s, row) => [row % 70 === 50 ? s.normal() : 0, s.normal()],
      210,
    ],
    ["two values", ["a", "b"], (s) => [s.uniform() < 0.5 ? 0 : 1, s.normal()], 200],
    ["values of 1e-30", ["a", "b"], (s) => [1e-30 * s.normal(), s.normal()], 200],
    ["values of 1e30", ["a", "b"], (s) => [1e30 * s.normal(), s.normal()], 200],
  ])("%s", async (_, columns, row, rows) => {
    let at = 0;
    const table = draw(columns, rows, 3, (stream) => row(stream, at++));
    const result = await fit(table, quick);
    expect(Number.isFinite(result.report.trainLogProb)).toBe(true);
    expect(Number.isFinite(result.report.validationLogProb)).toBe(true);
    expect(finite(await result.flow.logProb(table))).toBe(true);
    expect(finite((await result.flow.sample(200, { seed: 1 })).values)).toBe(true);
  });

  it("heavy tails: the bulk is not lost to a handful of outliers", async () => {
    const table = draw(["a"], 1000, 4, (s) => [s.normal() / s.normal()]);
    const { flow } = await fit(table, { ...options, epochs: 100 });
    // The entropy of a Cauchy distribution is log(4 pi).
    expect(meanOf(await flow.logProb(table))).toBeGreaterThan(-Math.log(4 * Math.PI) - 0.35);
  });

  it.each<FlowKind>(["nsf", "nsf-ar"])(
    "%s: rows far out have less than the Gaussian takes off, not more",
    async (flow) => {
      const table = draw(["a", "b", "c"], 500, 6, (s) => {
        const [a, b, c] = [s.normal(), s.normal(), s.normal()];
        return [a, 0.9 * a + 0.2 * b * Math.exp(0.5 * s.normal()), 0.5 * a * a + 0.3 * c];
      });
      const fitted = await fit(table, {
        hidden: [32, 32],
        transforms: 3,
        epochs: 40,
        threads: 1,
        seed: 1,
        flow,
      });
      const { mean, deviation } = momentsOf(table);
      for (const far of [15, 30, 50])
        for (const sign of [-1, 1]) {
          const rows = mean.map((_, i) => mean.map((m, k) => (k === i ? m + sign * far * deviation[k]! : m)));
          for (const logProb of await fitted.flow.logProb(tableFromRows(table.columns, rows)))
            expect(logProb).toBeGreaterThan((-0.5 * far * far * 2) / 3);
        }
    },
  );

  it.each([0, 0.05, 0.5, 0.9, 0.99])("a held-out share of %s", async (validation) => {
    const table = draw(["a", "b"], 12, 5, (s) => [s.normal(), s.normal()]);
    const result = await fit(table, { ...quick, validation });
    expect(Number.isFinite(result.report.trainLogProb)).toBe(true);
    expect(Number.isFinite(result.report.validationLogProb)).toBe(true);
  });
});
