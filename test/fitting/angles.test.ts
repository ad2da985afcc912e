import { join } from "node:path";
import { expect, test } from "vitest";
import { circularSplineFlow } from "../../src/architectures/circularFlow.ts";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { densityRatio } from "../../src/diagnostics/divergence/densityRatio.ts";
import { evaluate } from "../../src/diagnostics/evaluate/evaluate.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { fit } from "../../src/fitting/fit.ts";
import { flowOfModel, load } from "../../src/models/flow.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { draw } from "./tables.ts";

const degrees = (angle: number): number => angle - 360 * Math.floor((angle + 180) / 360);
const table = draw(["phi", "hour"], 200, 3, (stream) => {
  const phi = 180 + 40 * stream.normal();
  const hour = (phi + 20 * stream.normal()) / 15;
  return [degrees(phi), hour - 24 * Math.floor(hour / 24)];
});
const kinds = { phi: "angle:360", hour: "angle:24" };
const small = { transforms: 2, hidden: [8], epochs: 30, seed: 1, threads: 1 };
const { flow, report } = await fit(table, { ...small, flow: "ncsf", kinds });

test("a density of angles has no seam, and angles that differ by whole turns are the same", async () => {
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
    '`kinds` names "hour", which is not a fitted column; the fitted columns are: phi.',
  );
  expect(await refused({ flow: "ncsf", kinds: { ...kinds, phy: "angle:360" } })).toContain(
    'is not a fitted column (did you mean "phi"?)',
  );
  expect(await refused({ flow: "ncsf", kinds: { ...kinds, phi: "angle:whole" } })).toContain(
    '"angle:whole" needs its period, such as angle:360',
  );
  expect(await refused({ flow: "nsf", kinds })).toContain("kinds means nothing for nsf");
  expect(() => circularSplineFlow({ features: 2, base: standardNormal })).toThrow("any number");
});

/** The table, and its rows once more with angles in other turns. */
const twice = [0, 1].flatMap((turns) =>
  Array.from({ length: table.rows }, (_, row) => [
    table.values[2 * row]! + 360 * turns * ((row % 5) - 2),
    table.values[2 * row + 1]! - 24 * turns * (row % 3),
  ]),
);

test("a flow of angles keeps their periods: samples are in one turn, and what asks for kinds of columns goes around the circle", async () => {
  const loaded = await load(flow.toBytes());
  expect(loaded.description.schema).toEqual({
    columns: [
      { name: "phi", kind: "angle", use: "fit", lower: -180, period: 360 },
      { name: "hour", kind: "angle", use: "fit", period: 24 },
    ],
  });
  expect(loaded.toBytes()).toEqual(flow.toBytes());
  for (const { values } of [
    await loaded.sample(5000, { seed: 1 }),
    (await loaded.sampleWithLogProb(5000, { seed: 1 })).table,
  ]) {
    expect(
      Array.from(values).every((value, i) => value >= (i % 2 ? 0 : -180) && value < (i % 2 ? 24 : 180)),
    ).toBe(true);
  }
  // Ranks and distances are those of angles: other turns change nothing but the last digits.
  const { rows } = await anomalies(loaded, tableFromRows(table.columns, twice));
  for (let row = 0; row < table.rows; row++)
    expect(rows[table.rows + row]!.score).toBeCloseTo(rows[row]!.score, 6);
  const inOtherTurns = tableFromRows(table.columns, twice.slice(table.rows));
  const [first, second] = [await evaluate(loaded, table), await evaluate(loaded, inOtherTurns)];
  expect(first.columns.map(({ kind }) => kind)).toEqual(["angle", "angle"]);
  first.marginals.forEach(({ distance }, i) =>
    expect(second.marginals[i]!.distance).toBeCloseTo(distance!, 6),
  );
  await expect(loaded.contributions(table)).rejects.toThrow(/density of whole rows/);
});

test("densities of angles are divided by those of the same angles alone", async () => {
  const { flow: numbers } = await fit(table, { flow: "gaussian" });
  await expect(densityRatio(flow, numbers, table)).rejects.toThrow(
    /column "phi" has different reference measures: angles that come round after 360, Lebesgue under p, numbers, Lebesgue under q/,
  );
  const radians = { ...kinds, hour: "angle:12" };
  const { flow: half } = await fit(table, { ...small, epochs: 1, flow: "ncsf", kinds: radians });
  await expect(densityRatio(flow, half, table)).rejects.toThrow(
    /come round after 24, .* come round after 12/,
  );
  const { flow: mixed } = await fit(table, { flow: "columns", kinds, epochs: 1, members: 1, hidden: [8] });
  const { logRatio } = await densityRatio(flow, mixed, table);
  expect(logRatio.every(Number.isFinite)).toBe(true);
});

test("training goes on from a flow of angles without kinds, and keeps its periods; one of shares is refused", async () => {
  const { flow: further } = await fit(table, { from: flow, epochs: 1, seed: 2 });
  expect(further.description.schema).toEqual(flow.description.schema);
  await expect(fit(table, { from: flow, epochs: 1, kinds })).rejects.toThrow(/is that of the model/);
  const shares = draw(["a", "b", "c"], 40, 1, (stream) => {
    const [a, b] = [0.1 + 0.4 * stream.uniform(), 0.1 + 0.3 * stream.uniform()];
    return [a, b, 1 - a - b];
  });
  const ofShares = { a: "angle:1", b: "angle:1", c: "angle:1" };
  await expect(
    fit(shares, { flow: "ncsf", simplex: ["a", "b", "c"], kinds: ofShares, epochs: 1 }),
  ).rejects.toThrow(/shares of a total/);
});

test("given columns of a flow of angles are numbers, and the first files of such flows have the periods of their preparation", async () => {
  const rows = draw(["x", "phi"], 100, 3, (stream) => {
    const x = stream.normal();
    return [x, 90 * x + 20 * stream.normal()];
  });
  const { flow } = await fit(rows, {
    ...small,
    transforms: 1,
    epochs: 1,
    flow: "ncsf",
    given: ["x"],
    columns: ["phi"],
    kinds: { phi: "angle:360" },
  });
  expect(flow.description.schema!.columns.map(({ name, kind }) => [name, kind])).toEqual([
    ["x", "continuous"],
    ["phi", "angle"],
  ]);
  const sampled = await flow.sample(3, { given: { x: 1 }, seed: 1 });
  expect(sampled.values.filter((_, i) => i % 2 === 0)).toEqual(Float64Array.of(1, 1, 1));
  const { schema: _, ...before } = flow.model;
  const earlier = await flowOfModel(before);
  expect(earlier.description.schema).toEqual(flow.description.schema);
  const strange = { ...flow.model, schema: { columns: [] } };
  await expect(flowOfModel(strange)).rejects.toThrow(/its schema is not that of its columns/);
});

test("a checkpoint of other periods is of another fit", async () => {
  const folder = temporaryFolder();
  const checkpoint = join(folder, "angles.checkpoint");
  const own = { ...small, transforms: 1, epochs: 2, flow: "ncsf", checkpoint } as const;
  await fit(table, { ...own, kinds });
  const others = { ...kinds, hour: "angle:12" };
  await expect(fit(table, { ...own, kinds: others, resume: true })).rejects.toThrow(
    /belongs to a fit with other data/,
  );
});
