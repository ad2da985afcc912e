/** Densities of any order: each set of known columns has a density of its own, which is normalized, and draws follow it. */

import { afterAll, describe, expect, test } from "vitest";
import { chiSquareTail } from "../../../src/diagnostics/uniformity.ts";
import { role } from "../../../src/models/columns/anyOrder/columnSets.ts";
import {
  distributionsOfSets,
  logProbsOfSets,
  scoresOfSets,
} from "../../../src/models/columns/anyOrder/setAnswers.ts";
import { sampleOfSets } from "../../../src/models/columns/anyOrder/setDraws.ts";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import { contributionsOfRows } from "../../../src/models/columns/contributions.ts";
import type { ColumnCondition, RowConditions } from "../../../src/models/columns/questions/conditions.ts";
import { product, someDensity } from "./models.ts";

const threads = 1;
const columns: readonly DensityColumn[] = [
  { name: "flag", kind: "boolean", missing: true },
  { name: "level", kind: "categorical", levels: 3 },
  { name: "count", kind: "integer", lower: 0, upper: 2 },
  { name: "share", kind: "interval", lower: 0, upper: 1, atoms: [0] },
];
const [flag, level, count, share] = [0, 1, 2, 3];
/** Cells of the discrete columns. */
const discrete = [
  [Number.NaN, 0, 1],
  [0, 1, 2],
  [0, 1, 2],
];
const order = [count, flag, share, level];
const evaluation = someDensity(columns, { order, anyOrder: true, scale: 0.25 });
afterAll(() => evaluation.dispose());

/** Nodes of an integral over (0, 1), evenly spaced in the logit of x; and their weights in the trapezoid rule, raised to Simpson's. */
const step = 0.05;
const logits = Float64Array.from({ length: 1401 }, (_, i) => step * (i - 700));
const nodes = logits.map((s) => 1 / (1 + Math.exp(-s)));
const weights = logits.map((s, i) => ((i % 2 === 0 ? 2 : 4) / 3) * (step / (2 + Math.exp(s) + Math.exp(-s))));

type Kind = keyof typeof role;
const kinds: readonly Kind[] = ["hidden", "asked", "known"];
/** Each of the 81 roles of four columns. */
const allSets = Array.from({ length: 81 }, (_, i) =>
  columns.map((__, c) => kinds[Math.floor(i / 3 ** c) % 3]!),
);
/** Cells of what is known. */
const knownCells = [Number.NaN, 2, 1, 0.3];

/** Roles of some rows, all the same. */
const rolesOf = (own: readonly Kind[], rows: number): Uint8Array =>
  Uint8Array.from({ length: rows * columns.length }, (_, at) => role[own[order[at % columns.length]!]!]);

test("each set's density sums and integrates to 1", async () => {
  let most = 0;
  for (const own of allSets) {
    if (!own.includes("asked")) continue;
    // The continuous column: its atom, then the nodes.
    const points = own[share] === "asked" ? [0, ...nodes] : [knownCells[share]!];
    const cells = product(
      columns.map((_, c) => (c === share ? points : own[c] === "asked" ? discrete[c]! : [knownCells[c]!])),
    );
    const scores = await scoresOfSets(evaluation, cells, rolesOf(own, cells[0]!.length), { threads });
    let total = 0;
    scores.forEach((score, row) => {
      const at = row % points.length;
      total += Math.exp(score) * (points.length === 1 || at === 0 ? 1 : weights[at - 1]!);
    });
    most = Math.max(most, Math.abs(total - 1));
  }
  expect(most).toBeLessThan(1e-6);
});

describe("a set's density", () => {
  const rows = product([...discrete, [0, 0.2, 0.7]]);
  const size = rows[0]!.length;
  const scoresOf = async (own: readonly Kind[], cells: readonly Float64Array[] = rows) =>
    await scoresOfSets(evaluation, cells, rolesOf(own, size), { threads });

  test("does not depend on what is hidden, and does on what is known ahead", async () => {
    for (const hidden of columns.keys()) {
      const own = columns.map((_, c): Kind => (c === hidden ? "hidden" : c === count ? "asked" : "known"));
      if (hidden === count) continue;
      const others = rows.map((cells, c) => (c === hidden ? cells.slice().reverse() : cells));
      expect(await scoresOf(own, others)).toEqual(await scoresOf(own));
      const moved = rows.map((cells, c) => (c !== hidden && c !== count ? cells.slice().reverse() : cells));
      expect(await scoresOf(own, moved)).not.toEqual(await scoresOf(own));
    }
  });

  test("of whole rows is that of the model, and adds up along the model's order", async () => {
    const { logProb } = await contributionsOfRows(evaluation, rows, { threads });
    const all: Kind[] = ["asked", "asked", "asked", "asked"];
    expect(await scoresOf(all)).toEqual(logProb);
    const isFirst = (c: number): boolean => c === count || c === flag;
    const first = await scoresOf(all.map((_, c) => (isFirst(c) ? "asked" : "hidden")));
    const rest = await scoresOf(all.map((_, c) => (isFirst(c) ? "known" : "asked")));
    logProb.forEach((value, row) => {
      expect(first[row]! + rest[row]!).toBeCloseTo(value, 10);
    });
  });

  test("of what is given that cannot be is 0", async () => {
    const strange = rows.map((cells, c) => (c === level ? cells.map(() => 7) : cells));
    const scores = await scoresOf(["asked", "known", "asked", "asked"], strange);
    expect(scores.every((value) => value === Number.NEGATIVE_INFINITY)).toBe(true);
  });

  test("is the same in float32 and on the reference engine", async () => {
    const own: Kind[] = ["asked", "known", "asked", "hidden"];
    const exact = await scoresOf(own);
    for (const engine of [{ precision: "float32" }, { engine: "reference" }] as const) {
      const other = await scoresOfSets(evaluation, rows, rolesOf(own, size), { threads, ...engine });
      other.forEach((value, row) => {
        expect(Math.abs(value - exact[row]!)).toBeLessThan("engine" in engine ? 1e-9 : 1e-3);
      });
    }
  });
});

describe("draws", () => {
  const n = 3000;
  const given = (own: Readonly<Record<number, ColumnCondition>>, rows = 1): RowConditions => ({
    rows,
    columns: columns.map((_, c) => own[c] ?? {}),
  });
  const isLevel = { cells: Float64Array.of(1) };

  test("given a column behind all others are as frequent as the density says, without weights", async () => {
    const { cells, report } = await sampleOfSets(evaluation, given({ [level]: isLevel }), n, { threads });
    expect(report.effectiveSize).toBe(Number.POSITIVE_INFINITY);
    expect(cells[level]!.every((cell) => cell === 1)).toBe(true);
    const all = product([discrete[flag]!, [1], discrete[count]!, [Number.NaN]]);
    const own: Kind[] = ["asked", "known", "asked", "hidden"];
    const masses = await scoresOfSets(evaluation, all, rolesOf(own, all[0]!.length), { threads });
    let statistic = 0;
    masses.forEach((logMass, k) => {
      const isSame = (c: number, row: number): boolean => Object.is(cells[c]![row]! + 0, all[c]![k]! + 0);
      const found = Array.from({ length: n }, (_, row) => row).filter(
        (row) => isSame(flag, row) && isSame(count, row),
      ).length;
      const expected = n * Math.exp(logMass);
      statistic += (found - expected) ** 2 / expected;
    });
    expect(chiSquareTail(statistic, masses.length - 1)).toBeGreaterThan(1e-3);
    // The continuous column given all others: its distribution function there is uniform.
    const conditions = given(
      { [flag]: { cells: cells[flag] }, [level]: { cells: cells[level] }, [count]: { cells: cells[count] } },
      n,
    );
    const { distributions } = await distributionsOfSets(evaluation, conditions, share, { threads });
    const zero = distributions.map((own) => own.upTo(0).probability);
    const uniforms = Array.from(cells[share]!, (cell, row) =>
      cell === 0 ? Number.NaN : (distributions[row]!.upTo(cell).probability - zero[row]!) / (1 - zero[row]!),
    )
      .filter((u) => !Number.isNaN(u))
      .sort((a, b) => a - b);
    const distance = Math.max(...uniforms.map((u, i) => Math.abs(u - (i + 0.5) / uniforms.length)));
    expect(distance * Math.sqrt(uniforms.length)).toBeLessThan(1.95);
    const zeros = cells[share]!.filter((cell) => cell === 0).length;
    const expected = zero.reduce((sum, p) => sum + p, 0);
    const variance = zero.reduce((sum, p) => sum + p * (1 - p), 0);
    expect(Math.abs(zeros - expected)).toBeLessThan(4.5 * Math.sqrt(variance));
  });

  test("given a range stay in it, and average over it", async () => {
    const range = { least: 0.3, largest: 0.6 };
    const conditions = given({ [share]: { range }, [level]: isLevel });
    const { cells, report } = await sampleOfSets(evaluation, conditions, 500, { threads });
    expect(cells[share]!.every((cell) => cell >= 0.3 && cell <= 0.6)).toBe(true);
    const {
      distributions: [own],
    } = await distributionsOfSets(evaluation, given({ [level]: isLevel }), share, { threads });
    const mass = own!.upTo(0.6).probability - own!.upTo(0.3).probability;
    const [logLevel] = await scoresOfSets(
      evaluation,
      columns.map(() => Float64Array.of(1)),
      rolesOf(["hidden", "asked", "hidden", "hidden"], 1),
      { threads },
    );
    expect(report.logProbGiven).toBeCloseTo(logLevel! + Math.log(mass), 9);
    // p(flag | share in the range, level) by the trapezoid rule.
    const points = Float64Array.from({ length: 401 }, (_, i) => 0.3 + (0.3 * i) / 400);
    const at = (cell: number): Float64Array[] =>
      [cell, 1, 0].map((value) => new Float64Array(points.length).fill(value)).concat([points]);
    const scored = async (kindsOf: readonly Kind[]) =>
      (await scoresOfSets(evaluation, at(1), rolesOf(kindsOf, points.length), { threads })).map(Math.exp);
    const shares = await scored(["hidden", "known", "hidden", "asked"]);
    const flags = await scored(["asked", "known", "hidden", "known"]);
    const integral = (f: (i: number) => number): number =>
      points.reduce((sum, _, i) => sum + f(i) * (i === 0 || i === 400 ? 0.5 : 1), 0);
    const truth = integral((i) => shares[i]! * flags[i]!) / integral((i) => shares[i]!);
    const all = { rows: 1, columns: conditions.columns.map((each, c) => (c === flag ? isLevel : each)) };
    const answer = await logProbsOfSets(evaluation, all, conditions, { draws: 2000, threads });
    expect(answer.standardError[0]).toBeGreaterThan(0);
    expect(Math.abs(answer.logProb[0]! - Math.log(truth))).toBeLessThan(4.5 * answer.standardError[0]!);
  });

  test("given two ranges weigh candidates, and rows of their own conditions differ", async () => {
    const conditions = given({ [share]: { range: { least: 0.2 } }, [count]: { range: { least: 1 } } });
    const { cells, report } = await sampleOfSets(evaluation, conditions, 300, { threads });
    expect(cells[share]!.every((cell) => cell >= 0.2)).toBe(true);
    expect(cells[count]!.every((cell) => cell >= 1)).toBe(true);
    expect(report.candidates).toBeGreaterThan(0);
    expect(report.effectiveSize).toBeGreaterThan(600);
    const rows = given({ [level]: { cells: new Float64Array(50).fill(1) } }, 50);
    const each = await sampleOfSets(evaluation, rows, 50, { threads });
    expect(new Set(each.cells[share]!.filter((cell) => cell > 0)).size).toBeGreaterThan(20);
  });
});
