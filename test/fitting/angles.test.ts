import { expect, test } from "vitest";
import { circularSplineFlow } from "../../src/architectures/circularFlow.ts";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { densityRatio } from "../../src/diagnostics/divergence/densityRatio.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { fit } from "../../src/fitting/fit.ts";
import { draw } from "./tables.ts";

const degrees = (angle: number): number => angle - 360 * Math.floor((angle + 180) / 360);
const table = draw(["phi", "hour"], 200, 3, (stream) => {
  const phi = 180 + 40 * stream.normal();
  const hour = (phi + 20 * stream.normal()) / 15;
  return [degrees(phi), hour - 24 * Math.floor(hour / 24)];
});
const kinds = { phi: "angle:360", hour: "angle:24" };
const small = { transforms: 2, hidden: [8], epochs: 30, seed: 1, threads: 1 };

test("a density of angles has no seam, and angles that differ by whole turns are the same", async () => {
  const { flow, report } = await fit(table, { ...small, flow: "ncsf", kinds });
  const rows = [180, 12, -180, 12, 540, -12, 180 - 1e-7, 12 + 1e-7, 180, 0, 180, 24].map(Number);
  const [end, start, turns, beside, midnight, same] = await flow.logProb(Float64Array.from(rows), {
    precision: "float64",
  });
  expect(start).toBeCloseTo(end!, 12);
  expect(turns).toBeCloseTo(end!, 12);
  expect(beside).toBeCloseTo(end!, 5);
  expect(same).toBeCloseTo(midnight!, 12);
  // The untrained flow is uniform: it has learnt where the angles are.
  expect(report.validationLogProb).toBeGreaterThan(-Math.log(360 * 24) + 0.3);
  const samples = await flow.sample(500, { seed: 1 });
  samples.values.forEach((value, i) => {
    const [low, high] = i % 2 === 0 ? [-180, 180] : [0, 24];
    expect(value).toBeGreaterThanOrEqual(low - 1e-4);
    expect(value).toBeLessThanOrEqual(high + 1e-4);
  });
});

test("an architecture of angles takes periods, too; others, and columns without one, are refused", async () => {
  const { flow } = await fit(table, {
    flow: circularSplineFlow({ transforms: 1, hidden: [4], bins: 4 }),
    epochs: 1,
    kinds,
    threads: 1,
  });
  expect(flow.description.kind).toBe("ncsf");
  const refused = async (options: object): Promise<string> =>
    ((await fit(table, { ...small, ...options }).catch((error: Error) => error)) as Error).message;
  expect(await refused({ flow: "ncsf", kinds: { phi: "angle:360" } })).toBe(
    'fit: ncsf is a flow of angles, and column "hour" has no period; say `kinds: { "hour": "angle:360" }` if it is in degrees, or leave the column out.',
  );
  expect(await refused({ flow: "ncsf", columns: ["phi"], kinds })).toContain(
    '`kinds` names "hour", which is not a fitted column',
  );
  expect(await refused({ flow: "nsf", kinds })).toContain("kinds means nothing for nsf");
  expect(() => circularSplineFlow({ features: 2, base: standardNormal })).toThrow("any number");
});

test("ranks of anomalies and divergences do not take angles for numbers, and training goes on without kinds", async () => {
  const { flow } = await fit(table, { ...small, epochs: 1, flow: "ncsf", kinds });
  await expect(anomalies(flow, table)).rejects.toThrow(/flow of angles/);
  const { flow: numbers } = await fit(table, { flow: "gaussian" });
  await expect(densityRatio(flow, numbers, table)).rejects.toThrow(/one flow is of angles/);
  await fit(table, { from: flow, epochs: 1, seed: 2 });
  await expect(fit(table, { from: flow, epochs: 1, kinds })).rejects.toThrow(/is that of the model/);
});
