/** What is planted in random tables is found, what is not is not; no score is of a row that its fit has seen. */

import { describe, expect, it } from "vitest";
import { crossFit } from "../../src/fitting/crossFit.ts";
import { fit } from "../../src/fitting/fit.ts";

import { Flow } from "../../src/models/flow.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { diagnoseColumns } from "../../src/tables/checks.ts";
import { dependentColumns } from "../../src/tables/dependence.ts";
import { column, tableFromRows } from "../../src/tables/table.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";

const between = (stream: RandomStream, low: number, high: number): number =>
  low + stream.integerBelow(high - low + 1);

/** Correlated continuous rows, in units and places of many powers of ten, some skewed, some heavy in the tails. */
function continuous(stream: RandomStream, rows: number, width: number): number[][] {
  const units = Array.from({ length: width }, () => 10 ** between(stream, -6, 6));
  const places = units.map((unit) => unit * stream.normal() * 10 ** between(stream, 0, 4));
  const shapes = units.map(() => stream.integerBelow(3));
  return Array.from({ length: rows }, () => {
    const shared = stream.normal();
    return units.map((unit, i) => {
      const z = 0.9 * shared + 0.4 * stream.normal();
      const shaped = shapes[i] === 0 ? z : shapes[i] === 1 ? Math.exp(z) : z ** 3;
      return places[i]! + unit * shaped;
    });
  });
}

const names = (width: number): string[] => Array.from({ length: width }, (_, i) => `c${i}`);

describe(`seed ${attackSeed}`, () => {
  it("finds planted dependences and atoms, and none in continuous tables", () => {
    for (let i = 0; i < attackCases(150); i++) {
      const stream = attackStream("planted", i);
      const [width, rows] = [between(stream, 2, 7), between(stream, 20, 600)];
      const table = continuous(stream, rows, width);
      const plain = tableFromRows(names(width), table);
      expect(dependentColumns(plain), `case ${i}`).toEqual([]);
      expect(diagnoseColumns(plain), `case ${i}`).toEqual([]);
      // The last column from some of the others, in a unit of its own.
      const factors = Array.from({ length: width }, () => (stream.uniform() < 0.5 ? stream.normal() : 0));
      factors[0] = 1;
      const scales = names(width).map((name) => {
        const values = column(plain, name);
        return Math.max(...values) - Math.min(...values);
      });
      const planted = table.map((row) => [
        ...row,
        row.reduce((sum, value, j) => sum + (factors[j]! * (value - table[0]![j]!)) / scales[j]!, 0),
      ]);
      expect(
        dependentColumns(tableFromRows(names(width + 1), planted)).map((own) => own.column),
        `case ${i}`,
      ).toEqual([`c${width}`]);
      // One value in 0.5 % of the rows, and at least five.
      const atoms = Math.max(5, Math.ceil(0.005 * rows));
      const place = stream.integerBelow(width);
      const value = table[rows - 1]![place]!;
      for (let row = 0; row < atoms - 1; row++) table[row]![place] = value;
      const warnings = diagnoseColumns(tableFromRows(names(width), table));
      expect(
        warnings.map((own) => [own.column, own.kind]),
        `case ${i}`,
      ).toEqual([[`c${place}`, "spike"]]);
    }
  });

  it("never scores a row by a fit that has seen it", async () => {
    for (let i = 0; i < attackCases(2); i++) {
      const stream = attackStream("memory", i);
      const rows = Array.from({ length: 60 }, () => [stream.normal(), stream.normal()]);
      // Far from all others: only who has seen it, or its twin, gives it a density.
      const far = [40 + 10 * stream.uniform(), -50];
      rows[7] = far;
      rows[31] = [...far];
      const table = tableFromRows(["x", "y"], rows);
      const how = { flow: "kde", seed: i, threads: 1, validation: 0 } as const;
      const { flow } = await fit(table, how);
      const seen = await flow.logProb(table, { threads: 1 });
      const { logProb, fold } = await crossFit(table, { ...how, folds: between(stream, 2, 5) });
      expect(fold[7], `case ${i}`).toBe(fold[31]);
      expect(seen[7]! - logProb[7]!, `case ${i}`).toBeGreaterThan(20);
      expect(seen[31]! - logProb[31]!, `case ${i}`).toBeGreaterThan(20);
    }
  });

  it("draws columns that an earlier fit spread on their grid and within their range", async () => {
    for (let i = 0; i < attackCases(2); i++) {
      const stream = attackStream("grid", i);
      const decimals = between(stream, 0, 3);
      const step = between(stream, 1, 5) / 10 ** decimals;
      const from = between(stream, -1000, 1000) / 10 ** decimals;
      const places = between(stream, 2, 30);
      const rows = Array.from({ length: 150 }, () => [
        Number((from + step * stream.integerBelow(places)).toFixed(decimals)),
        stream.normal(),
      ]);
      const table = tableFromRows(["n", "x"], rows);
      const known = column(table, "n");
      const [least, most] = [Math.min(...known), Math.max(...known)];
      const { model } = (await fit(table, { flow: "gaussian", seed: 1, threads: 1 })).flow;
      // As fits before 0.2 left them.
      const grids = [{ column: "n", from: least, step, steps: Math.round((most - least) / step) }];
      const flow = new Flow({ ...model, fitted: { ...model.fitted, dequantized: { n: step }, grids } });
      for (const value of column(await flow.sample(500, { threads: 1 }), "n")) {
        expect(value >= least && value <= most, `case ${i}: ${value}`).toBe(true);
        const place = (value - least) / step;
        expect(Math.abs(place - Math.round(place)), `case ${i}: ${value}`).toBeLessThan(1e-6);
        expect(value, `case ${i}`).toBe(Number(value.toFixed(decimals)));
      }
    }
  });
});
