/** Scores of rows by fits that have not seen them, and what tells the same table. */

import { describe, expect, it } from "vitest";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { type CrossFitProgress, crossFit } from "../../src/fitting/crossFit.ts";
import { fit } from "../../src/fitting/fit.ts";

import { load } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { describe as describeTable } from "../../src/tables/schema/describe.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { draw } from "./tables.ts";

const one = { threads: 1, seed: 1 } as const;
const pairs = draw(["x", "y"], 203, 4, (stream) => {
  const x = stream.normal();
  return [x, 0.5 * x + stream.normal()];
});

describe("crossFit", () => {
  it("scores each row by the fit to the other folds", async () => {
    const starts: CrossFitProgress[] = [];
    const { logProb, fold, mean, standardError, rows, dropped } = await crossFit(pairs, {
      ...one,
      flow: "gaussian",
      folds: 4,
      onProgress: (at) => at.fit === undefined && starts.push(at),
    });
    expect(starts.map((at) => at.fold)).toEqual([1, 2, 3, 4]);
    expect([rows, dropped]).toEqual([203, 0]);
    const sizes = [1, 2, 3, 4].map((own) => fold.filter((of) => of === own).length);
    expect([...sizes].sort()).toEqual([50, 51, 51, 51]);
    const row = (i: number): number[] => [pairs.values[2 * i]!, pairs.values[2 * i + 1]!];
    const all = Array.from({ length: 203 }, (_, i) => i);
    const others = tableFromRows(["x", "y"], all.filter((i) => fold[i] !== 2).map(row));
    const { flow } = await fit(others, { ...one, flow: "gaussian" });
    const own = await flow.logProb(pairs, one);
    for (const i of all) if (fold[i] === 2) expect(logProb[i]).toBe(own[i]);
    const average = logProb.reduce((sum, value) => sum + value / 203, 0);
    const variance = logProb.reduce((sum, value) => sum + (value - average) ** 2 / 202, 0);
    expect(mean).toBeCloseTo(average, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(variance / 203), 12);
    const again = await crossFit(pairs, { ...one, flow: "gaussian", folds: 4 });
    expect(again.logProb).toEqual(logProb);
  });

  it("holds rows that repeat out together, leaves rows out that miss a value, and weighs the mean", async () => {
    const values = Array.from({ length: 60 }, (_, i) => [Math.sin(7 * i), Math.cos(3 * i * i), 1 + (i % 2)]);
    values.push(...values.slice(0, 5).map((row) => [...row]), [Number.NaN, 1, 1], [0.2, 0.1, 0]);
    const lines: string[] = [];
    const result = await crossFit(tableFromRows(["x", "y", "w"], values), {
      ...one,
      flow: "kde",
      folds: 3,
      weights: "w",
      missing: "drop",
      onWarning: (line) => lines.push(line),
    });
    for (let i = 0; i < 5; i++) expect(result.fold[60 + i]).toBe(result.fold[i]);
    expect(lines).toEqual([expect.stringContaining("5 of 66 rows repeat others")]);
    expect([result.rows, result.dropped, result.fold[65]]).toEqual([66, 1, 0]);
    expect(result.logProb[65]).toBeNaN();
    expect(Number.isFinite(result.logProb[66])).toBe(true);
    let [sum, total] = [0, 0];
    values.forEach(([, , weight], i) => {
      if (i === 65) return;
      sum += weight! * result.logProb[i]!;
      total += weight!;
    });
    expect(result.mean).toBeCloseTo(sum / total, 10);
  });

  it("conditions, and stops", async () => {
    const conditional = await crossFit(pairs, {
      ...one,
      flow: "maf",
      given: ["x"],
      folds: 2,
      epochs: 2,
      transforms: 1,
      hidden: [4],
    });
    expect(conditional.columns).toEqual(["y"]);
    expect(conditional.logProb.every(Number.isFinite)).toBe(true);
    await expect(crossFit(pairs, { ...one, signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
    await expect(crossFit(pairs, { folds: 1 })).rejects.toThrow(UsageError);
    const twice = tableFromRows(
      ["x"],
      Array.from({ length: 20 }, (_, i) => [i % 2]),
    );
    await expect(crossFit(twice, { folds: 3, flow: "gaussian" })).rejects.toThrow(
      /folds must be at most the number of different rows, 2/,
    );
  });
});

describe("crossFit of mixed columns", () => {
  const stream = new RandomStream(randomKey(3));
  const table = tableFromObjects(
    Array.from({ length: 120 }, (_, i) => {
      const isUlm = stream.uniform() < 0.6;
      const rooms = Math.round((isUlm ? 3 : 6) + stream.normal());
      return {
        town: i === 7 ? "Rom" : isUlm ? "Ulm" : "Bonn",
        rooms,
        rent: i % 40 === 3 ? null : Math.exp(6 + 0.2 * rooms + 0.1 * stream.normal()),
      };
    }),
  );
  const small = { ...one, folds: 2, epochs: 4, hidden: [4], members: 1 };

  it("takes the kind that fit takes, and scores each row by the fit to the other folds", async () => {
    const { logProb, fold, columns, rows, dropped, mean } = await crossFit(table, small);
    expect([columns, rows, dropped]).toEqual([["town", "rooms", "rent"], 120, 0]);
    // The row of a town that no other has, and those without a rent, among them.
    expect(logProb.every(Number.isFinite)).toBe(true);
    expect(mean).toBeCloseTo(
      logProb.reduce((sum, value) => sum + value / 120, 0),
      12,
    );
    const others = Array.from(fold.keys()).filter((row) => fold[row] !== 2);
    const { flow } = await fit(pickRows(table, others), {
      ...one,
      epochs: 4,
      hidden: [4],
      members: 1,
      schema: { columns: describeTable(table).schema.columns },
    });
    const scores = await flow.logProb(table, one);
    const shared = Array.from(fold.keys()).filter((row) => fold[row] === 2);
    expect(shared.map((row) => logProb[row])).toEqual(shared.map((row) => scores[row]));
  });

  it("leaves rows out that miss cells where asked to, and holds rows that repeat out together", async () => {
    const twice = pickRows(table, [...Array(60).keys(), 0, 1, 2]);
    const lines: string[] = [];
    const result = await crossFit(twice, {
      ...small,
      missing: "drop",
      onWarning: (line) => lines.push(line),
    });
    expect([result.rows, result.dropped]).toEqual([61, 2]);
    expect([result.fold[3], result.logProb[3], result.fold[43]]).toEqual([0, Number.NaN, 0]);
    expect([0, 1, 2].map((i) => result.fold[60 + i])).toEqual([0, 1, 2].map((i) => result.fold[i]));
    expect(lines.filter((line) => line.includes("repeat others"))).toHaveLength(1);
  });
});

describe("wasFittedTo", () => {
  it("knows the table that a model was fitted to, and no other", async () => {
    const { flow } = await fit(pairs, { ...one, flow: "gaussian" });
    const copy = await load(flow.toBytes());
    expect(copy.wasFittedTo(pairs)).toBe(true);
    const rows = Array.from({ length: 203 }, (_, i) => [pairs.values[2 * i + 1]!, 3, pairs.values[2 * i]!]);
    expect(copy.wasFittedTo(tableFromRows(["y", "other", "x"], rows.reverse()))).toBe(true);
    expect(copy.wasFittedTo(tableFromRows(["y", "other", "x"], rows.slice(1)))).toBe(false);
    expect(copy.description.fitted.digest).toMatch(/^[0-9a-f]{32}$/);
  });
});
