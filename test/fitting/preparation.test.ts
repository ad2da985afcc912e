import { describe, expect, it } from "vitest";
import { fit } from "../../src/fitting/fit.ts";

import { fitMarginalSpline } from "../../src/fitting/preparation/preparation.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { draw } from "./tables.ts";

/** Knots of the spline of one column of 1,000 values at even levels. */
const knotsOf = (quantile: (level: number) => number): Record<string, Float64Array> => {
  const rows = Float64Array.from({ length: 1000 }, (_, i) => quantile((i + 0.5) / 1000));
  return { ...fitMarginalSpline(rows, 1, 17).values, rows } as Record<string, Float64Array>;
};

/** The deviation of values. */
const deviationOf = (values: Float64Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

describe("splines of columns", () => {
  it("bend, at a wall, from their own slope to that of standardization", () => {
    const { data, base, logSlope, rows } = knotsOf((level) => level);
    const gentle = -Math.log(deviationOf(rows!));
    expect(logSlope![1]).toBeGreaterThan(gentle + 1);
    expect(logSlope![0]).toBeCloseTo(gentle, 12);
    expect(logSlope![logSlope!.length - 1]).toBeCloseTo(gentle, 12);
    for (let k = 1; k < data!.length; k++) {
      expect(data![k]).toBeGreaterThan(data![k - 1]!);
      expect(base![k]).toBeGreaterThan(base![k - 1]!);
    }
    // The last knots but one are where the rows end.
    expect(data![1]).toBeCloseTo(0.001, 12);
    expect(data![data!.length - 2]).toBeCloseTo(0.999, 12);
  });

  it("keep their slope where the tail of a column is heavier than a normal one", () => {
    const { logSlope, rows } = knotsOf((level) => Math.tan(Math.PI * (level - 0.5)));
    expect(logSlope![0]).toBe(logSlope![1]);
    expect(logSlope![0]).toBeLessThan(-Math.log(deviationOf(rows!)));
  });

  it("have no spikes, where knots are many and ranks between them few", () => {
    const rows = 4850;
    const stream = new RandomStream(randomKey(1));
    const { data, base } = fitMarginalSpline(
      Float64Array.from({ length: rows }, () => stream.normal()),
      1,
      97,
    ).values as Record<string, Float64Array>;
    // Of a normal sample scores and values are the same; the outermost knots follow single rows.
    for (let k = 2; k < 98; k++) {
      const slope = (base![k]! - base![k - 1]!) / (data![k]! - data![k - 1]!);
      expect([k, slope > 0.1 && slope < 10]).toEqual([k, true]);
    }
  });

  it.each(["planar", "radial", "residual"] as const)(
    "leave a %s flow finite sense beyond a wall",
    async (flow) => {
      const table = draw(["a", "b"], 600, 1, (stream) => [-Math.log(stream.uniform()), stream.uniform()]);
      const fitted = await fit(table, { flow, seed: 1, threads: 1, epochs: 30, transforms: 4 });
      // Rows of the table are at 0 or more; this one is 2 deviations beyond.
      const [far] = await fitted.flow.logProb(tableFromRows(["a", "b"], [[-2, 0.5]]));
      // Steep on, it would be some 30 normal scores out.
      expect(far).toBeGreaterThan(-60);
      expect(fitted.report.validationLogProb).toBeGreaterThan(-1.3);
    },
  );
});
