import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { fitPreparation } from "../../src/fitting/preparation/preparation.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { draw, meanOf, momentsOf, quick } from "./tables.ts";

const options: FitOptions = { ...quick, hidden: [16], weights: "w" };

/** Two skewed clusters; rows of the right one weigh 3, of the left one 1. */
const cluster = (rows: number, seed: number, share: number): Table =>
  draw(["x", "y", "w"], rows, seed, (stream) => {
    const right = stream.uniform() < share;
    const x = (right ? 4 : 0) + stream.normal();
    return [x, 0.5 * x + Math.exp(0.5 * stream.normal()), right ? 3 : 1];
  });
const weighted = cluster(600, 1, 0.5);

const rowsOf = (table: Table): number[][] =>
  Array.from({ length: table.rows }, (_, row) => [...table.values.subarray(3 * row, 3 * row + 3)]);

describe("row weights", () => {
  it("of whole numbers stand for repeated rows", async () => {
    const long: FitOptions = { ...options, epochs: 100, learningRate: 5e-3 };
    const heavy = (await fit(weighted, long)).flow;
    const plain = (await fit(weighted, { ...long, weights: undefined, columns: ["x", "y"] })).flow;
    // Fresh rows of the distribution that the weights stand for: three quarters on the right.
    const fresh = cluster(3000, 2, 0.75);
    const truth = meanOf(
      rowsOf(fresh).map(([x, y]) => {
        const rest = Math.log(y! - 0.5 * x!) / 0.5;
        const marginal = 0.25 * Math.exp(-0.5 * x! * x!) + 0.75 * Math.exp(-0.5 * (x! - 4) ** 2);
        return (
          Math.log(marginal) - Math.log(2 * Math.PI) - 0.5 * rest * rest - Math.log(0.5 * (y! - 0.5 * x!))
        );
      }),
    );
    const score = meanOf(await heavy.logProb(fresh));
    expect(score).toBeGreaterThan(truth - 0.3);
    expect(score).toBeGreaterThan(meanOf(await plain.logProb(fresh)) + 0.03);
    const drawn = momentsOf(await heavy.sample(4000, { seed: 1 }));
    expect(Math.abs(drawn.mean[0]! - 3)).toBeLessThan(0.3);
  });

  it("enter the statistics of the preparation as repetition does", () => {
    const rows = rowsOf(weighted).slice(0, 200);
    const values = Float64Array.from(rows.flatMap(([x, y]) => [x!, y!]));
    const weights = Float64Array.from(rows, ([, , w]) => w!);
    const repeated = Float64Array.from(
      rows.flatMap(([x, y, w]) => Array.from({ length: w! }, () => [x!, y!]).flat()),
    );
    const own = fitPreparation(values, 2, { knots: 0, whiten: true }, weights).values;
    for (const [name, same] of Object.entries(fitPreparation(repeated, 2, { knots: 0, whiten: true }).values))
      same.forEach((value, i) => expect(own[name]![i]!, `${name}[${i}]`).toBeCloseTo(value, 9));
    // Knots reach as far as the number of rows says, so only those within are at the same place: at the median.
    const knots = { knots: 9, whiten: false };
    const middle = (all: Readonly<Record<string, Float64Array>>): number[] =>
      // 9 knots and one on either side.
      [0, 1].map((i) => all["1.mean"]![i]! + all["1.scale"]![i]! * all["0.data"]![11 * i + 5]!);
    const medians = middle(fitPreparation(values, 2, knots, weights).values);
    const unweighted = middle(fitPreparation(values, 2, knots).values);
    middle(fitPreparation(repeated, 2, knots).values).forEach((value, i) => {
      expect(Math.abs(medians[i]! - value)).toBeLessThan(0.1);
      expect(Math.abs(unweighted[i]! - value)).toBeGreaterThan(0.3);
    });
    const equal = fitPreparation(values, 2, { knots: 9, whiten: true }, new Float64Array(200).fill(1)).values;
    const none = fitPreparation(values, 2, { knots: 9, whiten: true }).values;
    for (const [name, own] of Object.entries(none))
      own.forEach((value, i) => expect(equal[name]![i]!).toBeCloseTo(value, 10));
  });

  it("do not depend on their scale", async () => {
    const scaled = tableFromRows(
      ["x", "y", "w"],
      rowsOf(weighted).map(([x, y, w]) => [x!, y!, 4 * w!]),
    );
    expect((await fit(scaled, options)).flow.toBytes()).toEqual(
      (await fit(weighted, options)).flow.toBytes(),
    );
  });

  it("of 0 make a row nothing, whatever its values", async () => {
    const rows = rowsOf(weighted).map(([x, y, w], row) => [x!, y!, row % 3 === 0 ? 0 : w!]);
    const other = rows.map(([x, y, w]) => (w === 0 ? [1e30 * x!, -1e300, 0] : [x!, y!, w!]));
    const bytes = async (own: number[][]): Promise<Uint8Array> =>
      (await fit(tableFromRows(["x", "y", "w"], own), options)).flow.toBytes();
    expect(await bytes(other)).toEqual(await bytes(rows));
    // A fifth of the rows at most has a weight: no split leaves a side without any.
    const sparse = rows.map(([x, y], row) => [x!, y!, row % 20 === 0 ? 1 : 0]);
    const {
      flow,
      report: { rows: used },
    } = await fit(tableFromRows(["x", "y", "w"], sparse), options);
    expect(used).toBe(30);
    expect(Number.isFinite(meanOf(await flow.logProb(weighted)))).toBe(true);
  });

  it("may all be the same", async () => {
    const ones = tableFromRows(
      ["x", "y", "w"],
      rowsOf(weighted).map(([x, y]) => [x!, y!, 1]),
    );
    expect(Number.isFinite((await fit(ones, options)).report.trainLogProb)).toBe(true);
  });

  it("that make no sense are refused by name and row", async () => {
    const change = (row: number, weight: number): Table =>
      tableFromRows(
        ["x", "y", "w"],
        rowsOf(weighted).map(([x, y, w], i) => [x!, y!, i === row ? weight : w!]),
      );
    const error = await fit(change(6, -2), options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ column: "w", row: 7, message: expect.stringContaining("-2") });
    await expect(fit(change(0, Number.POSITIVE_INFINITY), options)).rejects.toThrow(
      /"w" \(row 1\).*not finite/,
    );
    await expect(fit(change(0, Number.NaN), options)).rejects.toThrow(/"w" \(row 1\).*missing/);
    const all = (weight: (row: number) => number): Table =>
      tableFromRows(
        ["x", "y", "w"],
        rowsOf(weighted).map(([x, y], row) => [x!, y!, weight(row)]),
      );
    await expect(
      fit(
        all(() => 0),
        options,
      ),
    ).rejects.toThrow(/"w": all weights are 0/);
    await expect(
      fit(
        all((row) => (row < 5 ? 1 : 0)),
        options,
      ),
    ).rejects.toThrow(/"w": 5 rows.*at least 10/);
  });

  it("keep to their rows when rows are dropped", async () => {
    const rows = rowsOf(weighted);
    const holed = rows.flatMap((row, i) => (i % 4 === 0 ? [[Number.NaN, 1, 1000], row] : [row]));
    const a = await fit(tableFromRows(["x", "y", "w"], holed), { ...options, missing: "drop" });
    const b = await fit(weighted, options);
    expect(a.report.dropped).toBe(150);
    expect(a.flow.toBytes()).toEqual(b.flow.toBytes());
    const bad = rows.map(([x, y, w], i) =>
      i === 2 ? [Number.NaN, y!, w!] : i === 8 ? [x!, y!, -1] : [x!, y!, w!],
    );
    await expect(
      fit(tableFromRows(["x", "y", "w"], bad), { ...options, missing: "drop" }),
    ).rejects.toMatchObject({
      row: 9,
    });
  });
});

it("random weights of very different sizes do not break a fit", async () => {
  const stream = new RandomStream(randomKey(4));
  const wild = tableFromRows(
    ["x", "y", "w"],
    rowsOf(weighted).map(([x, y]) => [x!, y!, Math.exp(8 * stream.normal())]),
  );
  expect(Number.isFinite((await fit(wild, options)).report.trainLogProb)).toBe(true);
});
