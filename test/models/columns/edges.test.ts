import { describe, expect, test } from "vitest";
import { modelColumn } from "../../../src/fitting/columns/modelColumn.ts";
import { checkColumn, type DensityColumn } from "../../../src/models/columns/column.ts";
import { columnsDensity } from "../../../src/models/columns/columnsDensity.ts";
import { contributionsOfRows } from "../../../src/models/columns/contributions.ts";
import { sampleCells } from "../../../src/models/columns/drawCells.ts";
import {
  type DomainMap,
  domainDifference,
  domainToLine,
  lineToDomain,
  logDomainSlope,
} from "../../../src/models/columns/heads/domainMap.ts";
import { evaluationOf } from "./models.ts";

const threads = 1;
const sizes = { components: 3, angleComponents: 3 };

/** Log-densities of cells under a density of one column that was made of some rows. */
async function scores(
  column: DensityColumn,
  rows: ArrayLike<number>,
  cells: ArrayLike<number>,
): Promise<{ readonly logProb: Float64Array; readonly sample: Float64Array }> {
  const modeled = modelColumn(column, Float64Array.from(rows), undefined, sizes);
  const evaluation = evaluationOf(
    columnsDensity({ given: [], columns: [modeled], order: [0], hidden: [4] }),
    0,
    1,
  );
  const { logProb } = await contributionsOfRows(evaluation, [Float64Array.from(cells)], { threads });
  const [sample] = await sampleCells(evaluation, 20, [], { threads });
  evaluation.dispose();
  return { logProb, sample: sample! };
}

const upTo = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i);

describe("columns at the edge", () => {
  test("ten thousand levels, half of which no row has, have masses that add up to 1", async () => {
    const column: DensityColumn = { name: "code", kind: "categorical", levels: 10_000 };
    const rows = Float64Array.from({ length: 20_000 }, (_, i) => Math.floor(5000 * (i / 20_000) ** 3));
    const { logProb, sample } = await scores(column, rows, upTo(10_000));
    expect(Math.abs(logProb.reduce((sum, value) => sum + Math.exp(value), 0) - 1)).toBeLessThan(1e-9);
    expect(logProb[0]).toBeGreaterThan(-4);
    expect(logProb[9999]).toBeGreaterThan(-15);
    expect(sample.every((level) => Number.isInteger(level) && level >= 0 && level < 10_000)).toBe(true);
  });

  test("one level is certain", async () => {
    const { logProb, sample } = await scores(
      { name: "only", kind: "categorical", levels: 1 },
      [0, 0],
      [0, 1],
    );
    expect(Array.from(logProb)).toEqual([0, Number.NEGATIVE_INFINITY]);
    expect(sample.every((level) => level === 0)).toBe(true);
  });

  test("a level of one row, and one of none, have a mass", async () => {
    const { logProb } = await scores({ name: "l", kind: "ordinal", levels: 3 }, [0, 0, 0, 1], [0, 1, 2]);
    expect(logProb.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    expect(logProb[2]).toBeCloseTo(Math.log(0.5 / 5.5), 9);
  });

  test("a column whose cells are all missing", async () => {
    const column: DensityColumn = { name: "gone", kind: "positive", missing: true };
    const { logProb } = await scores(column, [Number.NaN, Number.NaN, Number.NaN], [Number.NaN, 2]);
    expect(logProb[0]).toBeCloseTo(Math.log(3.5 / 4), 9);
    expect(Number.isFinite(logProb[1])).toBe(true);
  });

  test.each<DensityColumn>([
    { name: "v", kind: "continuous" },
    { name: "v", kind: "positive" },
    { name: "v", kind: "integer" },
    { name: "v", kind: "integer", lower: 7 },
    { name: "v", kind: "interval", lower: 0, upper: 8 },
    { name: "v", kind: "angle", step: 1 },
  ])("a $kind column of one value, lower $lower, step $step", async (column) => {
    const { logProb, sample } = await scores(column, [7, 7, 7, 7], [7, 7 + 1e6 * (column.step ?? 1)]);
    expect(Number.isFinite(logProb[0])).toBe(true);
    expect(Number.isNaN(logProb[1])).toBe(false);
    expect(sample.every(Number.isFinite)).toBe(true);
  });

  test("one row", async () => {
    const { logProb, sample } = await scores({ name: "n", kind: "integer" }, [3], [3, 1e12]);
    expect(logProb[0]).toBeGreaterThan(-5);
    expect(Number.isFinite(logProb[1])).toBe(true);
    expect(sample.every(Number.isInteger)).toBe(true);
  });

  test("a value in a gap between those that occurred has a finite density, in float32 too", async () => {
    const column: DensityColumn = { name: "n", kind: "integer" };
    // Many rows on few values: the smooth part is narrow, and what it leaves to a gap is beyond float32.
    const rows = Float64Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 0 : 1e5) + (i % 5));
    const density = columnsDensity({
      given: [],
      columns: [modelColumn(column, rows, undefined, sizes)],
      order: [0],
      hidden: [4],
    });
    const evaluation = evaluationOf(density, 0, 1);
    const cells = [Float64Array.of(0, 2, 40_000, 50_000, 1e5 + 3, 3e5)];
    const exact = await contributionsOfRows(evaluation, cells, { threads });
    const single = await contributionsOfRows(evaluation, cells, { threads, precision: "float32" });
    evaluation.dispose();
    expect(exact.logProb.every(Number.isFinite)).toBe(true);
    exact.logProb.forEach((value, i) => {
      expect(Math.abs(single.logProb[i]! - value)).toBeLessThan(1e-3 + 1e-4 * Math.abs(value));
    });
    expect(exact.logProb[3]).toBeLessThan(exact.logProb[1]! - 5);
  });

  test("date-times to the millisecond over decades keep the mass of a cell", async () => {
    const from = Date.UTC(1990, 0);
    const rows = Float64Array.from({ length: 500 }, (_, i) => from + 2e9 * i + ((i * i) % 977));
    const { logProb } = await scores({ name: "t", kind: "date-time" }, rows, [rows[250]!, rows[250]! + 1]);
    // A density of about one in 31 years, times a millisecond.
    expect(logProb[0]! + Math.log(1e12)).toBeGreaterThan(-1);
    expect(logProb[0]! + Math.log(1e12)).toBeLessThan(1);
    expect(Math.abs(logProb[0]! - logProb[1]!)).toBeLessThan(1e-3);
  });
});

test("what contradicts itself is refused by name", () => {
  const refused: readonly (readonly [DensityColumn, RegExp])[] = [
    [{ name: "a", kind: "categorical" }, /column "a": .*number of levels/],
    [{ name: "a", kind: "boolean", step: 1 }, /neither a step nor atoms/],
    [{ name: "a", kind: "continuous", levels: 2 }, /has no levels/],
    [{ name: "a", kind: "integer", step: 0 }, /step must be above 0/],
    [{ name: "a", kind: "interval", lower: 0 }, /a lower and an upper bound/],
    [{ name: "a", kind: "positive", upper: -1 }, /must be below/],
    [{ name: "a", kind: "angle", step: 7 }, /whole number of steps/],
    [{ name: "a", kind: "continuous", atoms: [1, 1] }, /two atoms are equal/],
  ];
  for (const [column, message] of refused) expect(() => checkColumn(column)).toThrow(message);
});

test("a row that the description excludes is refused with its number", () => {
  const model = (column: DensityColumn, rows: readonly number[]): unknown =>
    modelColumn(column, Float64Array.from(rows), undefined, sizes);
  expect(() => model({ name: "p", kind: "positive" }, [1, 0])).toThrow(
    /column "p" \(row 2\): 0 is not between/,
  );
  expect(() => model({ name: "l", kind: "categorical", levels: 2 }, [0, 2])).toThrow(/none of its 2 levels/);
  expect(() => model({ name: "n", kind: "integer", upper: 3 }, [4])).toThrow(/beyond its bounds/);
});

test("a head that a file has damaged is refused by its column", () => {
  const column: DensityColumn = { name: "n", kind: "integer" };
  const modeled = modelColumn(column, Float64Array.of(1, 2, 2, 3), undefined, sizes);
  const read = (change: object, outcomes: readonly number[] = [1]): unknown =>
    columnsDensity({
      given: [],
      columns: [{ column, outcomes, head: { ...modeled.head, ...change } }],
      order: [0],
      hidden: [4],
    });
  expect(() => read({})).not.toThrow();
  const damaged: readonly (readonly [object, RegExp])[] = [
    [
      { type: "point" },
      /column "n": its head is damaged: the kind "integer" has the type "cells", not "point"/,
    ],
    [{ components: 1e9 }, /components/],
    [{ start: [0] }, /three numbers per component/],
    [{ start: [null] }, /start/],
    [{ frequent: [3, 1] }, /not in order/],
    [{ frequent: [1], masses: [] }, /one number per frequent place/],
    [{ map: { domain: { type: "cube" } } }, /map\.domain/],
    [{ shares: { places: [1], counts: [1, 2], blend: 0.5 } }, /in order, with a count each/],
  ];
  for (const [change, message] of damaged) expect(() => read(change)).toThrow(message);
  expect(() => read({}, [0.5, 0.5])).toThrow(/needs the shares of its 1 outcomes/);
});

describe("maps of a domain to the line", () => {
  const maps: readonly (readonly [DomainMap, readonly number[]])[] = [
    [{ type: "identity" }, [-3, 0, 1e6]],
    [{ type: "asinh", center: 1, scale: 2 }, [-1e5, -3, 1, 4, 1e8]],
    [{ type: "log", from: -0.5 }, [-0.499, 0, 1e7]],
    [{ type: "softplusInverse", from: 2, scale: 3 }, [2.001, 4, 1e4]],
    [{ type: "logBelow", to: 5 }, [-1e6, 0, 4.99]],
    [{ type: "logit", from: 0, to: 2 }, [1e-6, 1, 1.9999]],
  ];
  test.each(maps)("%j: inverse, slope and difference", (map, values) => {
    for (const x of values) {
      const t = domainToLine(map, x);
      expect(Math.abs(lineToDomain(map, t) - x)).toBeLessThan(1e-9 * (1 + Math.abs(x)));
      const h = 1e-5 * Math.exp(-logDomainSlope(map, x));
      const change = domainToLine(map, x + h) - domainToLine(map, x - h);
      expect(Math.log(change / (2 * h)) - logDomainSlope(map, x)).toBeCloseTo(0, 3);
      expect(domainDifference(map, x, h) / (h * Math.exp(logDomainSlope(map, x)))).toBeCloseTo(1, 4);
      const far = 0.25 * Math.exp(-logDomainSlope(map, x));
      if (Number.isFinite(domainToLine(map, x + far)))
        expect(domainDifference(map, x, far)).toBeCloseTo(domainToLine(map, x + far) - t, 6);
    }
  });
});
