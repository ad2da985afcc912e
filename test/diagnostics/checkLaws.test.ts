/** The public check of laws: it passes maps of ours, and names what a wrong map of a user breaks. */

import { expect, test } from "vitest";
import { absoluteValue } from "../../src/bijections/piecewise/absoluteValue.ts";
import {
  affine,
  type Bijection,
  type Branch,
  chain,
  coupling,
  planar,
  radial,
} from "../../src/entries/bijections.ts";
import { checkLaws } from "../../src/entries/diagnostics.ts";
import { type Expr, ops } from "../../src/entries/graph.ts";
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
  ["a map with branches", absoluteValue({ features: 1 })],
  [
    "one between others that are trained",
    chain([affine({ features: 2 }), absoluteValue({ features: 2 }), affine({ features: 2 })]),
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

test("a parameter without its gradient is found, and named", async () => {
  const held = wrong({
    forward: (x, p, c) => right.forward(x, { ...p, shift: ops.stopGradient(p.shift as Expr) }, c),
  });
  expect(await failing(held)).toEqual(["gradients of parameters are those of differences"]);
  const { text } = await checkLaws(held);
  expect(text).toMatch(/^affine, 2 features, 20 points: 7 of 8 laws hold\n/);
  expect(text).toMatch(
    /FAILS {2}gradients of parameters .* times what is allowed\): forward: the slope along a direction of the parameter shift is 0, differences say -?[\d.]+/,
  );
});

const folded = absoluteValue({ features: 1 });
test("a branch that is no preimage, one that is missing, and a wrong volume of one are found", async () => {
  const changed = (change: (branch: Branch, i: number) => Branch): Bijection => ({
    ...folded,
    branches: (y, p) => folded.branches!(y, p).map(change),
  });
  expect(await failing(changed((b) => ({ ...b, value: ops.mul(1.001, b.value) })))).toEqual([
    "each valid branch is a preimage",
    "the point is among the branches of its image",
  ]);
  expect(await failing(changed((b, i) => (i === 0 ? b : { ...b, valid: ops.mul(0, b.valid) })))).toEqual([
    "the point is among the branches of its image",
    "the density of a pushed normal integrates to 1",
  ]);
  expect(await failing(changed((b) => ({ ...b, logAbsDet: ops.add(0.1, b.logAbsDet) })))).toEqual([
    "the logAbsDets of a branch and of the way forward are opposite",
    "the density of a pushed normal integrates to 1",
  ]);
});
