/** The public check of laws: it passes maps of ours, and names what a wrong map of a user breaks. */

import { expect, test } from "vitest";
import { absoluteValue } from "../../src/bijections/piecewise/absoluteValue.ts";
import { affine, type Bijection, coupling, planar, radial } from "../../src/entries/bijections.ts";
import { checkLaws } from "../../src/entries/diagnostics.ts";
import { ops } from "../../src/entries/graph.ts";
import { rationalQuadraticTransformer } from "../../src/entries/transformers.ts";

const spline = rationalQuadraticTransformer({ bins: 3, bound: 3 });

test.each<[string, Bijection]>([
  ["an affine map of one feature", affine({ features: 1 })],
  ["a radial map of three features", radial({ features: 3 })],
  ["a planar map", planar({ features: 2 })],
  [
    "a spline coupling with context",
    coupling({ features: 2, context: 1, transformed: [1], transformer: spline, hidden: [4] }),
  ],
])("%s keeps every law", async (_, bijection) => {
  const report = await checkLaws(bijection);
  expect(report.text).not.toContain("FAILS");
  expect(report.holds).toBe(true);
  expect(report.laws.filter(({ holds }) => holds).length).toBeGreaterThanOrEqual(
    bijection.features > 2 ? 6 : 7,
  );
});

const right = affine({ features: 2 });
/** An affine map with a fault. */
const wrong = (fault: Partial<Bijection>): Bijection => ({ ...right, ...fault });
const failing = async (bijection: Bijection): Promise<string[]> =>
  (await checkLaws(bijection)).laws.filter(({ holds }) => holds === false).map(({ law }) => law);

test("a wrong log-determinant is found, in one direction and in both", async () => {
  const halved = wrong({
    inverse: (y, p, c) => {
      const { value, logAbsDet } = right.inverse(y, p, c);
      return { value, logAbsDet: ops.mul(0.5, logAbsDet) };
    },
  });
  expect(await failing(halved)).toEqual([
    "logAbsDet is that of the dense Jacobian",
    "the logAbsDets of the two directions are opposite",
    "the density of a pushed normal integrates to 1",
  ]);
  const { laws } = await checkLaws(halved);
  expect(laws[1]!.detail).toMatch(
    /^inverse of \[.*\] has the logAbsDet -?[\d.]+, the Jacobian says -?[\d.]+$/,
  );
});

test("an inverse that is none, and a description that nobody can read, are found", async () => {
  const shifted = wrong({
    inverse: (y, p, c) => right.inverse(ops.add(y, 1e-4), p, c),
    toJSON: () => ({ type: "shifted" }),
  });
  expect(await failing(shifted)).toEqual(["there and back is the point", "its description is read back"]);
});

test("a map with branches is refused", async () => {
  await expect(checkLaws(absoluteValue({ features: 1 }))).rejects.toMatchObject({
    code: "PUSHFORWARD_USAGE",
  });
});
