/** Densities that are sums of Gaussians, against the formulas written out in float64. */

import { describe, expect, it } from "vitest";
import { chosenItem, runningSums } from "../../src/distributions/choice.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { distributionFromJson } from "../../src/distributions/distributionFromJson.ts";
import { gaussianMixture } from "../../src/distributions/gaussianMixture.ts";
import { kernelDensity } from "../../src/distributions/kernelDensity.ts";
import { tailedNormal } from "../../src/distributions/tailedNormal.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { UsageError } from "../../src/errors.ts";

import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type EngineCase, engines } from "../engines.ts";
import type { Values } from "../laws/parameters.ts";

async function evaluate(
  distribution: Distribution,
  what: "logProb" | "sample",
  values: Values,
  x: Float64Array,
  { engine }: EngineCase = engines[1]!,
): Promise<Float64Array> {
  const width = what === "sample" ? distribution.noise : distribution.features;
  const out = distribution[what](g.input("x", [width]), bindTree(distribution.parameters));
  const compiled = await engine.compile({ rows: { out } });
  await setKnownParameters(compiled, values);
  const { rows } = await compiled.run({ rows: x.length / width, inputs: { x } });
  compiled.dispose();
  return rows.out!;
}

const normals = (count: number, seed: number): Float64Array => {
  const out = new Float64Array(count);
  new RandomStream(randomKey(seed)).fillNormal(out);
  return out;
};

const logSum = (terms: readonly number[]): number => {
  const top = Math.max(...terms);
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
};

/** log N(x; m, S) of two numbers, by the formula with the inverse covariance: no factor, no solve. */
function logNormal2(
  [x, y]: readonly number[],
  [mx, my]: readonly number[],
  [a, b, c]: readonly number[],
): number {
  const [dx, dy, det] = [x! - mx!, y! - my!, a! * c! - b! * b!];
  const square = (c! * dx * dx - 2 * b! * dx * dy + a! * dy * dy) / det;
  return -0.5 * square - 0.5 * Math.log(det) - Math.log(2 * Math.PI);
}

/** Three components of two features: one wide, one narrow and slanted, one far away. */
const mixture = {
  distribution: gaussianMixture({ features: 2, components: 3 }),
  weights: [0.5, 0.3, 0.2],
  means: [
    [0, 0],
    [1, -1],
    [-6, 4],
  ],
  /** Variance of x, covariance, variance of y. */
  covariances: [
    [1.5, -0.4, 0.8],
    [0.01, 0.0095, 0.0101],
    [4, 1, 1],
  ],
  get values(): Values {
    return {
      // Any constant may be added to all of them.
      logWeight: Float64Array.from(this.weights, (w) => Math.log(w) + 3),
      mean: Float64Array.from(this.means.flat()),
      factor: Float64Array.from(
        this.covariances.flatMap(([a, b, c]) => {
          const lower = b! / Math.sqrt(a!);
          return [0.5 * Math.log(a!), lower, 0.5 * Math.log(c! - lower * lower)];
        }),
      ),
    };
  },
  logProb(row: readonly number[]): number {
    return logSum(
      this.weights.map((w, k) => Math.log(w) + logNormal2(row, this.means[k]!, this.covariances[k]!)),
    );
  },
};

const pairs = (x: Float64Array): number[][] =>
  Array.from({ length: x.length / 2 }, (_, row) => [x[2 * row]!, x[2 * row + 1]!]);

describe.each(engines)("$name", (engine) => {
  it("a mixture's density is the sum of its components' densities", async () => {
    const x = Float64Array.from([...normals(400, 1), 1, -1, 1.05, -0.95, -6, 4, 30, -40]);
    const own = await evaluate(mixture.distribution, "logProb", mixture.values, x, engine);
    pairs(x).forEach((row, i) => {
      const expected = mixture.logProb(row);
      // The narrow component's condition is 200; squares of deviations multiply it by their own size.
      expect(Math.abs(own[i]! - expected)).toBeLessThan(2000 * engine.epsilon * (1 + Math.abs(expected)));
    });
  });

  it("a kernel density is the weighted sum of Gaussians around its points", async () => {
    for (const points of [1, 2, 127, 128, 129, 300]) {
      const distribution = kernelDensity({ features: 3, points });
      const point = normals(3 * points, points);
      const logWeight = normals(points, points + 1);
      const h = 0.4;
      const values = { point, logWeight, logBandwidth: Float64Array.of(Math.log(h)) };
      const x = Float64Array.from([...normals(60, 7), 5, -6, 7]);
      const own = await evaluate(distribution, "logProb", values, x, engine);
      const total = logSum([...logWeight]);
      own.forEach((value, row) => {
        const terms = Array.from(logWeight, (w, k) => {
          let square = 0;
          for (let j = 0; j < 3; j++) square += (x[3 * row + j]! - point[3 * k + j]!) ** 2;
          return w - total - square / (2 * h * h) - 3 * Math.log(h) - 1.5 * Math.log(2 * Math.PI);
        });
        const size = (x[3 * row]! ** 2 + x[3 * row + 1]! ** 2 + x[3 * row + 2]! ** 2 + 30) / (h * h);
        expect(Math.abs(value - logSum(terms))).toBeLessThan(16 * engine.epsilon * size);
      });
    }
  });

  it("a tailed normal is the sum of its components, near and far, and samples one of them", async () => {
    const distribution = tailedNormal({ features: 2, share: 0.02 });
    const deviations = Array.from({ length: 9 }, (_, k) => 3 ** k);
    const wide = deviations.slice(1).reduce((sum, own) => sum + own ** -3, 0);
    const weights = deviations.map((own, k) => (k === 0 ? 0.98 : (0.02 * own ** -3) / wide));
    const x = Float64Array.from([...normals(40, 3), 6, -7, 0, 200, 3e4, 4e4]);
    const own = await evaluate(distribution, "logProb", {}, x, engine);
    pairs(x).forEach((row, i) => {
      const expected = logSum(
        weights.map(
          (w, k) => Math.log(w) + logNormal2(row, [0, 0], [deviations[k]! ** 2, 0, deviations[k]! ** 2]),
        ),
      );
      expect(Math.abs(own[i]! - expected)).toBeLessThan(32 * engine.epsilon * (1 + Math.abs(expected)));
    });
    // 2.06 is the normal quantile of 0.9803, just above the share of the narrow component.
    const draws = await evaluate(
      distribution,
      "sample",
      {},
      Float64Array.of(0.7, -1.3, 0, 0.7, -1.3, 2.06),
      engine,
    );
    [0.7, -1.3, 2.1, -3.9].forEach((value, i) => {
      expect(Math.abs(draws[i]! - value)).toBeLessThan(16 * engine.epsilon);
    });
    expect(distributionFromJson(distribution.toJSON()).toJSON()).toEqual(distribution.toJSON());
    for (const share of [0, 1, Number.NaN])
      expect(() => tailedNormal({ features: 2, share })).toThrow(UsageError);
  });

  it("samples are those of the component that the last number of the noise picks", async () => {
    const { distribution, values, weights, means, covariances } = mixture;
    // Just within the bounds of the cumulative weights 0, 0.5, 0.8, 1, as standard normal quantiles.
    const cases = [
      [-8, 0],
      [-1e-4, 0],
      [1e-4, 1],
      [0.8415, 1],
      [0.8418, 2],
      [8, 2],
    ] as const;
    expect(weights).toEqual([0.5, 0.3, 0.2]);
    const x = Float64Array.from(cases.flatMap(([z]) => [0.7, -1.3, z]));
    const own = await evaluate(distribution, "sample", values, x, engine);
    cases.forEach(([, k], row) => {
      const [a, b, c] = covariances[k]!;
      const lower = b! / Math.sqrt(a!);
      const expected = [
        means[k]![0]! + 0.7 * Math.sqrt(a!),
        means[k]![1]! + 0.7 * lower - 1.3 * Math.sqrt(c! - lower * lower),
      ];
      expected.forEach((value, j) => {
        expect(Math.abs(own[2 * row + j]! - value)).toBeLessThan(16 * engine.epsilon * (1 + Math.abs(value)));
      });
    });
  });

  it("running sums and choices are right for any number of items", async () => {
    for (const count of [1, 2, 3, 5, 16, 17, 250]) {
      const weights = normals(count, count).map((z) => z * z + 0.01);
      const total = weights.reduce((sum, w) => sum + w);
      const logWeights = g.parameter("logWeights", [count]);
      const level = g.input("z", []);
      const compiled = await engine.engine.compile({
        rows: {
          sums: g.add(runningSums(g.exp(logWeights)), g.mul(0, level)),
          chosen: chosenItem(level, logWeights),
        },
      });
      await compiled.setParameters({ logWeights: weights.map((w) => Math.log(w / total)) });
      const z = Float64Array.from([-7, -2, -0.5, 0, 0.3, 1.7, 7]);
      const { rows } = await compiled.run({ rows: z.length, inputs: { z } });
      compiled.dispose();
      let sum = 0;
      weights.forEach((w, k) => {
        sum += w / total;
        expect(Math.abs(rows.sums![k]! - sum)).toBeLessThan(8 * engine.epsilon);
      });
      for (let row = 0; row < z.length; row++) {
        const chosen = [...rows.chosen!.subarray(row * count, (row + 1) * count)];
        expect(chosen.filter((value) => value === 1)).toHaveLength(1);
        expect(chosen.filter((value) => value === 0)).toHaveLength(count - 1);
      }
      // The extremes pick the first and the last.
      expect(rows.chosen![0]).toBe(1);
      expect(rows.chosen![z.length * count - 1]).toBe(1);
    }
  });
});

describe("descriptions", () => {
  it("read back as the same distribution", () => {
    for (const own of [
      gaussianMixture({ features: 3, components: 2 }),
      kernelDensity({ features: 2, points: 7 }),
    ]) {
      const copy = distributionFromJson(JSON.parse(JSON.stringify(own)));
      expect(copy.toJSON()).toEqual(own.toJSON());
      expect(copy.parameters).toEqual(own.parameters);
      expect(copy.noise).toBe(own.features + 1);
    }
  });

  it("of sizes that are not positive integers are refused", () => {
    for (const bad of [0, -1, 1.5, Number.NaN]) {
      expect(() => gaussianMixture({ features: bad, components: 1 })).toThrow(UsageError);
      expect(() => gaussianMixture({ features: 1, components: bad })).toThrow(UsageError);
      expect(() => kernelDensity({ features: bad, points: 1 })).toThrow(UsageError);
      expect(() => kernelDensity({ features: 1, points: bad })).toThrow(UsageError);
    }
  });
});
