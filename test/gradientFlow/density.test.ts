import { expect, test } from "vitest";
import { diagonalNormal } from "../../src/distributions/diagonalNormal.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { fit } from "../../src/fitting/fit.ts";

import { densityOf, resolveDensity } from "../../src/fitting/gradientFlow/density.ts";
import { gradientFlow } from "../../src/fitting/gradientFlow/gradientFlow.ts";
import { sampleMixture } from "../../src/fitting/gradientFlow/normalMixture.ts";
import { fitGaussianMixture } from "../../src/fitting/statistics/gaussianMixture.ts";
import * as g from "../../src/graph/ops.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { plane, worst } from "./flows.ts";

const to = standardNormal({ features: 2 });
const table = tableFromRows(["a", "b"], sampleMixture(plane, 400, new RandomStream(randomKey(3))));

test("a fitted mixture is a mixture: its covariances give its log-densities", async () => {
  const fitted = await fitGaussianMixture(table, 3, { seed: 1 });
  const flow = await gradientFlow({ from: fitted, to, points: table.values, times: [0] });
  expect(flow.form).toBe("exact");
  expect(worst(flow.logDensity[0]!, fitted.logProb(table))).toBeLessThan(1e-10);
});

test("a fitted flow is carried as particles", async () => {
  const { flow: fitted } = await fit(table, {
    hidden: [8],
    transforms: 1,
    epochs: 3,
    threads: 1,
    seed: 1,
  });
  const flow = await gradientFlow({ from: fitted, to, rows: 60, times: [0, 0.5] });
  expect(flow.form).toBe("particles");
  expect(worst(flow.logDensity[0]!, await fitted.logProb(flow.points[0]!, { precision: "float64" }))).toBe(0);
  expect(flow.logLikelihood[1]).toBeGreaterThan(flow.logLikelihood[0]!);
});

test("gradients agree: of a mixture, of an expression, and by differences", async () => {
  const points = Float64Array.of(0.3, -1.2, 2, 0.1);
  const mixture = resolveDensity("to", plane);
  const exact = await mixture.gradient(points);
  const { logDensity } = mixture;
  const differences = await resolveDensity("to", { features: 2, logDensity }).gradient(points);
  expect(worst(exact, differences)).toBeLessThan(1e-8);
  const expression = densityOf(2, (x) => g.mul(-0.5, g.sum(g.square(x))));
  expect(
    worst(
      await expression.gradient!(points),
      points.map((own) => -own),
    ),
  ).toBeLessThan(1e-15);
});

test("a density with trained parameters is refused", async () => {
  const from = diagonalNormal({ features: 2 });
  await expect(gradientFlow({ from, to })).rejects.toThrow(/trained parameters/);
  const weights = [0.5, 0.6];
  await expect(gradientFlow({ from: { ...plane, weights }, to })).rejects.toThrow(/2 weights, 3 means/);
});
