/** Questions about any columns of small densities, against sums over all rows. */

import { afterAll, describe, expect, test } from "vitest";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import { contributionsOfRows } from "../../../src/models/columns/contributions.ts";
import type { CellRange } from "../../../src/models/columns/questions/cellRange.ts";
import type { RowConditions } from "../../../src/models/columns/questions/conditions.ts";
import { logProbsOf } from "../../../src/models/columns/questions/logProbsOf.ts";
import { product, someDensity } from "./models.ts";

const threads = 1;
const columns: readonly DensityColumn[] = [
  { name: "flag", kind: "boolean", missing: true },
  { name: "level", kind: "categorical", levels: 3 },
  { name: "count", kind: "integer", lower: 0, upper: 3 },
  { name: "hour", kind: "angle", period: 24, step: 6, missing: true },
];
const cells = [
  [Number.NaN, 0, 1],
  [0, 1, 2],
  [0, 1, 2, 3],
  [Number.NaN, 0, 6, 12, 18],
];
const rows = product(cells);
const count = rows[0]!.length;
const evaluation = someDensity(columns, { order: [2, 0, 3, 1], members: 2 });
afterAll(() => evaluation.dispose());

/** What is known: the cells of some columns in all rows, and ranges of others. */
const known = (
  names: readonly number[],
  ranges: Readonly<Record<number, CellRange>> = {},
): RowConditions => ({
  rows: count,
  columns: columns.map((_, c) => ({ cells: names.includes(c) ? rows[c] : undefined, range: ranges[c] })),
});

const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** p(the named cells of each row) by a sum over all rows that fit. */
function summed(
  probabilities: Float64Array,
  names: readonly number[],
  fits: (row: number) => boolean = () => true,
): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let other = 0; other < count; other++)
      if (fits(other) && names.every((c) => isSame(rows[c]![row]!, rows[c]![other]!)))
        sum += probabilities[other]!;
    return sum;
  });
}

const sets: readonly (readonly [asked: readonly number[], given: readonly number[]])[] = [
  [[2], []],
  [[1], []],
  [[3, 1], []],
  [[0], [1]],
  [[2], [3]],
  [
    [1, 2],
    [0, 3],
  ],
  [[0], [3, 2]],
];

describe("log p(asked | given) of discrete columns", () => {
  test.each(sets)(
    "%j given %j is exact where few cells are summed over, and drawn within its error",
    async (a, b) => {
      const { logProb } = await contributionsOfRows(evaluation, rows, { threads });
      const probabilities = logProb.map(Math.exp);
      const [top, bottom] = [summed(probabilities, [...a, ...b]), summed(probabilities, b)];
      const truth = top.map((value, row) => Math.log(value / bottom[row]!));
      const exact = await logProbsOf(evaluation, known([...a, ...b]), known(b), { threads });
      exact.logProb.forEach((value, row) => {
        expect(Math.abs(value - truth[row]!)).toBeLessThan(1e-9);
      });
      expect(exact.standardError.every((error) => error === 0)).toBe(true);
      const drawn = await logProbsOf(evaluation, known([...a, ...b]), known(b), {
        threads,
        combinations: 0,
        draws: 100,
        seed: 3,
      });
      drawn.logProb.forEach((value, row) => {
        expect(Math.abs(value - truth[row]!)).toBeLessThan(4.5 * drawn.standardError[row]! + 1e-9);
        expect(drawn.standardError[row]).toBeLessThan(1);
        expect(drawn.effectiveSize[row]).toBeGreaterThan(5);
      });
      const again = await logProbsOf(evaluation, known([...a, ...b]), known(b), {
        threads,
        combinations: 0,
        draws: 100,
        seed: 3,
      });
      expect(again).toEqual(drawn);
    },
  );

  test("conditional and marginal make the joint", async () => {
    const options = { threads };
    const none = known([]);
    const joint = await logProbsOf(evaluation, known([0, 1, 3]), none, options);
    const marginal = await logProbsOf(evaluation, known([3]), none, options);
    const conditional = await logProbsOf(evaluation, known([0, 1, 3]), known([3]), options);
    joint.logProb.forEach((value, row) => {
      expect(Math.abs(conditional.logProb[row]! + marginal.logProb[row]! - value)).toBeLessThan(1e-10);
    });
  });

  const ranges: readonly (readonly [Readonly<Record<number, CellRange>>, (row: number) => boolean])[] = [
    [{ 2: { least: 1, largest: 2 } }, (row) => rows[2]![row]! >= 1 && rows[2]![row]! <= 2],
    [{ 3: { least: 18, largest: 5 } }, (row) => rows[3]![row] === 18 || rows[3]![row] === 0],
    [{ 3: {} }, (row) => !Number.isNaN(rows[3]![row]!)],
    [{ 0: { least: 1, largest: 1 }, 2: { largest: 2 } }, (row) => rows[0]![row] === 1 && rows[2]![row]! <= 2],
  ];
  test.each(ranges)("given the ranges %j, summed and drawn", async (own, fits) => {
    const { logProb } = await contributionsOfRows(evaluation, rows, { threads });
    const probabilities = logProb.map(Math.exp);
    const [top, bottom] = [summed(probabilities, [1], fits), summed(probabilities, [], fits)];
    for (const combinations of [undefined, 0]) {
      const found = await logProbsOf(evaluation, known([1], own), known([], own), {
        threads,
        combinations,
        draws: 300,
      });
      found.logProb.forEach((value, row) => {
        const truth = Math.log(top[row]! / bottom[row]!);
        expect(Math.abs(value - truth)).toBeLessThan(4.5 * found.standardError[row]! + 1e-9);
      });
    }
  });
});

test("a continuous column that is not known is drawn within its error", async () => {
  const mixed: readonly DensityColumn[] = [
    { name: "x", kind: "continuous", atoms: [0] },
    { name: "level", kind: "categorical", levels: 3 },
  ];
  const density = someDensity(mixed, { scale: 0.4 });
  const levels = Float64Array.of(0, 1, 2);
  const points = Float64Array.from({ length: 40_001 }, (_, i) => 0.001 + Math.sinh((i - 20_000) / 1000));
  const { logProb } = await contributionsOfRows(density, product([points, levels]), { threads });
  const atoms = await contributionsOfRows(density, product([[0], levels]), { threads });
  const drawn = await logProbsOf(
    density,
    { rows: 3, columns: [{}, { cells: levels }] },
    { rows: 3, columns: [{}, {}] },
    { threads, draws: 2000 },
  );
  density.dispose();
  for (let level = 0; level < 3; level++) {
    let sum = Math.exp(atoms.logProb[level]!);
    for (let i = 1; i < points.length; i++)
      sum +=
        0.5 *
        (points[i]! - points[i - 1]!) *
        (Math.exp(logProb[3 * i + level]!) + Math.exp(logProb[3 * (i - 1) + level]!));
    expect(drawn.standardError[level]).toBeLessThan(0.1);
    expect(Math.abs(drawn.logProb[level]! - Math.log(sum))).toBeLessThan(
      4 * drawn.standardError[level]! + 1e-5,
    );
  }
});
