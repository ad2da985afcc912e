/** What is declared of where maps take and give their numbers: composing what does not fit is an error, a point outside has no density. */

import { describe, expect, test } from "vitest";
import { neuralSplineFlow } from "../../src/architectures/architecture.ts";
import { coupling } from "../../src/bijections/autoregressive/coupling.ts";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import type { BijectionJson } from "../../src/bijections/bijection.ts";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { invert } from "../../src/bijections/combinators/invert.ts";
import { repeated } from "../../src/bijections/combinators/repeated.ts";
import { additiveLogistic } from "../../src/bijections/domains/additiveLogistic.ts";
import { bounded } from "../../src/bijections/domains/bounded.ts";
import { correlationFactor, covarianceFactor } from "../../src/bijections/domains/choleskyFactors.ts";
import { ordered } from "../../src/bijections/domains/ordered.ts";
import { affine } from "../../src/bijections/linear/affine.ts";
import { pushforwardLogProb, pushforwardSample } from "../../src/distributions/density.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import {
  chainTransformer,
  elu,
  exponential,
  invertTransformer,
  sigmoidTransformer,
  softClipTransformer,
  softplusTransformer,
  tanhTransformer,
} from "../../src/entries/transformers.ts";
import { input } from "../../src/graph/ops.ts";
import type { Transformer } from "../../src/transformers/transformer.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

const logarithm = invertTransformer(exponential());
const logit = invertTransformer(sigmoidTransformer());
const ofTwo = (transformer: Transformer) => elementwise({ features: 2, transformer });

describe("composing what does not fit is an error at construction", () => {
  test("of transformers", () => {
    expect(() => chainTransformer([tanhTransformer(), logarithm])).toThrow(
      "chainTransformer: what comes before invert must be a map to numbers above 0",
    );
    expect(chainTransformer([exponential(), logarithm]).codomain).toEqual(exponential().domain);
  });

  test("of bijections, feature by feature", () => {
    expect(() => chain([ofTwo(softplusTransformer()), ofTwo(logit)])).toThrow(
      /what comes before that of elementwise must be a map to numbers from 0 to 1/,
    );
    expect(() =>
      chain([bounded({ features: 2, lower: [0, null], upper: [null, null] }), ofTwo(logarithm)]),
    ).toThrow(/feature 1 of bounded, to any number/);
    expect(chain([ofTwo(sigmoidTransformer()), ofTwo(logit)]).domain).toBeUndefined();
    expect(() => repeated({ layer: ofTwo(logit), count: 2 })).toThrow(/repeated: /);
  });

  test("of a base and a bijection, and of a flow and a transformer", () => {
    const base = standardNormal({ features: 2 });
    const bound = { base: {}, bijection: {} };
    for (const compose of [pushforwardLogProb, pushforwardSample])
      expect(() => compose(base, ofTwo(logarithm), input("x", [2]), bound)).toThrow(
        /a map to numbers above 0.*the base standardNormal, to any number/,
      );
    expect(() => neuralSplineFlow({ features: 2, transformer: exponential() })).toThrow(
      /neuralSplineFlow: the transformer "exponential" takes any number and gives numbers above 0/,
    );
  });

  test("a transformer without parameters is refused where others would give them", () => {
    expect(() => coupling({ features: 2, transformed: [0], transformer: elu(), hidden: [4] })).toThrow(
      /has no parameters, which other features could give; put it into an elementwise map/,
    );
  });
});

test.each([
  ["exponential", exponential(), [-1, -1e-9]],
  ["softplus", softplusTransformer(), [-3]],
  ["sigmoid", sigmoidTransformer(), [-0.1, 1.1, 1e9]],
  ["tanh", tanhTransformer(), [-1.5, 7]],
  ["elu", elu(), [-1.1, -1e9]],
  ["soft clip", softClipTransformer({ bound: 2 }), [-2.5, 3]],
  ["inverted logit", invertTransformer(logit), [-0.1, 1.1]],
] as const)(
  "outside of the codomain of %s the log-density is minus infinity",
  async (_, transformer, outside) => {
    for (const map of [
      elementwise({ features: 1, transformer }),
      invert(invert(elementwise({ features: 1, transformer }))),
    ]) {
      const subject = new Subject(map);
      const logDensity = await subject.logDensity({}, { x: [...outside, 0.5] });
      expect([...logDensity.slice(0, -1)]).toEqual(outside.map(() => Number.NEGATIVE_INFINITY));
      expect(logDensity.at(-1)).toBeGreaterThan(-5);
    }
  },
);

interface Golden {
  readonly cases: readonly {
    readonly bijection: BijectionJson;
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly logAbsDet: readonly number[];
  }[];
}

test.each(golden<Golden>("domains").cases)("$bijection: against mpmath", async (row) => {
  const subject = new Subject(bijectionFromJson(row.bijection));
  const forward = await subject.image("forward", {}, { x: row.x });
  const inverse = await subject.image("inverse", {}, { x: row.y });
  const near = (expected: readonly number[], factor: number) => (i: number) =>
    factor * 1e-14 * (1 + Math.abs(expected[i]!));
  expectClose(forward.value, row.y, near(row.y, 1));
  expectClose(forward.logAbsDet, row.logAbsDet, near(row.logAbsDet, 1));
  // Steps of e^-8 beside numbers of 100, and sticks of which a hundredth is left, lose digits.
  expectClose(inverse.value, row.x, near(row.x, 1e4));
  expectClose(
    inverse.logAbsDet,
    row.logAbsDet.map((value) => -value),
    near(row.logAbsDet, 1e4),
  );
});

test("what features obey together is declared, and composed with what obeys it alone", () => {
  const back = invert(ordered({ features: 3 }));
  expect(() => chain([affine({ features: 3 }), back])).toThrow(
    "chain: what comes before invert must be a map to ascending numbers, got affine, to any vector",
  );
  expect(() => chain([additiveLogistic({ features: 3 }), back])).toThrow(/shares of 1/);
  expect(chain([ordered({ features: 3 }), back]).codomainRegion).toBeUndefined();
  expect(() => repeated({ layer: back, count: 2 })).toThrow(/ascending numbers/);
  const bound = { base: {}, bijection: {} };
  expect(() => pushforwardLogProb(standardNormal({ features: 3 }), back, input("x", [3]), bound)).toThrow(
    /ascending numbers.*the base standardNormal/,
  );
  for (const make of [correlationFactor, covarianceFactor])
    expect(() => make({ size: 3, features: 2 })).toThrow(
      /features must be [36] or more, which the triangle has/,
    );
});
