/** A resampled base learns what a bijection of a normal distribution cannot, and says how well its density is known. */

import { expect, test } from "vitest";
import { realNVP } from "../../src/architectures/architecture.ts";
import { acceptedShare } from "../../src/diagnostics/acceptedShare.ts";
import { resampled } from "../../src/distributions/joint/resampled.ts";
import { fit } from "../../src/fitting/fit.ts";
import { load } from "../../src/models/flow.ts";
import { draw } from "../fitting/tables.ts";

/** Two islands, between which there is nothing. */
const islands = (features: number, rows: number) =>
  draw(
    Array.from({ length: features }, (_, i) => `x${i}`),
    rows,
    7,
    (stream) => {
      const side = stream.uniform() < 0.5 ? -1 : 1;
      return Array.from({ length: features }, (_, i) => (i === 0 ? 1.5 * side : 0) + 0.4 * stream.normal());
    },
  );
const table = islands(1, 400);
const how = { epochs: 80, learningRate: 0.03, seed: 1, threads: 1 } as const;
const flowOf = (features: number) =>
  realNVP({ base: resampled({ features, hidden: [8], points: 256 }), transforms: 1, hidden: [4] });

test("its density has the hole that the rows have, its samples the density, and its file both", async () => {
  const { flow, report } = await fit(table, { ...how, flow: flowOf(1) });
  // A normal distribution of the variance of the rows has -1.86 nats, the islands have -1.20.
  expect(report.validationLogProb).toBeGreaterThan(-1.5);
  const back = await load(flow.toBytes());
  expect(await back.logProb(table)).toEqual(await flow.logProb(table));
  const drawn = await back.sample(4000, { seed: 3 });
  const inside = drawn.values.filter((x) => Math.abs(x) < 0.5).length / 4000;
  const grid = Float64Array.from({ length: 400 }, (_, i) => -0.5 + (i + 0.5) / 400);
  const mass = (await back.logProb(grid)).reduce((sum, log) => sum + Math.exp(log) / 400, 0);
  expect(mass).toBeLessThan(0.1);
  expect(Math.abs(inside - mass)).toBeLessThan(4 * Math.sqrt(mass / 4000) + 1e-3);
  const { isEstimate, normalizer, estimate, standardError } = await acceptedShare(back);
  expect(isEstimate).toBe(false);
  expect(Math.abs(normalizer - estimate)).toBeLessThan(4 * standardError);
});

test("beyond three features the normalizer is an estimate, which is told with its error", async () => {
  const { flow } = await fit(islands(4, 200), { ...how, epochs: 20, flow: flowOf(4) });
  const { isEstimate, normalizer, estimate, standardError, logProbError } = await acceptedShare(flow, {
    draws: 20_000,
  });
  expect(isEstimate).toBe(true);
  // Over 256 draws.
  expect(Math.abs(normalizer - estimate)).toBeLessThan(4 * standardError * Math.sqrt(20_000 / 256));
  expect(logProbError).toBeGreaterThan(Math.abs(Math.log(normalizer / estimate)) / 2);
  expect(logProbError).toBeLessThan(0.5);
  const other = await fit(table, { epochs: 1, threads: 1, flow: realNVP({ transforms: 1, hidden: [4] }) });
  await expect(acceptedShare(other.flow)).rejects.toThrow("the base of the flow must be resampled");
});
