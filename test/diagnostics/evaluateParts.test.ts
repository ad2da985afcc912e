import { describe, expect, it } from "vitest";
import {
  correlationRatio,
  cramersV,
  ranksOf,
  spearman,
} from "../../src/diagnostics/evaluate/associations.ts";
import { areaUnderCurve, classifierTest } from "../../src/diagnostics/evaluate/classifierTest.ts";
import { closestRecords } from "../../src/diagnostics/evaluate/closestRecords.ts";
import type { ComparedColumn } from "../../src/diagnostics/evaluate/comparedColumns.ts";
import {
  circularWasserstein,
  marginalDistances,
  totalVariation,
  wasserstein,
} from "../../src/diagnostics/evaluate/marginalDistances.ts";
import { binnedRows, boostedLogOdds } from "../../src/numerics/gradientBoosting.ts";
import { normalCdf } from "../../src/numerics/special.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const numbers = (...values: number[]): Float64Array => Float64Array.from(values);
const key = randomKey(1);
const stream = new RandomStream(randomKey(2));
const normals = (n: number, mean = 0): Float64Array =>
  Float64Array.from({ length: n }, () => mean + stream.normal());
const column = (
  type: ComparedColumn["type"],
  test: Float64Array,
  samples: Float64Array,
  more: object = {},
): ComparedColumn => ({
  schema: {
    name: "a",
    kind: type === "levels" ? "categorical" : type === "angles" ? "angle" : "continuous",
    use: "fit",
    ...more,
  },
  type,
  test,
  samples,
});

describe("distances", () => {
  it("Wasserstein moves probability as far as it has to go", () => {
    expect(wasserstein(numbers(0, 1), numbers(3, 4))).toBeCloseTo(3, 12);
    // scipy 1.16, wasserstein_distance([0, 1, 3], [5, 6, 8, 8])
    expect(wasserstein(numbers(0, 1, 3), numbers(5, 6, 8, 8))).toBeCloseTo(65 / 12, 12);
    expect(wasserstein(numbers(2, 2), numbers(2))).toBe(0);
  });

  it("angles go the short way around", () => {
    expect(circularWasserstein(numbers(350, 355), numbers(10, 5), 360)).toBeCloseTo(15, 12);
    expect(circularWasserstein(numbers(0), numbers(180), 360)).toBeCloseTo(180, 12);
    expect(circularWasserstein(numbers(-10), numbers(350), 360)).toBeCloseTo(0, 12);
  });

  it("levels by their shares", () => {
    expect(totalVariation(numbers(0, 0, 1, 1), numbers(0, 1, 1, 1))).toBeCloseTo(0.25, 12);
    expect(totalVariation(numbers(0), numbers(1))).toBe(1);
  });

  it("a column that differs is farther than by chance, one that does not is not; missing cells are counted apart", () => {
    const holes = normals(400).map((value, i) => (i % 4 === 0 ? Number.NaN : value));
    const [same, moved] = marginalDistances(
      [
        column("numbers", normals(400), normals(400)),
        column(
          "numbers",
          normals(400),
          holes.map((v) => v + 1),
        ),
      ],
      key,
    );
    expect(same!.distance! / same!.byChance!).toBeLessThan(2.5);
    expect(moved!.distance!).toBeGreaterThan(5 * moved!.byChance!);
    expect(moved!.missing).toEqual({ test: 0, samples: 0.25 });
    const [none] = marginalDistances([column("numbers", normals(9).fill(Number.NaN), normals(9))], key);
    expect(none).toMatchObject({ distance: undefined, missing: { test: 1, samples: 0 } });
  });
});

describe("associations", () => {
  it("are those of textbooks", () => {
    expect(ranksOf(numbers(3, 1, 3, 2))).toEqual(numbers(2.5, 0, 2.5, 1));
    expect(spearman(numbers(1, 2, 3, 4), numbers(1, 4, 9, 16))).toBeCloseTo(1, 12);
    // scipy 1.16, spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])
    expect(spearman(numbers(1, 2, 3, 4, 5), numbers(5, 6, 7, 8, 7))).toBeCloseTo(0.8207826816681233, 12);
    // chi square 4 of 16 rows in a 2 x 2 table: sqrt(4 / 16)
    const x = numbers(...Array(8).fill(0), ...Array(8).fill(1));
    const y = numbers(...Array(6).fill(0), ...Array(2).fill(1), ...Array(2).fill(0), ...Array(6).fill(1));
    expect(cramersV(x, y)).toBeCloseTo(0.5, 12);
    expect(cramersV(x, x)).toBeCloseTo(1, 12);
    expect(correlationRatio(numbers(0, 0, 1, 1), numbers(1, 2, 3, 4))).toBeCloseTo(Math.sqrt(4 / 5), 12);
    expect([
      spearman(
        x,
        x.map(() => 1),
      ),
      cramersV(
        x,
        x.map(() => 1),
      ),
    ]).toEqual([undefined, undefined]);
  });
});

describe("the classifier", () => {
  it("has the area and the standard error of DeLong", () => {
    const { auc, variance } = areaUnderCurve(numbers(1, 2, 3), numbers(2, 3, 4));
    expect(auc).toBeCloseTo(7 / 9, 12);
    // Placements 1/2, 5/6, 1 of both kinds.
    const mean = 7 / 9;
    const spread = [1 / 2, 5 / 6, 1].reduce((sum, v) => sum + (v - mean) ** 2 / 2, 0);
    expect(variance).toBeCloseTo((2 * spread) / 3, 12);
  });

  it("comes near to the best that there is: of normals that are a step apart, the normal integral", () => {
    const shift = 1;
    const { auc, standardError, columns } = classifierTest(
      [
        {
          ...column("numbers", normals(800), normals(800)),
          schema: { name: "b", kind: "continuous", use: "fit" },
        },
        column("numbers", normals(800), normals(800, shift)),
      ],
      key,
    );
    const best = normalCdf(shift / Math.SQRT2);
    expect(auc).toBeLessThan(best + 3 * standardError);
    expect(auc).toBeGreaterThan(best - 0.05);
    expect(columns[0]!.column).toBe("a");
    expect(columns[0]!.share).toBeGreaterThan(0.7);
  });

  it("does not tell what is alike, and tells a missing cell, a level and a pair that do not go together", () => {
    const alike = classifierTest([column("numbers", normals(800), normals(800))], key);
    expect(Math.abs(alike.auc - 0.5)).toBeLessThan(4 * alike.standardError);
    const holes = normals(400).map((value, i) => (i % 2 === 0 ? Number.NaN : value));
    expect(classifierTest([column("numbers", normals(400), holes)], key).auc).toBeGreaterThan(0.7);
    const levels = (): Float64Array =>
      Float64Array.from({ length: 400 }, () => Math.floor(20 * stream.uniform()));
    const schema = { levels: Array.from({ length: 20 }, (_, i) => `l${i}`) };
    expect(
      classifierTest(
        [
          column(
            "levels",
            levels(),
            levels().map((l) => (l % 7 === 3 ? 8 : l)),
            schema,
          ),
        ],
        key,
      ).auc,
    ).toBeGreaterThan(0.52);
    const x = normals(600);
    const pair = classifierTest([column("numbers", x, x), column("numbers", x, normals(600))], key);
    expect(pair.auc).toBeGreaterThan(0.85);
  });

  it("trees find what no single feature tells", () => {
    const n = 1000;
    const [a, b] = [normals(n), normals(n)];
    const labels = Uint8Array.from(a, (value, i) => Number(value * b[i]! > 0));
    const rows = Int32Array.from(a.keys());
    const options = { trees: 60, depth: 3, rate: 0.2, leafRows: 5 };
    const { logOdds } = boostedLogOdds(
      binnedRows([a, b]),
      labels,
      rows.slice(0, 800),
      rows.slice(800),
      options,
    );
    const right = logOdds.reduce(
      (count, value, i) => count + Number(value > 0 === (labels[800 + i] === 1)),
      0,
    );
    expect(right).toBeGreaterThan(180);
  });
});

describe("closest records", () => {
  it("copies are counted, and lie nearer than new rows", () => {
    const train = normals(500);
    const copied = closestRecords([column("numbers", normals(300), train.slice(0, 300))], [train], key);
    expect(copied).toMatchObject({ copies: 1, testCopies: 0, samples: 0, nearer: 1 });
    const fresh = closestRecords([column("numbers", normals(300), normals(300))], [train], key);
    expect(fresh.copies).toBe(0);
    expect(Math.abs(fresh.nearer - 0.5)).toBeLessThan(4 * fresh.standardError);
  });

  it("levels, angles and missing cells have distances from 0 to 1", () => {
    const nothing = Number.NaN;
    const levels = closestRecords(
      [
        column("levels", numbers(0, 3), numbers(1, nothing)),
        column("angles", numbers(0, 90), numbers(350, 350)),
      ],
      [numbers(1, nothing), numbers(10, 10)],
      key,
    );
    // 20 degrees of 180, over two columns.
    expect(levels.samples).toBeCloseTo(20 / 180 / 2, 12);
    expect(levels.test).toBeCloseTo((1 + 80 / 180) / 2, 12);
  });
});
