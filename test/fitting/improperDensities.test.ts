/** Densities without an integral are refused; heavy ones that have one are not; doubtful ones are said to be. */

import { expect, test } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { compileSlopes, GaussianSearch } from "../../src/fitting/variational/gaussianApproximation.ts";
import { shareBeyond } from "../../src/fitting/variational/judgement/evidence.ts";
import { probeTails, type Tails } from "../../src/fitting/variational/judgement/tails.ts";
import { type ParameterDescriptions, parameterSpace } from "../../src/fitting/variational/parameterSpace.ts";
import { densityOf, type LogDensity } from "../../src/fitting/variational/writtenDensity.ts";
import * as g from "../../src/graph/ops.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });

/** What a fit finds of the tails before its training. */
async function tailsOf(parameters: ParameterDescriptions, density: LogDensity): Promise<Tails> {
  const space = parameterSpace(parameters);
  const target = densityOf(density, space);
  const n = space.columns.length;
  const slopes = await compileSlopes(
    (u) => {
      const at = space.at(u);
      return g.add(target(at), at.logAbsDet);
    },
    n,
    { engine },
  );
  try {
    const gaussian = await new GaussianSearch(slopes.evaluate, n, randomKey(1)).nearest();
    return await probeTails(slopes.evaluate, gaussian, space, randomKey(2));
  } finally {
    slopes.dispose();
  }
}

const real = { x: "real" } as const;
/** 1 / (x^a (log x)^b) far out. */
const slowly =
  (a: number, b: number): LogDensity =>
  ({ x }, { add, abs, log, mul, neg }) => {
    const far = add(3, abs(x!));
    return neg(add(mul(a, log(far)), mul(b, log(log(far)))));
  };

test.each<[string, ParameterDescriptions, LogDensity]>([
  ["1 / s", { s: "positive" }, ({ s }, { neg, log }) => neg(log(s!))],
  ["3 a", { a: "real" }, ({ a }, { mul }) => mul(3, a!)],
  ["x^-0.9", real, slowly(0.9, 0)],
  ["1 / (x sqrt(log x))", real, slowly(1, 0.5)],
  [
    "one datum with flat priors",
    { mu: "real", sigma: "positive" },
    ({ mu, sigma }, { sub, mul, square, div, log }) =>
      sub(mul(-0.5, square(div(sub(3, mu!), sigma!))), log(sigma!)),
  ],
  [
    "one datum with the prior 1 / sigma",
    { mu: "real", sigma: "positive" },
    ({ mu, sigma }, { sub, mul, square, div, log }) =>
      sub(mul(-0.5, square(div(sub(3, mu!), sigma!))), mul(2, log(sigma!))),
  ],
  [
    "an unmentioned parameter",
    { a: "real", b: "positive", c: "real" },
    ({ a, c }, { neg, add, square }) => neg(add(square(a!), square(c!))),
  ],
  [
    "a sum alone",
    { a: "real", b: "real" },
    ({ a, b }, { neg, square, sub, add }) => neg(square(sub(add(a!, b!), 1))),
  ],
  [
    "a difference alone, exactly flat along it",
    { a: "real", b: "real" },
    ({ a, b }, { neg, square, sub, mul }) => neg(square(sub(a!, mul(3, b!)))),
  ],
  ["a sum of three alone", { a: { size: 3 } }, ({ a }, { neg, square, sum }) => neg(square(sum(a!)))],
  [
    "a product alone",
    { a: "positive", b: "positive" },
    ({ a, b }, { neg, square, sub, mul }) => neg(square(sub(mul(a!, b!), 1))),
  ],
])("%s has no integral", async (_, parameters, density) => {
  await expect(tailsOf(parameters, density)).rejects.toThrow("The density has no integral");
});

const student =
  (nu: number): LogDensity =>
  ({ x }, { mul, log1p, square, div }) =>
    mul(-(nu + 1) / 2, log1p(div(square(x!), nu)));

test.each([0.3, 1, 2, 5])(
  "Student's distribution with %d degrees of freedom: the weight of its tails",
  async (nu) => {
    const { weights, warnings } = await tailsOf(real, student(nu));
    expect(warnings).toEqual([]);
    if (!weights || weights.shared) throw new Error("expected weights of each side");
    expect(weights.below[0]! * nu).toBeCloseTo(1, 1);
    expect(weights.above[0]! * nu).toBeCloseTo(1, 1);
  },
);

test("light tails need no map: normal, logistic, log-normal, half-Cauchy on its logarithm", async () => {
  const light = async (parameters: ParameterDescriptions, density: LogDensity): Promise<void> =>
    expect(await tailsOf(parameters, density)).toEqual({ weights: undefined, warnings: [] });
  await light(real, ({ x }, { mul, square }) => mul(-0.5, square(x!)));
  await light(real, ({ x }, { sub, neg, mul, softplus }) => sub(neg(x!), mul(2, softplus(neg(x!)))));
  await light({ s: "positive" }, ({ s }, { sub, mul, square, log }) =>
    sub(mul(-0.1, square(log(s!))), log(s!)),
  );
  await light({ s: "positive" }, ({ s }, { neg, log1p, square }) => neg(log1p(square(s!))));
});

test("an elliptical density shares its map, independent tails have their own", async () => {
  const two = { x: { size: 2 } };
  const elliptical = await tailsOf(two, ({ x }, { mul, log1p, div, sum, square }) =>
    mul(-2, log1p(div(sum(square(x!)), 2))),
  );
  expect(elliptical.weights).toMatchObject({ shared: true });
  const product = await tailsOf(two, ({ x }, { neg, sum, log1p, square }) => neg(sum(log1p(square(x!)))));
  expect(product.weights).toMatchObject({ shared: false });
});

test("barely proper: said to be doubtful, not refused", async () => {
  const { warnings } = await tailsOf(real, slowly(1, 2));
  expect(warnings.map(({ code }) => code)).toContain("improper");
});

test("the mass beyond the reach of a parameter's numbers is told by how the tail falls off before", () => {
  const stream = new RandomStream(randomKey(3));
  const count = 200_000;
  const shares = new Float64Array(count).fill(1 / count);
  // A Cauchy distribution of the logarithm, as log-Cauchy has it, beside a column without bounds.
  const heavy = Float64Array.from({ length: 2 * count }, () => Math.tan(Math.PI * (stream.uniform() - 0.5)));
  const beyond = shareBeyond(heavy, shares, [300, Number.POSITIVE_INFINITY]);
  const truth = 2 / (Math.PI * 300);
  expect(beyond / truth).toBeGreaterThan(0.7);
  expect(beyond / truth).toBeLessThan(1.4);
  const light = heavy.map(() => stream.normal());
  expect(shareBeyond(light, shares, [300, 300])).toBe(0);
});
