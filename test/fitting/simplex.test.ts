import { describe, expect, it } from "vitest";
import { compare } from "../../src/diagnostics/compare/compare.ts";
import { DataError, FormatError, UsageError } from "../../src/errors.ts";
import { crossFit } from "../../src/fitting/crossFit.ts";
import { fit } from "../../src/fitting/fit.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { load } from "../../src/models/flow.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { draw, meanOf, quick } from "./tables.ts";

/**
 * Sand, silt and clay in percent of 39 sediments of an Arctic lake, by depth: J. P. Coakley, B. R. Rust, Sedimentation in an Arctic
 * lake, J. Sedimentary Petrology 38, 1968; table 5 of J. Aitchison, The statistical analysis of compositional data, 1986. Four rows
 * do not add up to 100, beyond rounding.
 */
const lake: Table = tableFromRows(
  ["sand", "silt", "clay"],
  [
    [77.5, 19.5, 3.0],
    [71.7, 24.9, 3.2],
    [50.7, 36.1, 13.2],
    [52.2, 40.9, 6.6],
    [70.0, 26.5, 3.5],
    [66.5, 32.2, 1.3],
    [43.1, 55.3, 1.6],
    [53.4, 36.8, 9.8],
    [15.5, 54.4, 30.1],
    [31.7, 41.5, 26.8],
    [65.7, 27.8, 6.5],
    [70.4, 29.0, 0.6],
    [17.4, 53.6, 29.0],
    [10.6, 69.8, 19.6],
    [38.2, 43.1, 18.7],
    [10.6, 52.7, 36.5],
    [18.4, 50.7, 30.9],
    [4.6, 47.4, 48.0],
    [15.6, 50.4, 34.0],
    [31.9, 45.1, 23.0],
    [9.5, 53.5, 37.0],
    [17.1, 48.0, 34.9],
    [10.5, 55.4, 34.1],
    [4.8, 54.7, 41.0],
    [2.6, 45.2, 52.2],
    [11.4, 52.7, 35.9],
    [6.7, 46.9, 46.4],
    [6.9, 49.7, 43.4],
    [4.0, 44.9, 51.1],
    [7.4, 51.6, 40.9],
    [4.8, 49.5, 45.7],
    [4.5, 48.5, 47.0],
    [6.6, 52.1, 41.3],
    [6.7, 47.3, 45.9],
    [7.4, 45.6, 46.9],
    [6.0, 48.9, 45.1],
    [6.3, 53.8, 39.9],
    [2.5, 48.0, 49.5],
    [2.0, 47.8, 50.2],
  ],
);
const shares = lake.columns;
const one = { threads: 1 };
const rowsOf = ({ values, rows, columns: { length: width } }: Table): number[][] =>
  Array.from({ length: rows }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]);

/** Log-density of the additive logistic normal distribution of two log-ratios, written out. */
function logisticNormal(rows: readonly number[][], total: number): (row: readonly number[]) => number {
  const ratios = rows.map(([a, b, c]) => [Math.log(a! / c!), Math.log(b! / c!)] as const);
  const [m0, m1] = [0, 1].map((i) => meanOf(ratios.map((own) => own[i]!))) as [number, number];
  const moment = (f: (u: number, v: number) => number): number =>
    meanOf(ratios.map(([u, v]) => f(u - m0, v - m1)));
  const [s00, s01, s11] = [moment((u) => u * u), moment((u, v) => u * v), moment((_, v) => v * v)];
  const determinant = s00 * s11 - s01 * s01;
  return ([a, b, c]) => {
    const sum = a! + b! + c!;
    const [u, v] = [Math.log(a! / c!) - m0, Math.log(b! / c!) - m1];
    const square = (s11 * u * u - 2 * s01 * u * v + s00 * v * v) / determinant;
    const closed = [a!, b!, c!].reduce((product, share) => product * ((share * total) / sum), 1);
    return -Math.log(2 * Math.PI) - 0.5 * Math.log(determinant) - 0.5 * square - Math.log(closed / total);
  };
}

describe("shares that sum to a total", () => {
  it("have the density of the logistic normal distribution where a Gaussian is fitted to them", async () => {
    const lines: string[] = [];
    const { flow, report } = await fit(lake, {
      flow: "gaussian",
      simplex: shares,
      validation: 0,
      onWarning: (line) => lines.push(line),
      ...one,
    });
    expect(lines.filter((line) => line.includes("sum to"))).toEqual([
      "4 of 39 rows have shares that sum to 100 within 0.5 only, which is more than rounding explains; each row is divided by its sum",
    ]);
    expect(lines.filter((line) => line.includes("follows from others"))).toEqual([]);
    const wanted = rowsOf(lake).map(logisticNormal(rowsOf(lake), 100));
    const scores = await flow.logProb(lake, one);
    // A fit adds 1e-9 to variances.
    scores.forEach((score, row) => expect(score).toBeCloseTo(wanted[row]!, 6));
    expect(report.trainLogProb).toBeCloseTo(meanOf(wanted), 6);
    expect(report.columns).toEqual(shares);
    expect(flow.description.simplex).toMatchObject({ shares, total: 100, tolerance: 0.5 });
    expect(flow.facts.shares).toBe("sand + silt + clay = 100, density with respect to all columns but clay");
    expect(flow.wasFittedTo(lake)).toBe(true);
    // Off the simplex there is no density, and a row without a share has no score.
    const strange = [
      [20, 30, 40],
      [0, 50, 50],
      [-10, 60, 50],
      [Number.POSITIVE_INFINITY, 1, 1],
      [Number.NaN, 50, 50],
    ];
    const off = await flow.logProb(strange, { ...one, missing: "empty" });
    expect([...off]).toEqual([...Array(4).fill(Number.NEGATIVE_INFINITY), Number.NaN]);
    await expect(flow.logProb([[50, 50, Number.NaN]], one)).rejects.toThrow('column "clay" (row 1)');
    expect((await flow.toBase([[20, 30, 40]], one)).every(Number.isNaN)).toBe(true);
    // From data to base and back; the base has one number less.
    const points = await flow.toBase(lake, one);
    expect(points.length).toBe(2 * lake.rows);
    const back = await flow.toData(points, one);
    rowsOf(lake).forEach((row, at) => {
      const sum = row.reduce((a, b) => a + b);
      row.forEach((share, i) => expect(back[3 * at + i]!).toBeCloseTo((100 * share) / sum, 9));
    });
  });

  it("are drawn with that very sum, saved, loaded and scored under a condition", async () => {
    const deep = draw(["depth", "clay", "sand", "silt"], 150, 6, (stream) => {
      const depth = 10 + stream.normal();
      const [clay, sand] = [Math.exp(0.5 * (depth - 10) + stream.normal()), Math.exp(stream.normal())];
      const part = 100 / (1 + clay + sand);
      return [depth, clay * part, sand * part, part];
    });
    const options = { ...quick, flow: "maf", given: ["depth"], simplex: ["sand", "clay", "silt"] } as const;
    const { flow } = await fit(deep, options);
    const loaded = await load(flow.toBytes());
    expect(loaded.toBytes()).toEqual(flow.toBytes());
    expect(loaded.description).toEqual(flow.description);
    // The order is that of the table; the last share is the one that is named last.
    expect(loaded.columns).toEqual(["clay", "sand", "silt"]);
    const how = { seed: 3, given: { depth: 10 }, ...one };
    const { table, logProb } = await loaded.sampleWithLogProb(500, how);
    expect((await flow.sample(500, how)).values).toEqual(table.values);
    expect(table.columns).toEqual(["depth", "clay", "sand", "silt"]);
    for (const [, clay, sand, silt] of rowsOf(table)) {
      expect(clay! + sand! + silt!).toBe(100);
      expect(silt! + (sand! + clay!)).toBe(100);
    }
    (await loaded.logProb(table, one)).forEach((score, row) => expect(score).toBeCloseTo(logProb[row]!, 3));
    // The density over the triangle, by steps of the log-ratios, whose area there is the product of the shares over the total.
    const step = 0.2;
    const cells: number[][] = [];
    const areas: number[] = [];
    for (let u = -14; u < 14; u += step)
      for (let v = -14; v < 14; v += step) {
        const part = 100 / (1 + Math.exp(u) + Math.exp(v));
        const row = [part * Math.exp(u), part * Math.exp(v), part];
        cells.push(row);
        areas.push((step * step * row.reduce((product, share) => product * share)) / 100);
      }
    const scores = await loaded.logProb(cells, { given: { depth: 10 }, ...one });
    const mass = scores.reduce((sum, score, i) => sum + Math.exp(score) * areas[i]!, 0);
    expect(mass).toBeCloseTo(1, 3);
  });

  it("that repeat values are spread over the step in which they were recorded, and drawn in it", async () => {
    const soil = draw(shares, 120, 7, (stream) => {
      const [sand, silt] = [1 + Math.floor(30 * stream.uniform()), 1 + Math.floor(9 * stream.uniform())];
      return [sand, silt, 100 - sand - silt];
    });
    const { flow } = await fit(soil, { flow: "gaussian", simplex: shares, seed: 1, ...one });
    expect(flow.description.simplex?.step).toBe(1);
    const loaded = await load(flow.toBytes());
    for (const row of rowsOf(await loaded.sample(2000, { seed: 2, ...one }))) {
      expect(row.reduce((sum, share) => sum + share)).toBe(100);
      expect(row.every((share) => Number.isInteger(share) && share > 0)).toBe(true);
    }
    for (const row of rowsOf(await loaded.sample(50, { seed: 2, continuous: true, ...one }))) {
      expect(row.reduce((sum, share) => sum + share)).toBe(100);
      expect(row.some(Number.isInteger)).toBe(false);
    }
  });

  it("stand beside other columns, stop at a step, and are scored by fits that have not seen them", async () => {
    const table = draw(["x", "a", "b"], 80, 4, (stream) => {
      const x = stream.normal();
      const a = 1 / (1 + Math.exp(x + stream.normal()));
      return [x, a, 1 - a];
    });
    const { flow } = await fit(table, { flow: "dual-ascent", steps: 3, simplex: ["a", "b"], ...one });
    expect(flow.at(0).columns).toEqual(["x", "a", "b"]);
    const [inside, off] = await flow.at(0).logProb(
      [
        [0, 0.5, 0.5],
        [0, 0.5, 0.6],
      ],
      one,
    );
    expect(Number.isFinite(inside)).toBe(true);
    expect(off).toBe(Number.NEGATIVE_INFINITY);
    const { columns, mean } = await crossFit(table, {
      flow: "gaussian",
      folds: 2,
      simplex: ["a", "b"],
      ...one,
    });
    expect(columns).toEqual(["x", "a", "b"]);
    expect(Number.isFinite(mean)).toBe(true);
  });

  it("are compared by densities on their simplex, rows that do not quite add up with them", async () => {
    const lines: string[] = [];
    const how = { simplex: shares, folds: 3, seed: 1, ...one };
    const found = await compare(lake, {
      ...how,
      flows: ["kde", "gaussian"],
      onWarning: (line) => lines.push(line),
    });
    expect(found.columns).toEqual(shares);
    expect(found.dependent).toEqual([]);
    expect(lines.filter((line) => line.includes("compared without"))).toEqual([]);
    const { logProb } = found.flows.find(({ flow }) => flow === "gaussian")!;
    // Of rows that are left out of the moments, it is below that of rows that are in them.
    const rows = rowsOf(lake);
    const wanted = meanOf(rows.map(logisticNormal(rows, 100)));
    expect(logProb).toBeLessThan(wanted);
    expect(logProb).toBeGreaterThan(wanted - 0.5);
    const left = await crossFit(lake, { ...how, flow: "gaussian", validation: 0, folds: 6 });
    rows.forEach((row, i) => {
      const others = rows.filter((_, at) => left.fold[at] !== left.fold[i]);
      expect(left.logProb[i]).toBeCloseTo(logisticNormal(others, 100)(row), 5);
    });
    await expect(compare(lake, { ...how, flows: ["columns", "kde"] })).rejects.toThrow(
      "simplex means nothing for columns",
    );
  });

  it("are refused with the cause and a remedy", async () => {
    const changed = (row: number, values: readonly number[]): Table =>
      tableFromRows(
        shares,
        rowsOf(lake).map((own, i) => (i === row ? [...values] : own)),
      );
    const options = { flow: "gaussian", simplex: shares, ...one } as const;
    const cases: [() => Promise<unknown>, new (...args: never[]) => Error, string][] = [
      [
        () => fit(changed(4, [0, 60, 40]), options),
        DataError,
        'column "sand" (row 5): 1 of 39 rows has a share of 0',
      ],
      [() => fit(changed(4, [0, 60, 40]), options), DataError, "half of the smallest one recorded"],
      [
        () => fit(changed(6, [30, 40, 35]), options),
        DataError,
        "row 2: 5 of 39 rows have shares that do not sum to 100",
      ],
      [() => fit(lake, { ...options, simplex: ["sand"] }), UsageError, "needs two shares at least"],
      [() => fit(lake, { ...options, simplex: ["sand", "sand"] }), UsageError, "named twice in simplex"],
      [() => fit(lake, { ...options, columns: ["sand", "silt"] }), UsageError, 'column "clay" is a share'],
      [() => fit(lake, { ...options, flow: "columns" }), UsageError, "simplex means nothing for columns"],
    ];
    for (const [call, kind, message] of cases) {
      const error = await call().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toContain(message);
    }
  });

  it("are told apart from other columns that follow from each other", async () => {
    const lineOf = async (table: Table): Promise<string | undefined> => {
      const lines: string[] = [];
      await fit(table, { flow: "gaussian", validation: 0, onWarning: (line) => lines.push(line), ...one });
      return lines.find((line) => line.includes("follows from others"));
    };
    const table = draw(["a", "b"], 60, 5, (stream) => [
      0.1 + 0.3 * stream.uniform(),
      0.2 + 0.3 * stream.uniform(),
    ]);
    const sum = (row: readonly number[]): number => row[0]! + row[1]!;
    const withThird = (third: (row: readonly number[]) => number): Table =>
      tableFromRows(
        ["a", "b", "c"],
        rowsOf(table).map((row) => [...row, third(row)]),
      );
    expect(await lineOf(withThird((row) => 1 - sum(row)))).toContain(
      'leave "c" out with `columns`, or fit the density of all shares on their simplex with `simplex: ["a", "b", "c"]` of fit, compare and information',
    );
    expect(await lineOf(withThird((row) => 0.5 - sum(row)))).toMatch(/leave "c" out with `columns`$/);
    expect(await lineOf(withThird(sum))).toMatch(/leave "c" out with `columns`$/);
  });

  it("are checked in a file", async () => {
    const { flow } = await fit(lake, { flow: "gaussian", simplex: shares, ...one });
    const { tensors, metadata } = readSafetensors(flow.toBytes(), "the model");
    for (const simplex of [
      { shares, total: 100, tolerance: 0.5, columns: ["sand", "silt"] },
      { shares: ["sand", "silt", "mud"], total: 100, tolerance: 0.5, columns: shares },
      { shares, total: 100, tolerance: 0.5, columns: ["silt", "sand", "clay"] },
      { shares, total: -1, tolerance: 0.5, columns: shares },
    ]) {
      const json = JSON.stringify({ ...JSON.parse(metadata.pushforward!), simplex });
      const bytes = writeSafetensors(tensors, { format_version: "1", pushforward: json });
      await expect(load(bytes)).rejects.toThrow(FormatError);
    }
  });
});
