import { expect, test } from "vitest";
import { fitGridShares, sortedValues } from "../../src/fitting/columns/fitMarginalMap.ts";
import { modelColumn } from "../../src/fitting/columns/modelColumn.ts";
import type { DensityColumn } from "../../src/models/columns/column.ts";
import { headFromJson } from "../../src/models/columns/heads/headFromJson.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const whole = (value: number): number => value;

test("values spread evenly over a grid are left to its smooth part", () => {
  const random = new RandomStream(randomKey(1));
  const days = Float64Array.from({ length: 900 }, () => Math.floor(1000 * random.uniform()));
  expect(fitGridShares(sortedValues(days, undefined), whole, whole, () => 1 / 1000)).toBeUndefined();
});

test("values at which rows heap up are listed, and the rest has what is left", () => {
  const random = new RandomStream(randomKey(2));
  // Seven of ten on multiples of 100, the rest anywhere.
  const prices = Float64Array.from({ length: 2000 }, () =>
    random.uniform() < 0.7 ? 100 * Math.floor(10 * random.uniform()) : Math.floor(1000 * random.uniform()),
  );
  const shares = fitGridShares(sortedValues(prices, undefined), whole, whole, () => 1 / 1000)!;
  expect(shares.blend).toBeGreaterThan(0.2);
  expect(shares.blend).toBeLessThan(0.4);
  expect(shares.values).toBeUndefined();
});

test("weights count as rows do", () => {
  const values = Float64Array.from({ length: 60 }, (_, i) => (i < 30 ? 5 : i % 20));
  const once = fitGridShares(sortedValues(values, undefined), whole, whole, () => 1 / 20)!;
  const tenfold = fitGridShares(
    sortedValues(values, new Float64Array(60).fill(10)),
    whole,
    whole,
    () => 1 / 20,
  )!;
  expect(tenfold.blend).toBeCloseTo(once.blend, 12);
  expect(tenfold.counts.map((count) => count / 10)).toEqual(
    once.counts.map((count) => expect.closeTo(count, 9)),
  );
});

test("a value with the digits of single precision comes back to the digit", () => {
  const values = Float64Array.from({ length: 300 }, (_, i) => Math.fround(1.8 + 0.1 * (i % 7)));
  const column: DensityColumn = { name: "rate", kind: "positive", step: 0.100000143051, from: values[0]! };
  const { head } = modelColumn(column, values, undefined, { components: 4, angleComponents: 4 });
  const { distribution, start } = headFromJson(column, head);
  const { quantile, interval } = distribution([start], [1]);
  for (const value of new Set(values)) {
    const [below, above] = interval(value);
    expect(quantile(0.5 * (Math.max(below, -50) + Math.min(above, 50)))).toBe(value);
  }
});
