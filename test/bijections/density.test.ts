/** The law that a density integrates to one, for every case of one or two features; far from the identity. */

import { afterAll, describe, expect, test } from "vitest";
import { engines } from "../engines.ts";
import { bijectionCases, caseNames, randomParameters } from "../registry.ts";
import { Subject } from "./harness.ts";

// Float64, and fast enough for a million points; that it agrees with the oracle is tested in `engines.test.ts`.
const { engine } = engines.find(({ name }) => name === "wasm, float64") ?? engines[0]!;

/**
 * Midpoints u of a grid that is fine near 0 and reaches +-sinh(reach), with their weights. 0 lies between two
 * cells, so that a density with an edge there is integrated exactly as well.
 */
function grid(cells: number, reach: number): { at: Float64Array; weight: Float64Array } {
  const h = (2 * reach) / cells;
  const u = Float64Array.from({ length: cells }, (_, i) => (i + 0.5) * h - reach);
  return { at: u.map(Math.sinh), weight: u.map((v) => h * Math.cosh(v)) };
}

const small = caseNames.filter((name) => bijectionCases[name]!.bijection.features <= 2);

describe.each(small)("%s", (name) => {
  const { bijection } = bijectionCases[name]!;
  const subject = new Subject(bijection, engine);
  afterAll(() => subject.dispose());

  async function integral(seed: number, scale: number): Promise<number> {
    const parameters = randomParameters(bijection, seed, scale);
    const one = grid(bijection.features === 1 ? 20_000 : 1200, 6);
    const context = Array.from({ length: bijection.context }, (_, i) => Math.sin(seed + i));
    const lines = bijection.features === 1 ? 1 : one.at.length;
    // Some lines of the grid at a time.
    const together = Math.min(lines, 100);
    let total = 0;
    for (let start = 0; start < lines; start += together) {
      const x: number[] = [];
      const weights: number[] = [];
      for (let k = start; k < Math.min(lines, start + together); k++)
        one.at.forEach((v, i) => {
          x.push(...(lines === 1 ? [v] : [one.at[k]!, v]));
          weights.push(one.weight[i]! * (lines === 1 ? 1 : one.weight[k]!));
        });
      const rows = weights.length;
      const contexts = Array.from({ length: rows }, () => context).flat();
      const logDensity = await subject.logDensity(parameters, { x, context: contexts });
      logDensity.forEach((value, i) => (total += weights[i]! * Math.exp(value)));
    }
    return total;
  }

  test.each([
    [0.3, 1],
    [0.3, 2],
    [1, 3],
    [1, 4],
  ])("integrates to 1 with parameters of size %d (seed %i)", async (scale, seed) => {
    expect(Math.abs((await integral(seed, scale)) - 1)).toBeLessThan(1e-3);
  });
});
