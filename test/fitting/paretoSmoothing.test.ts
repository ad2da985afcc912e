/** The shape of a tail: of exact quantiles, and of weights whose tail is known. */

import { describe, expect, test } from "vitest";
import { fitGeneralizedPareto, paretoSmoothed } from "../../src/numerics/paretoSmoothing.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

describe("Pareto smoothing", () => {
  const quantiles = (k: number, sigma: number, n: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => {
      const level = (i + 0.5) / n;
      return (sigma / k) * ((1 - level) ** -k - 1);
    });

  test.each([
    [0.2, 1],
    [0.5, 3],
    [0.9, 0.1],
    [1.5, 2],
  ])("the fit finds shape %d and scale %d of exact quantiles", (k, sigma) => {
    const n = 4000;
    const fitted = fitGeneralizedPareto(quantiles(k, sigma, n));
    // Undo the prior, which pulls to 0.5.
    expect((fitted.k * (n + 10) - 5) / n).toBeCloseTo(k, 1);
    expect(fitted.sigma / sigma).toBeCloseTo(1, 1);
  });

  test("ratios with a tail of known shape: k-hat, and weights that add up to 1", () => {
    const stream = new RandomStream(randomKey(3));
    for (const k of [0.3, 0.8]) {
      const ratios = Float64Array.from({ length: 20_000 }, () => -k * Math.log(stream.uniform()));
      const smoothed = paretoSmoothed(ratios);
      expect(Math.abs(smoothed.k - k)).toBeLessThan(0.15);
      expect(smoothed.logWeights.reduce((sum, own) => sum + Math.exp(own), 0)).toBeCloseTo(1, 9);
      const shifted = paretoSmoothed(ratios.map((own) => own + 1000));
      expect(shifted.k).toBeCloseTo(smoothed.k, 9);
    }
    expect(paretoSmoothed(new Float64Array(1000)).k).toBe(Number.NEGATIVE_INFINITY);
    expect(() => paretoSmoothed(Float64Array.of(0, Number.NaN))).toThrow("NaN");
    expect(() => paretoSmoothed(Float64Array.of(-Infinity, -Infinity))).toThrow("all weights are 0");
  });
});
