import { describe, expect, it } from "vitest";
import { type ConditionalSampler, calibrationRanks } from "../../src/diagnostics/calibration.ts";
import { bandTest, chiSquareTail, chiSquareTest, rankBand } from "../../src/diagnostics/uniformity.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { column, type Table, tableFromColumns } from "../../src/tables/table.ts";

const key = randomKey(3);

/** theta standard normal, x = theta + standard normal noise: the posterior of theta is N(x / 2, 1 / 2). */
function simulate(rows: number): Table {
  const stream = new RandomStream(split(key, "simulations"));
  const theta = Float64Array.from({ length: rows }, () => stream.normal());
  return tableFromColumns({ theta, x: theta.map((own) => own + stream.normal()) });
}

/** A sampler of N(x / 2 + shift, (width² / 2)). */
function posterior({ shift = 0, width = 1 } = {}): ConditionalSampler {
  const sd = width * Math.SQRT1_2;
  const mean = (x: number): number => x / 2 + shift;
  return {
    columns: ["theta"],
    given: ["x"],
    async sample(n, { seed = 0, given = {} }) {
      const stream = new RandomStream(randomKey(seed));
      const x = Float64Array.from(given.x as Float64Array);
      expect(x.length).toBe(n);
      return tableFromColumns({ theta: x.map((own) => mean(own) + sd * stream.normal()), x });
    },
    async logProb(rows) {
      const x = column(rows, "x");
      return column(rows, "theta").map((theta, i) => -0.5 * ((theta - mean(x[i]!)) / sd) ** 2);
    },
  };
}

describe("calibration ranks", () => {
  const table = simulate(1000);

  it("of an exact posterior are uniform, and regions cover what they should", async () => {
    const { quantities, rows, draws } = await calibrationRanks(posterior(), table, { seed: 1 });
    expect([rows, draws]).toEqual([1000, 199]);
    expect(quantities.map(({ name }) => name)).toEqual(["theta", "density"]);
    for (const { ranks, chiSquare, bandPValue, coverage } of quantities) {
      expect(ranks.length).toBe(1000);
      expect(Math.max(...ranks)).toBeGreaterThan(190);
      expect(chiSquare.pValue).toBeGreaterThan(0.01);
      expect(bandPValue).toBeGreaterThan(0.01);
      for (const { level, share, standardError } of coverage)
        expect(Math.abs(share - level)).toBeLessThan(3 * standardError);
    }
  });

  it.each([
    ["too narrow", { width: 0.8 }, -1],
    ["too wide", { width: 1.25 }, 1],
  ] as const)("of a posterior that is %s are not", async (_, wrong, sign) => {
    const { quantities } = await calibrationRanks(posterior(wrong), table, { seed: 1 });
    for (const { chiSquare, bandPValue, coverage } of quantities) {
      expect(chiSquare.pValue).toBeLessThan(1e-4);
      expect(bandPValue).toBeLessThan(1e-4);
      for (const { level, share, standardError } of coverage)
        expect(sign * (share - level)).toBeGreaterThan(2 * standardError);
    }
  });

  it("of a shifted posterior are not", async () => {
    const { quantities } = await calibrationRanks(posterior({ shift: 0.15 }), table, { seed: 1 });
    expect(quantities[0]!.chiSquare.pValue).toBeLessThan(1e-3);
    expect(quantities[0]!.bandPValue).toBeLessThan(1e-4);
    // The true values are mostly below.
    const ranks = quantities[0]!.ranks;
    expect(ranks.filter((own) => own < 100).length).toBeGreaterThan(550);
  });

  it("do not depend on how many rows are drawn at a time in law", async () => {
    // 2,200 draws of 999 rows of two columns are more than one block.
    const many = await calibrationRanks(posterior(), simulate(2200), { seed: 2, draws: 999, density: false });
    expect(many.quantities.map(({ name }) => name)).toEqual(["theta"]);
    expect(many.quantities[0]!.bandPValue).toBeGreaterThan(0.01);
  });

  it("repeat by seed", async () => {
    const few = simulate(50);
    const run = (seed: number) => calibrationRanks(posterior(), few, { seed, draws: 20 });
    expect(await run(2)).toEqual(await run(2));
    expect(await run(3)).not.toEqual(await run(2));
  });

  it("break ties at random, so that constant draws of a constant are uniform", async () => {
    const constant: ConditionalSampler = {
      columns: ["c"],
      given: [],
      sample: async (n) => tableFromColumns({ c: new Float64Array(n) }),
    };
    const { quantities } = await calibrationRanks(constant, tableFromColumns({ c: new Float64Array(500) }));
    expect(quantities[0]!.bandPValue).toBeGreaterThan(0.01);
  });

  it("are refused for rows or draws that are none", async () => {
    const run = (own: Table, draws?: number) => calibrationRanks(posterior(), own, { draws });
    await expect(run(table, 0)).rejects.toThrow(UsageError);
    await expect(run(simulate(9))).rejects.toThrow(UsageError);
    await expect(run(tableFromColumns({ x: new Float64Array(20) }))).rejects.toThrow(DataError);
    const missing = tableFromColumns({
      theta: new Float64Array(20).fill(Number.NaN),
      x: new Float64Array(20),
    });
    await expect(run(missing)).rejects.toThrow(DataError);
    const { columns, given, sample } = posterior();
    await expect(calibrationRanks({ columns, given, sample }, table, { density: true })).rejects.toThrow(
      UsageError,
    );
  });
});

describe("tests of uniformity", () => {
  // scipy 1.17.1, scipy.stats.chi2.sf
  it.each([
    [0.5, 1, 0.47950012218695337],
    [9, 1, 0.0026997960632601883],
    [3, 2, 0.22313016014842982],
    [60, 2, 9.357622968840163e-14],
    [19, 19, 0.45683612559196224],
    [45.5, 19, 0.0005831051800749302],
    [2, 19, 0.9999996415485222],
    [120, 19, 1.1092173716436164e-16],
    [20, 20, 0.4579297144718523],
    [0.1, 20, 1],
  ])("the tail of chi-square at %f with %i degrees", (statistic, degrees, tail) =>
    expect(Math.abs(chiSquareTail(statistic, degrees) / tail - 1)).toBeLessThan(1e-12),
  );

  it("have p-values that are uniform where ranks are", () => {
    const stream = new RandomStream(randomKey(11));
    const found = Array.from({ length: 400 }, () => {
      const ranks = Uint32Array.from({ length: 200 }, () => stream.integerBelow(40));
      return [chiSquareTest(ranks, 39).pValue, bandTest(ranks, 39)] as const;
    });
    for (const test of [0, 1] as const)
      for (const level of [0.05, 0.2, 0.5]) {
        const share = found.filter((own) => own[test] <= level).length / found.length;
        // Three standard errors, and the coarseness of the chi-square law of 200 ranks.
        expect(Math.abs(share - level)).toBeLessThan(3 * Math.sqrt((level * (1 - level)) / 400) + 0.01);
      }
  });

  it("agree with the band: a p-value below 0.05 is a way out of the band of 95 %", () => {
    const band = rankBand(100, 19);
    expect(band.points.length).toBe(19);
    const stream = new RandomStream(randomKey(12));
    let out = 0;
    for (let trial = 0; trial < 300; trial++) {
      const power = trial % 2 === 0 ? 1 : 1.3;
      const ranks = Uint32Array.from({ length: 100 }, () => Math.floor(20 * stream.uniform() ** power));
      const leaves = band.points.some((point, j) => {
        const share = ranks.filter((own) => own < Math.round(point * 20)).length / 100;
        return share < band.lower[j]! - 1e-12 || share > band.upper[j]! + 1e-12;
      });
      out += Number(leaves);
      expect(bandTest(ranks, 19) < 0.05, `trial ${trial}`).toBe(leaves);
    }
    expect(out).toBeGreaterThan(30);
  });

  it("refuse what are no ranks", () => {
    // A band that nothing stays within has the probability 0, whatever rounding does.
    for (const count of [20, 300, 1000])
      expect(bandTest(new Array<number>(count).fill(0), 99)).toBeGreaterThanOrEqual(0);
    for (const wrong of [[], [1.5], [-1], [20]]) expect(() => bandTest(wrong, 19)).toThrow(UsageError);
    expect(() => chiSquareTest([1, 2, 3], 19)).toThrow(UsageError);
    expect(() => rankBand(100, 19, 1)).toThrow(UsageError);
  });
});
