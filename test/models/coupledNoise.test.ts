import { describe, expect, it } from "vitest";
import { coupledNoise } from "../../src/architectures/coupledNoise.ts";
import { assign } from "../../src/numerics/assignment.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(randomKey(seed));
  return Float64Array.from({ length: count }, () => stream.normal());
}

function isPermutation(jobs: Int32Array): boolean {
  return [...jobs].sort((a, b) => a - b).every((job, i) => job === i);
}

function costOf(cost: Float64Array, n: number, jobs: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += cost[i * n + jobs[i]!]!;
  return total;
}

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  );
}

describe("the assignment problem", () => {
  const all = permutations(6);

  it("has the cost of the best of all permutations", () => {
    expect(all.length).toBe(720);
    for (let seed = 0; seed < 60; seed++) {
      // Some with ties, some with costs below 0.
      const cost = normals(36, seed).map((x) => (seed % 3 === 0 ? Math.round(2 * x) : x));
      const jobs = assign(cost, 6);
      expect(isPermutation(jobs)).toBe(true);
      const best = Math.min(...all.map((own) => costOf(cost, 6, own)));
      expect(costOf(cost, 6, jobs)).toBeCloseTo(best, 12);
    }
  });

  it("finds a permutation that was hidden in a large matrix, and takes equal costs", () => {
    const n = 200;
    const hidden = new RandomStream(randomKey(5)).permutation(n);
    const cost = new RandomStream(randomKey(6));
    const matrix = Float64Array.from({ length: n * n }, (_, i) =>
      hidden[Math.floor(i / n)] === i % n ? 0 : 1e-3 + cost.uniform(),
    );
    expect([...assign(matrix, n)]).toEqual([...hidden]);
    expect(isPermutation(assign(new Float64Array(n * n).fill(3), n))).toBe(true);
    expect([...assign(Float64Array.of(7), 1)]).toEqual([0]);
  });
});

describe("noise coupled to rows", () => {
  const features = 3;
  const rows = 300;
  const data = normals(rows * features, 1);
  const draw = (group: number): Float64Array =>
    coupledNoise(data, features, group, new RandomStream(randomKey(2)));
  const cost = (noise: Float64Array): number =>
    noise.reduce((sum, value, i) => sum + (value - data[i]!) ** 2, 0) / rows;
  const vectors = (noise: Float64Array): string[] =>
    Array.from({ length: rows }, (_, row) =>
      noise.subarray(row * features, row * features + features).join(),
    ).sort();

  it("is nearer to its rows than independent noise, the nearer the larger the group, and the same numbers", () => {
    // In groups of one nothing is chosen; the numbers drawn are the same for all groups.
    const [independent, some, many] = [draw(1), draw(10), draw(100)];
    expect(vectors(some)).toEqual(vectors(independent));
    expect(vectors(many)).toEqual(vectors(independent));
    expect(cost(some)).toBeLessThan(cost(independent));
    expect(cost(many)).toBeLessThan(cost(some));
  });

  it("has groups that no exchange of two makes better", () => {
    const order = new RandomStream(randomKey(2)).permutation(rows);
    const noise = draw(rows);
    const distance = (i: number, j: number): number => {
      let sum = 0;
      for (let f = 0; f < features; f++) sum += (data[i * features + f]! - noise[j * features + f]!) ** 2;
      return sum;
    };
    for (let a = 0; a < rows; a += 7)
      for (let b = a + 1; b < rows; b++) {
        const [i, j] = [order[a]!, order[b]!];
        expect(distance(i, j) + distance(j, i)).toBeGreaterThan(distance(i, i) + distance(j, j) - 1e-9);
      }
  });
});
