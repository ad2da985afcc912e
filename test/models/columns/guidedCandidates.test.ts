/** Rows drawn given values that say nearly all of the columns before them. */

import { expect, test } from "vitest";
import { fit, tableFromObjects, tableToObjects } from "../../../src/index.ts";
import type { GivenReport } from "../../../src/models/columns/questions/questionOptions.ts";
import { normalsAt, randomKey } from "../../../src/random/philox.ts";

const threads = 1;
const sites = Array.from({ length: 20 }, (_, i) => `site ${i}`);

test("a level and a number that are said by later columns are drawn as often as the density says", async () => {
  const noise = new Float64Array(3);
  const table = tableFromObjects(
    Array.from({ length: 2000 }, (_, i) => {
      normalsAt(randomKey(1), i, 3, noise);
      const [x, rest, height] = noise as unknown as [number, number, number];
      const site = (7 * i) % 20;
      return { site: sites[site]!, x, height: site + 0.4 * height, y: 3 * x + 0.02 * rest };
    }),
  );
  const { flow } = await fit(table, { flow: "columns", hidden: [32], epochs: 12, seed: 1, threads });
  const given = { height: 12.3, y: 3.9 };
  // Of each site and of x the density of what is given, on a grid that is finer than y says x.
  const [step, middle, reach] = [0.006, 1.3, 0.9];
  const places = Array.from({ length: (2 * reach) / step }, (_, i) => middle - reach + (i + 0.5) * step);
  const masses = new Map<string, number>();
  let meanX = 0;
  for (const site of sites) {
    const rows = tableFromObjects(places.map((x) => ({ site, x, ...given })));
    const shares = (await flow.logProb(rows, { threads })).map((log) => Math.exp(log) * step);
    masses.set(
      site,
      shares.reduce((a, b) => a + b),
    );
    meanX += shares.reduce((sum, share, k) => sum + share * places[k]!, 0);
  }
  const mass = [...masses.values()].reduce((a, b) => a + b);
  let report: GivenReport | undefined;
  const n = 1000;
  const drawn = tableToObjects(
    await flow.sample(n, { given, seed: 1, threads, onGiven: (own) => (report = own) }),
  );
  // Without guides 65,536 candidates are worth 175.
  expect(report!.effectiveSize).toBeGreaterThan(2 * n);
  expect(report!.candidates).toBeLessThan(33_000);
  expect(Math.abs(report!.logProbGiven - Math.log(mass))).toBeLessThan(0.08);
  expect(Math.abs(drawn.reduce((sum, { x }) => sum + Number(x), 0) / n - meanX / mass)).toBeLessThan(0.005);
  for (const [site, share] of masses) {
    const times = drawn.filter((row) => row.site === site).length;
    expect(Math.abs(times / n - share / mass), site).toBeLessThan(0.05);
  }
  expect(drawn.every(({ height, y }) => height === given.height && y === given.y)).toBe(true);
});
