import { describe, expect, it } from "vitest";
import { tailExcesses, tailGain } from "../../src/distributions/tailedNormal.ts";
import { fit } from "../../src/fitting/fit.ts";

import { tailShares } from "../../src/fitting/gaussianization/tailShare.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { draw, meanOf } from "./tables.ts";

describe("the base of a Gaussianization", () => {
  it("has mass 1, whatever the share", () => {
    for (const share of tailShares) {
      // In three dimensions, over the logarithm of the distance.
      let mass = 0;
      for (let u = -9; u < 14; u += 1e-3) {
        const r = Math.exp(u);
        const [excess] = tailExcesses(Float64Array.of(r * r), 3);
        const logDensity = -1.5 * Math.log(2 * Math.PI) - 0.5 * r * r + tailGain(share)(excess!);
        mass += 4 * Math.PI * r ** 3 * Math.exp(logDensity) * 1e-3;
      }
      expect(Math.abs(mass - 1)).toBeLessThan(1e-6);
    }
  });

  it.each(["sliced", "gaussianization"] as const)(
    "bounds what a row far beyond the others costs, at no cost to them: %s",
    async (flow) => {
      const columns = ["a", "b", "c"];
      // Columns that nearly follow from each other, so that a row off the line is far out in the base.
      const row = (s: { normal(): number }): number[] => {
        const [a, b] = [s.normal(), s.normal()];
        return [a, a + 0.1 * b, a - 0.1 * b + 0.1 * s.normal()];
      };
      const { flow: fitted } = await fit(draw(columns, 1200, 1, row), {
        flow,
        seed: 1,
        threads: 1,
        layers: 12,
        step: 0.5,
        validation: 0.5,
      });
      const ordinary = meanOf(await fitted.logProb(draw(columns, 1000, 2, row)));
      const truth = -1.5 * (1 + Math.log(2 * Math.PI)) - 2 * Math.log(0.1);
      expect(ordinary).toBeGreaterThan(truth - 0.1);
      const far = await fitted.logProb(
        tableFromRows(columns, [
          [0, 3, 0],
          [8, 0, 0],
          [60, -60, 60],
        ]),
      );
      // Under a normal base -450 and less.
      for (const score of far) expect(score).toBeGreaterThan(ordinary - 60);
    },
  );
});
