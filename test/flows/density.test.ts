import { describe, expect, it } from "vitest";
import { tableFromRows } from "../../src/data/table.ts";
import { fitTable } from "../../src/fitting/fit.ts";
import type { FitTableOptions } from "../../src/fitting/fitOptions.ts";
import type { Flow } from "../../src/flows/flow.ts";
import { curved, draw, kinds, meanOf, momentsOf } from "../fitting/tables.ts";

const options: FitTableOptions = { hidden: [16], transforms: 2, epochs: 25, threads: 1, seed: 3 };
/** Deviations to each side that a grid covers. */
const reach = 14;

/** The integral of a density over one or two columns, with the given ones fixed, by the midpoint rule. */
async function integral(
  flow: Flow,
  center: number[],
  deviation: number[],
  given: number[],
  side: number,
): Promise<number> {
  const width = center.length;
  const cells = side ** width;
  const rows = new Float64Array(cells * (width + given.length));
  let at = 0;
  for (let cell = 0; cell < cells; cell++) {
    for (const value of given) rows[at++] = value;
    for (let i = 0, rest = cell; i < width; i++, rest = Math.floor(rest / side))
      rows[at++] = center[i]! + deviation[i]! * reach * (2 * (((rest % side) + 0.5) / side) - 1);
  }
  const density = await flow.logProb(rows, { threads: 1 });
  const volume = deviation.reduce((product, scale) => (product * 2 * reach * scale) / side, 1);
  return density.reduce((sum, value) => sum + Math.exp(value), 0) * volume;
}

const table = curved(400, 5);
const { mean, deviation } = momentsOf(table);
const pick = (list: number[], ...places: number[]): number[] => places.map((place) => list[place]!);

describe.each(kinds)("the fitted density of %s integrates to 1", (flow) => {
  it("in one dimension, and given a column", async () => {
    const plain = await fitTable(table, { ...options, flow, columns: ["mass"] });
    expect(await integral(plain.flow, pick(mean, 0), pick(deviation, 0), [], 20_000)).toBeCloseTo(1, 3);
    const given = await fitTable(table, { ...options, flow, columns: ["gap"], given: ["mass"] });
    for (const mass of [500, 2000, 6000])
      expect(await integral(given.flow, pick(mean, 1), pick(deviation, 1), [mass], 20_000)).toBeCloseTo(1, 3);
  });

  it("in two dimensions, and given a column", async () => {
    const plain = await fitTable(table, { ...options, flow, columns: ["mass", "gap"] });
    expect(await integral(plain.flow, pick(mean, 0, 1), pick(deviation, 0, 1), [], 700)).toBeCloseTo(1, 3);
    const given = await fitTable(table, { ...options, flow, columns: ["gap", "height"], given: ["mass"] });
    expect(await integral(given.flow, pick(mean, 1, 2), pick(deviation, 1, 2), [1500], 500)).toBeCloseTo(
      1,
      3,
    );
  });
});

describe("a conditional flow", () => {
  it.each(kinds)("%s recovers a density whose mean and width depend on what is given", async (flow) => {
    const width = (x: number): number => 0.2 + 0.8 / (1 + Math.exp(-2 * x));
    const sample = (rows: number, seed: number) =>
      draw(["x", "y"], rows, seed, (stream) => {
        const x = 2 * stream.normal();
        return [x, Math.sin(x) + width(x) * stream.normal()];
      });
    const own = {
      flow,
      given: ["x"],
      hidden: [32, 32],
      transforms: 2,
      epochs: 60,
      batch: 128,
      threads: 1,
      seed: 1,
    };
    const fitted = (await fitTable(sample(2000, 1), own)).flow;
    const fresh = sample(2000, 2);
    const truth = Array.from({ length: fresh.rows }, (_, row) => {
      const [x, y] = fresh.values.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
      return -0.5 * Math.log(2 * Math.PI) - Math.log(width(x)) - 0.5 * ((y - Math.sin(x)) / width(x)) ** 2;
    });
    const gap = meanOf(truth) - meanOf(await fitted.logProb(fresh));
    expect(gap).toBeLessThan(0.06);
    // No density is better than the true one on rows that it has not seen, but by chance.
    expect(gap).toBeGreaterThan(-0.02);
    for (const x of [-2, 0, 2]) {
      const drawn = await fitted.sample(4000, { seed: 5, given: { x } });
      const moments = momentsOf(drawn);
      expect(Math.abs(moments.mean[1]! - Math.sin(x))).toBeLessThan(0.15);
      expect(Math.abs(moments.deviation[1]! / width(x) - 1)).toBeLessThan(0.2);
    }
  });

  it("scores p(y given x), which does not depend on how likely x is", async () => {
    const independent = draw(["x", "y"], 600, 3, (stream) => [stream.normal(), stream.normal()]);
    const { flow } = await fitTable(independent, { ...options, given: ["x"] });
    const scores = await flow.logProb(
      tableFromRows(
        ["x", "y"],
        [
          [0, 0],
          [1.5, 0],
          [-1.5, 0],
        ],
      ),
    );
    for (const score of scores) expect(Math.abs(score + 0.5 * Math.log(2 * Math.PI))).toBeLessThan(0.3);
  });
});
