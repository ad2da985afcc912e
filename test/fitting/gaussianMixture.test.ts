import { describe, expect, it } from "vitest";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { chooseGaussianMixture, fitGaussianMixture } from "../../src/fitting/statistics/gaussianMixture.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";

/** Three well separated components in two columns of very different units. */
function threeClusters(rows: number, seed: number): Table {
  const stream = new RandomStream(randomKey(seed));
  const values = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const u = stream.uniform();
    const a = stream.normal();
    const b = stream.normal();
    const [x, y] = u < 0.5 ? [a, 0.8 * a + 0.6 * b] : u < 0.8 ? [8 + 0.5 * a, -4 + b] : [-7 + a, 6 + 0.3 * b];
    values[2 * row] = 1e6 + 1000 * x;
    values[2 * row + 1] = 0.01 * y;
  }
  return tableFromRows(["time", "gap"], values);
}

describe("fitGaussianMixture", () => {
  it("recovers the weights and means of a known mixture, in the data's units", async () => {
    const mixture = await fitGaussianMixture(threeClusters(6000, 1), 3, { seed: 2 });
    const order = [...mixture.weights.keys()].sort((i, j) => mixture.weights[j]! - mixture.weights[i]!);
    const expected = [
      [0.5, 1e6, 0],
      [0.3, 1e6 + 8000, -0.04],
      [0.2, 1e6 - 7000, 0.06],
    ];
    order.forEach((k, place) => {
      expect(mixture.weights[k]).toBeCloseTo(expected[place]![0]!, 1);
      expect(Math.abs(mixture.means[k]![0]! - expected[place]![1]!)).toBeLessThan(100);
      expect(Math.abs(mixture.means[k]![1]! - expected[place]![2]!)).toBeLessThan(0.001);
    });
  });

  it("reaches the entropy of the true mixture", async () => {
    const mixture = await fitGaussianMixture(threeClusters(20_000, 3), 3);
    const fresh = mixture.logProb(threeClusters(20_000, 4));
    const mean = fresh.reduce((sum, value) => sum + value, 0) / fresh.length;
    // log-density of the separated mixture: -entropy of the weights - mean Gaussian entropy - log of the units.
    const gaussian = 1 + Math.log(2 * Math.PI);
    const entropy =
      -(0.5 * Math.log(0.5) + 0.3 * Math.log(0.3) + 0.2 * Math.log(0.2)) +
      gaussian +
      0.5 * Math.log(0.6) +
      0.3 * Math.log(0.5) +
      0.2 * Math.log(0.3) +
      Math.log(1000 * 0.01);
    expect(Math.abs(mean + entropy)).toBeLessThan(0.03);
  });

  it("never lowers the likelihood from one step to the next, floored covariances included", async () => {
    const stream = new RandomStream(randomKey(5));
    const rows = Array.from({ length: 300 }, () => {
      const x = stream.normal();
      // The second column is nearly a copy of the first, the third takes two values.
      return [x, x + 1e-7 * stream.normal(), Math.round(stream.uniform()) + 1e-9 * stream.normal()];
    });
    const { history } = await fitGaussianMixture(tableFromRows(["a", "b", "c"], rows), 6, { tolerance: 0 });
    expect(history.length).toBeGreaterThan(3);
    for (let i = 1; i < history.length - 1; i++) {
      expect(history[i]!).toBeGreaterThanOrEqual(history[i - 1]! - 1e-9 * Math.abs(history[i - 1]!));
    }
  });

  it("gives a density that integrates to 1", async () => {
    const mixture = await fitGaussianMixture(threeClusters(2000, 6), 4, { seed: 1 });
    const side = 800;
    const grid = new Float64Array(2 * side * side);
    const [left, width, bottom, height] = [1e6 - 15_000, 30_000, -0.12, 0.24];
    for (let i = 0, at = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        grid[at++] = left + ((i + 0.5) * width) / side;
        grid[at++] = bottom + ((j + 0.5) * height) / side;
      }
    }
    const density = mixture.logProb(tableFromRows(["time", "gap"], grid));
    const cell = (width / side) * (height / side);
    expect(density.reduce((sum, value) => sum + Math.exp(value) * cell, 0)).toBeCloseTo(1, 3);
  });

  it("with one component is the Gaussian of maximum likelihood", async () => {
    const table = tableFromRows(["x"], [[1], [2], [3], [4], [10]]);
    const mixture = await fitGaussianMixture(table, 1);
    const variance = (9 + 4 + 1 + 0 + 36) / 5;
    const at = (x: number): number => -0.5 * (Math.log(2 * Math.PI * variance) + (x - 4) ** 2 / variance);
    [...mixture.logProb(table)].forEach((value, row) => {
      expect(value).toBeCloseTo(at(table.values[row]!), 10);
    });
    expect(mixture.parameterCount).toBe(2);
    expect(mixture.bic).toBeCloseTo(-10 * mixture.trainLogProb + 2 * Math.log(5), 10);
  });

  it("matches columns by name", async () => {
    const table = threeClusters(500, 7);
    const mixture = await fitGaussianMixture(table, 2);
    const swapped = tableFromRows(["gap", "time"], [[0.01, 1e6 + 500]]);
    const straight = tableFromRows(["time", "gap"], [[1e6 + 500, 0.01]]);
    expect(mixture.logProb(swapped)).toEqual(mixture.logProb(straight));
  });

  it("depends on the seed alone", async () => {
    const table = threeClusters(400, 8);
    const first = await fitGaussianMixture(table, 5, { seed: 1 });
    expect((await fitGaussianMixture(table, 5, { seed: 1 })).history).toEqual(first.history);
    expect((await fitGaussianMixture(table, 5, { seed: 2 })).history).not.toEqual(first.history);
  });

  it("refuses what has no density, by name, and stops on abort", async () => {
    const constant = tableFromRows(
      ["a", "b"],
      [
        [1, 2],
        [2, 2],
        [3, 2],
      ],
    );
    await expect(fitGaussianMixture(constant, 1)).rejects.toThrow(
      'column "b" is constant; a Gaussian mixture cannot be fitted to it',
    );
    await expect(fitGaussianMixture(tableFromRows(["a"], [[1], [Number.NaN]]), 1)).rejects.toThrow(
      /"a" has missing/,
    );
    await expect(fitGaussianMixture(constant, 4)).rejects.toThrow(UsageError);
    const signal = AbortSignal.abort();
    await expect(fitGaussianMixture(threeClusters(50, 1), 2, { signal })).rejects.toThrow(AbortedError);
  });
});

describe("chooseGaussianMixture", () => {
  it("finds the number of components by BIC", async () => {
    const tried: number[] = [];
    const mixture = await chooseGaussianMixture(threeClusters(3000, 9), {
      components: [1, 2, 3, 4, 6],
      onProgress: ({ components }) => tried.push(components),
    });
    expect(mixture.components).toBe(3);
    expect(tried.slice(0, 5)).toEqual([1, 2, 3, 4, 6]);
    // The three best are gone on with, the best of them first, and once more to the end.
    expect(tried.slice(5)).toHaveLength(4);
    expect([tried[5], tried[8]]).toEqual([3, 3]);
  });

  it("keeps one component for Gaussian data and few rows", async () => {
    const stream = new RandomStream(randomKey(10));
    const rows = Array.from({ length: 60 }, () => [stream.normal(), stream.normal()]);
    expect((await chooseGaussianMixture(tableFromRows(["a", "b"], rows))).components).toBe(1);
  });
});
