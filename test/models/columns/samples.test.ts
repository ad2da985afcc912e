import { afterAll, describe, expect, test } from "vitest";
import { chiSquareTail } from "../../../src/diagnostics/uniformity.ts";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import { contributionsOfRows } from "../../../src/models/columns/contributions.ts";
import { cellsOfPoints, sampleCells } from "../../../src/models/columns/drawCells.ts";
import { pointsOfCells } from "../../../src/models/rows/pointsOfCells.ts";
import { normalCdf } from "../../../src/numerics/special.ts";
import { product, someDensity } from "./models.ts";

const threads = 1;

/** Largest distance of an empirical distribution function from the uniform one, times the root of the count. */
function kolmogorov(uniforms: Float64Array): number {
  const sorted = uniforms.slice().sort();
  const count = sorted.length;
  let largest = 0;
  sorted.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value - i / count), Math.abs(value - (i + 1) / count));
  });
  return largest * Math.sqrt(count);
}

describe("samples of discrete columns, of two members", () => {
  const columns: DensityColumn[] = [
    { name: "flag", kind: "boolean", missing: true },
    { name: "level", kind: "categorical", levels: 3 },
    { name: "count", kind: "integer", lower: 0, upper: 3 },
    { name: "hour", kind: "angle", period: 24, step: 6 },
  ];
  const evaluation = someDensity(columns, { order: [2, 0, 3, 1], members: 2, scale: 0.4 });
  afterAll(() => evaluation.dispose());

  test("are as frequent as their masses say", async () => {
    const n = 6000;
    const cells = product([
      [Number.NaN, 0, 1],
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 6, 12, 18],
    ]);
    const { logProb } = await contributionsOfRows(evaluation, cells, { threads });
    const drawn = await sampleCells(evaluation, n, [], { seed: 3, threads });
    const counts = new Map<string, number>();
    for (let row = 0; row < n; row++) {
      const key = drawn.map((own) => own[row]).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    let [statistic, bins, known, pooled, expectedPooled] = [0, 0, 0, 0, 0];
    logProb.forEach((value, i) => {
      const expected = n * Math.exp(value);
      const count = counts.get(cells.map((own) => own[i]).join()) ?? 0;
      known += count;
      if (expected < 5) {
        pooled += count;
        expectedPooled += expected;
        return;
      }
      statistic += (count - expected) ** 2 / expected;
      bins++;
    });
    expect(known).toBe(n);
    if (expectedPooled > 0) statistic += (pooled - expectedPooled) ** 2 / expectedPooled;
    expect(bins).toBeGreaterThan(30);
    expect(chiSquareTail(statistic, bins)).toBeGreaterThan(1e-3);
  });

  test("depend on the seed and their number alone", async () => {
    const few = await sampleCells(evaluation, 5, [], { seed: 4, threads });
    const many = await sampleCells(evaluation, 4100, [], { seed: 4, threads });
    expect(many.map((own) => own.slice(0, 5))).toEqual(few);
    expect(await sampleCells(evaluation, 5, [], { seed: 5, threads })).not.toEqual(few);
  });
});

describe.each([1, 2])("cells and points of the base, of %i members", (members) => {
  const columns: DensityColumn[] = [
    { name: "x", kind: "continuous", atoms: [0, 1.5], missing: true },
    { name: "level", kind: "categorical", levels: 40 },
    { name: "amount", kind: "positive", atoms: [0] },
    { name: "n", kind: "integer" },
    { name: "angle", kind: "angle", lower: -180 },
    { name: "share", kind: "interval", lower: 0, upper: 1 },
    { name: "price", kind: "positive", step: 0.01, missing: true },
    { name: "hour", kind: "angle", period: 24, step: 1, missing: true },
    { name: "time", kind: "date-time" },
  ];
  const order = [4, 0, 8, 3, 2, 6, 1, 7, 5];
  const evaluation = someDensity(columns, { order, members, scale: 0.2 });
  afterAll(() => evaluation.dispose());
  const n = 1000;
  const drawn = sampleCells(evaluation, n, [], { seed: 1, threads });

  test("are images of one another: cell, point, cell", async () => {
    const cells = await drawn;
    const { points, low, high } = await pointsOfCells(evaluation, cells, { seed: 2, threads });
    const back = await cellsOfPoints(evaluation, points, [], { threads });
    cells.forEach((own, i) => {
      const isRounded =
        columns[i]!.name === "x" || columns[i]!.name === "amount" || columns[i]!.name === "share";
      own.forEach((cell, row) => {
        const again = back[i]![row]!;
        if (isRounded || columns[i]!.name === "angle")
          expect(Object.is(again, cell) || Math.abs(again - cell) <= 1e-9 * (1 + Math.abs(cell))).toBe(true);
        else expect(again).toBe(cell);
      });
    });
    points.forEach((point, i) => {
      expect(point >= low[i]! && point <= high[i]!).toBe(true);
    });
  });

  test("are possible, and inside their bounds", async () => {
    const cells = await drawn;
    const { logProb } = await contributionsOfRows(evaluation, cells, { threads });
    expect(logProb.every(Number.isFinite)).toBe(true);
    expect(cells[4]!.every((angle) => angle >= -180 && angle < 180)).toBe(true);
    expect(cells[6]!.every((price) => Number.isNaN(price) || price >= 0)).toBe(true);
  });

  test("points of samples are standard normal, whatever the kind", async () => {
    const { points } = await pointsOfCells(evaluation, await drawn, { seed: 3, threads });
    columns.forEach((_, i) => {
      const own = Float64Array.from({ length: n }, (_, row) => normalCdf(points[row * columns.length + i]!));
      // Above 2.2 once in ten thousand.
      expect(kolmogorov(own)).toBeLessThan(2.2);
    });
  });

  test("densities of samples are those of their points: the entropies agree", async () => {
    // An independent check of the density of a continuous column: E log p(x) = log of the slope of the quantile function.
    const one = someDensity([{ name: "x", kind: "continuous" }], { scale: 0.3 });
    const steps = 400;
    const edge = Float64Array.from({ length: steps + 1 }, (_, i) => -3 + (6 * i) / steps);
    const [values] = await cellsOfPoints(one, edge, [], { threads });
    const middles = Float64Array.from({ length: steps }, (_, i) => 0.5 * (values![i]! + values![i + 1]!));
    const { logProb } = await contributionsOfRows(one, [middles], { threads });
    one.dispose();
    logProb.forEach((value, i) => {
      const mass = normalCdf(edge[i + 1]!) - normalCdf(edge[i]!);
      expect(Math.abs(Math.exp(value) * (values![i + 1]! - values![i]!) - mass)).toBeLessThan(
        2e-3 * mass + 1e-7,
      );
    });
  });
});
