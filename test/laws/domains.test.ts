/** What is registered says where its numbers lie: a point outside has no density, and what does not fit is refused where it is composed. */

import { expect, test } from "vitest";
import { coupling } from "../../src/bijections/autoregressive/coupling.ts";
import type { Bijection } from "../../src/bijections/bijection.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { invert } from "../../src/bijections/combinators/invert.ts";
import { affine } from "../../src/bijections/linear/affine.ts";
import { permutation } from "../../src/bijections/linear/permutation.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { type Interval, realLine } from "../../src/transformers/interval.ts";
import { quadraticSpline } from "../../src/transformers/splines/quadraticSpline.ts";
import { movedTransformer } from "../../src/transformers/structure/movedTransformer.ts";
import { type BijectionCase, flatCases } from "./cases/bijectionCase.ts";
import { bijectionCases } from "./cases/bijections.ts";
import { distributionCases } from "./cases/distributions.ts";
import { asBijection, transformerCases } from "./cases/transformers.ts";
import { Subject } from "./harness.ts";
import { randomParameters, stream } from "./parameters.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });

/** Numbers far and near outside of an interval. */
const outsideOf = ([low, high]: Interval): number[] =>
  [low - 1e-3 * (1 + Math.abs(low)), low - 1e6, high + 1e-3 * (1 + Math.abs(high)), high + 1e6].filter(
    Number.isFinite,
  );

const all: Readonly<Record<string, BijectionCase>> = {
  ...flatCases(bijectionCases),
  ...Object.fromEntries(
    Object.entries(flatCases(transformerCases)).map(([name, row]) => [
      `transformer ${name}`,
      asBijection(row),
    ]),
  ),
};
const declared = Object.entries(all).filter(
  ([, { bijection }]) =>
    [bijection.domain, bijection.codomain].some((each) =>
      each?.some((interval) => outsideOf(interval).length > 0),
    ) ||
    bijection.domainRegion !== undefined ||
    bijection.codomainRegion !== undefined,
);

test("there are declarations of each sort to look at", () => {
  const has = (name: keyof Bijection): number => declared.filter(([, row]) => row.bijection[name]).length;
  for (const name of ["domain", "codomain", "codomainRegion"] as const)
    expect(has(name), name).toBeGreaterThan(1);
});

test.each(declared)(
  "%s: a point outside of its codomain has no density",
  async (name, { bijection, within }) => {
    const n = bijection.features;
    const source = stream(4, name);
    const values = randomParameters(bijection, 2, 0.3);
    const inner = (): number[] => {
      const point = Array.from({ length: n }, () => source.normal());
      return within ? within("inverse", point) : point;
    };
    const points = Array.from(bijection.codomain ?? [], (interval, i) =>
      outsideOf(interval).map((odd) => inner().map((own, k) => (k === i ? odd : own))),
    ).flat();
    // Of numbers that obey something together the descending and the large ones do not.
    if (bijection.codomainRegion) points.push(Array.from({ length: n }, (_, i) => 300 * (n - i)));
    const subject = new Subject(bijection, engine);
    const context = new Float64Array(points.length * bijection.context);
    const { logAbsDet } = await subject.image("inverse", values, { x: points.flat(), context });
    await subject.dispose();
    // Branches say whether they reach a point; the laws of maps with branches see to them.
    if (!bijection.branches) expect([...logAbsDet]).toEqual(points.map(() => Number.NEGATIVE_INFINITY));
  },
);

/** Of intervals none of which has an end a chain says nothing. */
const bounded = (intervals?: readonly Interval[]): readonly Interval[] | undefined =>
  intervals?.some((interval) => interval.some(Number.isFinite)) ? intervals : undefined;

test.each(declared)("%s: behind a map that does not fit it is refused, by both names", (_, { bijection }) => {
  const any = affine({ features: bijection.features });
  for (const map of bijection.branches ? [bijection] : [bijection, invert(bijection)]) {
    const takes = map.domain?.some((interval) => interval.some(Number.isFinite)) || map.domainRegion;
    if (takes)
      expect(() => chain([any, map])).toThrow(new RegExp(`(${map.type}.*affine)|(affine.*${map.type})`));
    else expect(chain([any, map]).codomain).toEqual(bounded(map.codomain));
  }
});

test("a chain asks of a feature what the first part that does not pass it asks, and what the next one does not take is refused", () => {
  const boxOf = (by: number) =>
    movedTransformer({ inner: quadraticSpline({ bins: 2, bound: 0.5, tails: "none" }), by });
  const moved = (feature: number, by: number): Bijection =>
    coupling({ features: 2, transformed: [feature], transformer: boxOf(by), hidden: [] });
  const both = chain([moved(0, 0.5), moved(1, 3)]);
  expect([both.domain, both.codomain]).toEqual([
    [
      [0, 1],
      [2.5, 3.5],
    ],
    [
      [0, 1],
      [2.5, 3.5],
    ],
  ]);
  const turned = chain([both, permutation([1, 0]), moved(0, 3), moved(1, 0.5)]);
  expect(turned.codomain).toEqual([...both.codomain!].reverse());
  expect(chain([both, invert(both)]).codomain).toEqual(both.domain);
  expect(() => chain([both, permutation([1, 0]), both])).toThrow(/permutation, to numbers from 2.5 to 3.5/);
  expect(() => chain([moved(0, 0.5), moved(0, 3)])).toThrow(/coupling, to numbers from 0 to 1/);
  expect(() => chain([moved(1, 0.5), permutation([1, 0]), moved(1, 3), moved(0, 3)])).toThrow(/feature/);
});

test.each(Object.entries(flatCases(distributionCases)))(
  "%s: a point outside of its support has no density, and its samples are inside",
  async (name, make) => {
    const own = make(2);
    const [low, high] = own.support ?? realLine;
    const bound = bindTree(own.parameters);
    const executable = await engine.compile({
      rows: {
        density: own.logProb(g.input("x", [2]), bound),
        sample: own.sample(g.input("noise", [own.noise]), bound),
      },
    });
    await setKnownParameters(executable, randomParameters(own, 3, 0.5));
    const source = stream(6, name);
    const odd = outsideOf([low, high]);
    const rows = 200;
    const inner = Number.isFinite(low) ? low : Number.isFinite(high) ? high : 0;
    const x = Float64Array.from({ length: 2 * rows }, (_, i) =>
      i % 2 ? inner : (odd[(i / 2) % odd.length] ?? 1),
    );
    const noise = Float64Array.from(
      { length: rows * own.noise },
      (_, i) => (i % 7 ? 1 : 8) * source.normal(),
    );
    const { density, sample } = (await executable.run({ rows, inputs: { x, noise } })).rows;
    executable.dispose();
    expect(
      density!.every((value) => (odd.length > 0 ? value === Number.NEGATIVE_INFINITY : value < 10)),
    ).toBe(true);
    expect(sample!.every((value) => value >= low && value <= high)).toBe(true);
  },
);
