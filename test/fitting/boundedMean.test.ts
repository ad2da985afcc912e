import { expect, it } from "vitest";
import { boundedMean } from "../../src/numerics/boundedMean.ts";
import { draw, meanOf } from "./tables.ts";

const plain = draw(["l"], 501, 1, (s) => [-3 - s.normal() ** 2]).values;

it("of log-densities that are near each other is their mean, with weights or without", () => {
  expect(boundedMean(plain, undefined)).toBeCloseTo(meanOf(plain), 12);
  const weights = plain.map((_, i) => 1 + (i % 3));
  const repeated = Float64Array.from(
    Array.from(plain).flatMap((own, i) => new Array<number>(1 + (i % 3)).fill(own)),
  );
  expect(boundedMean(plain, weights)).toBeCloseTo(meanOf(repeated), 12);
});

it("counts a row far out as one of 20 nats below the median, however far it is", () => {
  const far = (value: number): number => boundedMean(Float64Array.of(...plain, value), undefined);
  const median = plain.slice().sort()[250]!;
  expect(far(-1e6)).toBeCloseTo((501 * meanOf(plain) + median - 20) / 502, 3);
  expect(far(-1e6)).toBe(far(Number.NEGATIVE_INFINITY));
  expect(far(-15)).toBeGreaterThan(far(-20));
});
