/** Densities whose integral is known: tails, poles, modes, rounding at bounds, and what is said where one goes wrong. */

import { expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { approximate } from "../../src/fitting/variational/approximate.ts";

import { type ParameterDescriptions, parameterSpace } from "../../src/fitting/variational/parameterSpace.ts";
import { densityOf, type LogDensity } from "../../src/fitting/variational/writtenDensity.ts";
import * as g from "../../src/graph/ops.ts";
import { load } from "../../src/models/flow.ts";

interface Case {
  readonly parameters: ParameterDescriptions;
  readonly logDensity: LogDensity;
}
const report = async (name: string): Promise<Case> =>
  (await import(new URL(`../files/reports/${name}.mjs`, import.meta.url).href)) as Case;
const fit = (own: Case, more: object = {}): ReturnType<typeof approximate> =>
  approximate({ logDensity: own.logDensity, parameters: own.parameters, seed: 1, threads: 1, ...more });

/** Within three of its own standard errors, and those are small. */
function expectEvidence(found: { logEvidence: number; logEvidenceError: number }, truth: number): void {
  expect(found.logEvidenceError).toBeLessThan(0.02);
  expect(Math.abs(found.logEvidence - truth)).toBeLessThan(3 * found.logEvidenceError + 1e-6);
}

test("a Cauchy: the evidence, and quantiles as wide as they are", async () => {
  const found = await fit(await report("vi-cauchy"));
  expectEvidence(found.report, Math.log(Math.PI));
  expect(found.report.reliable).toBe(true);
  expect(found.report.summary[0]!.q95).toBeGreaterThan(5.9);
  expect(found.report.summary[0]!.q95).toBeLessThan(6.8);
  expect(found.report.steps).toBeLessThan(1500);
  // The saved flow has the tails.
  const again = await load(found.flow.toBytes());
  const [far] = await again.logProb(Float64Array.of(1e4));
  expect(far! + Math.log(Math.PI * 1e8)).toBeCloseTo(0, 0);
}, 60_000);

test("integrable poles at both bounds", async () => {
  const found = await fit(await report("vi-beta0.05"));
  expectEvidence(found.report, 3.68505);
  expect(found.report.reliable).toBe(true);
}, 60_000);

test("a normal density takes no steps, and its weights raise no alarm", async () => {
  const found = await fit(await report("vi-normal3"));
  expect(found.report).toMatchObject({ steps: 0, isConverged: true, reliable: true, warnings: [] });
  expectEvidence(found.report, 1.5 * Math.log(2 * Math.PI));
  expect(found.report.kHat).toBeLessThanOrEqual(0);
}, 60_000);

test("a density that is not a number in places is not reliable", async () => {
  const found = await fit(await report("vi-nan"), { steps: 50 });
  expect(found.report.reliable).toBe(false);
  expect(found.report.warnings.map(({ code }) => code)).toContain("not-a-number");
}, 60_000);

test("two separate modes are both found, with their shares", async () => {
  const logDensity: LogDensity = ({ x, y }, { logAddExp, add, sub, mul, square }) =>
    logAddExp(
      mul(-0.5, add(square(sub(x!, 8)), square(y!))),
      add(Math.log(0.25), mul(-0.5, add(square(add(x!, 8)), square(sub(y!, 5))))),
    );
  const found = await fit({ logDensity, parameters: { x: "real", y: "real" } });
  expectEvidence(found.report, Math.log(2 * Math.PI * 1.25));
  expect(found.report.warnings.map(({ code }) => code)).toEqual(["modes-disagree"]);
  expect(found.report.reliable).toBe(true);
  expect(Math.abs(found.report.summary[0]!.mean - 8 * 0.6)).toBeLessThan(
    5 * found.report.summary[0]!.meanError,
  );
  const { table, logWeights, logProb } = await found.sample(2000, { seed: 4 });
  expect(logWeights.length).toBe(2000);
  const scored = await (await load(found.flow.toBytes())).logProb(table);
  scored.forEach((own, i) => expect(own).toBeCloseTo(logProb[i]!, 6));
}, 60_000);

test("differences to bounds keep their digits, however they are written", async () => {
  // -0.9 log(p (1 - p)), where p is 1 - e^-60 and e^-60; vectors, too.
  const written: [ParameterDescriptions, LogDensity][] = [
    [{ p: { above: 0, below: 1 } }, ({ p }, o) => o.mul(-0.9, o.add(o.log(p!), o.log1p(o.neg(p!))))],
    [{ p: { above: 0, below: 1 } }, ({ p }, o) => o.mul(-0.9, o.log(o.mul(p!, o.sub(1, p!))))],
    [{ p: { above: 0, below: 1 } }, ({ p }, o) => o.mul(-0.9, o.log(o.sub(p!, o.square(p!))))],
    [
      { r: { above: -1, below: 1 } },
      ({ r }, o) => o.mul(-0.9, o.sub(o.log(o.sub(1, o.square(r!))), Math.log(4))),
    ],
    [
      { p: { size: 1, above: 2, below: 3 } },
      ({ p }, o) => o.mul(-0.9, o.sum(o.add(o.log(o.sub(3, p!)), o.log(o.sub(p!, 2))))),
    ],
  ];
  for (const [parameters, logDensity] of written) {
    const space = parameterSpace(parameters);
    const value = densityOf(logDensity, space)(space.at(g.input("u", [1])));
    const executable = await referenceEngine.compile({ rows: { value: g.mul(g.rowMark(), value) } });
    const { rows } = await executable.run({ rows: 2, inputs: { u: Float64Array.of(60, -60) } });
    for (const own of rows.value!) expect(own).toBeCloseTo(0.9 * 60, 9);
  }
});
