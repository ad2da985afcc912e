/** Divergence and density ratio of two flows, against closed forms and the sum over all rows. */

import { beforeAll, describe, expect, test } from "vitest";
import { densityRatio } from "../../src/diagnostics/divergence/densityRatio.ts";
import { klDivergence } from "../../src/diagnostics/divergence/klDivergence.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import type { Flow } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";

/** Rows of two columns, the first shifted, the second in other units. */
function normals(shift: number, scale: number, names = ["x", "y"]): Table {
  const stream = new RandomStream(randomKey(1));
  return tableFromRows(
    names,
    Array.from({ length: 300 }, () => [shift + stream.normal(), scale * stream.normal()]),
  );
}
const gaussian = async (table: Table, options: Partial<FitOptions> = {}): Promise<Flow> =>
  (await fit(table, { flow: "gaussian", seed: 1, ...options })).flow;

const threads = 1;
type Row = Record<string, string | number | null>;
const colors = ["red", "green", "blue"];
/** Rows of levels, counts and missing cells; `turn` says which go together. */
const levels = (turn: number, known: readonly string[] = colors): Row[] =>
  Array.from({ length: 120 }, (_, i) => ({
    color: known[(i * turn) % known.length]!,
    count: (i + (i >> turn)) % 3,
    grade: i % (4 + turn) === 0 ? null : i % 2 === 0 ? "pass" : "fail",
  }));
const mixed = async (rows: Row[], options: Partial<FitOptions> = {}): Promise<Flow> => {
  const small = { flow: "columns", seed: 1, threads, hidden: [8], members: 1, epochs: 2 } as const;
  return (await fit(tableFromObjects(rows), { ...small, kinds: { count: "integer" }, ...options })).flow;
};

/** Mean and covariance of some rows. */
function momentsOf(table: Table): { mean: number[]; covariance: number[] } {
  const { values, rows } = table;
  const at = (row: number, j: number): number => values[2 * row + j]!;
  const average = (of: (row: number) => number): number =>
    Array.from({ length: rows }, (_, row) => of(row)).reduce((sum, value) => sum + value) / rows;
  const mean = [average((row) => at(row, 0)), average((row) => at(row, 1))];
  const cross = (i: number, j: number): number =>
    average((row) => (at(row, i) - mean[i]!) * (at(row, j) - mean[j]!));
  return { mean, covariance: [cross(0, 0), cross(0, 1), cross(1, 1)] };
}

/** KL of two normals of two columns: (tr(Q^-1 P) + (m_q - m_p)' Q^-1 (m_q - m_p) - 2 + log det Q / det P) / 2. */
function closedForm(p: Table, q: Table): number {
  const [ofP, ofQ] = [momentsOf(p), momentsOf(q)];
  const det = ([xx, xy, yy]: number[]): number => xx! * yy! - xy! ** 2;
  const [xx, xy, yy] = ofQ.covariance as [number, number, number];
  const [pxx, pxy, pyy] = ofP.covariance as [number, number, number];
  const [dx, dy] = [ofQ.mean[0]! - ofP.mean[0]!, ofQ.mean[1]! - ofP.mean[1]!];
  const inner = (a: number, b: number, c: number): number =>
    (yy * a - 2 * xy * b + xx * c) / det(ofQ.covariance);
  return (
    (inner(pxx, pxy, pyy) +
      inner(dx * dx, dx * dy, dy * dy) -
      2 +
      Math.log(det(ofQ.covariance) / det(ofP.covariance))) /
    2
  );
}

describe("of two normals", () => {
  const [tableP, tableQ] = [normals(0, 1), normals(1, 2)];
  let p: Flow;
  let q: Flow;
  beforeAll(async () => {
    [p, q] = [await gaussian(tableP), await gaussian(tableQ)];
  });

  test("the divergence is the closed form, within four standard errors, both ways", async () => {
    for (const [one, other, exact] of [
      [p, q, closedForm(tableP, tableQ)],
      [q, p, closedForm(tableQ, tableP)],
    ] as const) {
      const { mean, standardError, draws, impossible, possible } = await klDivergence(one, other, {
        seed: 3,
      });
      expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
      expect(standardError).toBeGreaterThan(0.001);
      expect(standardError).toBeLessThan(0.05);
      expect({ draws, impossible, possible }).toEqual({
        draws: 10_000,
        impossible: 0,
        possible: { mean, standardError },
      });
    }
  });

  test("of a flow from itself both are 0, and a seed gives the same estimate again", async () => {
    expect(await klDivergence(p, p, { draws: 100 })).toMatchObject({ mean: 0, standardError: 0 });
    const once = await klDivergence(p, q, { draws: 100, seed: 5 });
    expect(await klDivergence(p, q, { draws: 100, seed: 5 })).toEqual(once);
    expect(await klDivergence(p, q, { draws: 100, seed: 6 })).not.toEqual(once);
  });

  test("the ratio is the difference of the log-densities, whatever the order of q's columns", async () => {
    const turned = await gaussian(normals(1, 2), { columns: ["y", "x"] });
    expect(turned.columns).toEqual(["y", "x"]);
    const rows = [
      [0.5, -1],
      [2, 3],
    ];
    const { logRatio, impossible } = await densityRatio(p, turned, rows);
    const [ofP, ofQ] = [await p.logProb(rows), await q.logProb(rows)];
    logRatio.forEach((value, row) => {
      expect(value).toBeCloseTo(ofP[row]! - ofQ[row]!, 4);
    });
    expect(impossible).toEqual({ p: 0, q: 0, both: 0 });
  });

  test("rows that miss a value are refused, have no ratio, or are left out", async () => {
    const rows = [
      [1, 2],
      [Number.NaN, 2],
    ];
    await expect(densityRatio(p, q, rows)).rejects.toThrow(/row 2/);
    expect((await densityRatio(p, q, rows, { missing: "empty" })).logRatio[1]).toBeNaN();
    expect((await densityRatio(p, q, rows, { missing: "drop" })).logRatio).toHaveLength(1);
  });

  test("a row that only one of them can score has no ratio, and none takes its place", async () => {
    const holed = normals(0, 1);
    holed.values[6] = Number.NaN;
    const small = {
      flow: "columns",
      missing: "marginal",
      seed: 1,
      threads,
      hidden: [4],
      members: 1,
      epochs: 1,
    } as const;
    const { flow } = await fit(holed, small);
    const rows = [
      [Number.NaN, 2],
      [1, 2],
    ];
    const how = { missing: "drop", threads } as const;
    const { logRatio } = await densityRatio(flow, p, rows, how);
    expect([...logRatio]).toEqual([(await flow.logProb(rows))[1]! - (await p.logProb(rows, how))[0]!]);
  });

  test("flows of other columns, and what is not a flow, are refused", async () => {
    const other = await gaussian(normals(0, 1, ["x", "z"]));
    await expect(densityRatio(p, other, tableP)).rejects.toThrow(
      "densityRatio: the flows are of different columns: x, y under p, x, z under q; fit both to the same `columns`.",
    );
    await expect(klDivergence(p, {} as Flow)).rejects.toThrow(/klDivergence: q must be a flow/);
    await expect(klDivergence(p, q, { draws: 1 })).rejects.toThrow(/draws must be a whole number from 2/);
  });
});

describe("of two flows of mixed columns", () => {
  let p: Flow;
  let q: Flow;
  beforeAll(async () => {
    [p, q] = [await mixed(levels(1)), await mixed(levels(2))];
  });

  test("the divergence is the sum over all rows", async () => {
    const all = colors.flatMap((color) =>
      [0, 1, 2].flatMap((count) => ["pass", "fail", null].map((grade): Row => ({ color, count, grade }))),
    );
    const logP = await p.logProb(all, { threads });
    const { logRatio } = await densityRatio(p, q, all, { threads });
    expect(logP.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 5);
    const exact = logRatio.reduce((sum, value, row) => {
      const mass = Math.exp(logP[row]!);
      return mass === 0 ? sum : sum + mass * value;
    }, 0);
    const { mean, standardError } = await klDivergence(p, q, { draws: 2000, threads });
    expect(exact).toBeGreaterThan(8 * standardError);
    expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
  });

  test("conditional flows are compared at what they are given", async () => {
    const given = { given: ["color"] };
    const [one, other] = [await mixed(levels(1), given), await mixed(levels(2), given)];
    const all = [0, 1, 2].flatMap((count) => ["pass", "fail", null].map((grade): Row => ({ count, grade })));
    const at = { threads, given: { color: "green" } };
    const logP = await one.logProb(all, at);
    const { logRatio } = await densityRatio(one, other, all, at);
    const exact = logRatio.reduce((sum, value, row) => sum + Math.exp(logP[row]!) * value, 0);
    const { mean, standardError } = await klDivergence(one, other, { draws: 1000, ...at });
    expect(exact).toBeGreaterThan(8 * standardError);
    expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
    await expect(klDivergence(one, other)).rejects.toThrow(/color/);
    await expect(klDivergence(one, p)).rejects.toThrow(
      "klDivergence: the flows are of different columns: count, grade under p, color, count, grade under q; fit both to the same `columns`.",
    );
  });

  test("rows that only one of them can have are counted and said", async () => {
    const fewer = await mixed(levels(1, ["red", "green", "gold"]));
    const lines: string[] = [];
    const onWarning = (line: string): void => void lines.push(line);
    const { mean, standardError, impossible, possible } = await klDivergence(p, fewer, {
      draws: 300,
      threads,
      onWarning,
    });
    expect([mean, standardError]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(impossible).toBeGreaterThan(60);
    expect(impossible).toBeLessThan(140);
    expect(possible.mean).toSatisfy(Number.isFinite);
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d+ of 300 samples of p are impossible under q, such as row \d+: "color" is "blue", which no row of the fit had; the divergence is infinite, and over the other samples -?[\d.]+ nats\.$/,
      ),
    ]);
    lines.length = 0;
    const rows = ["red", "blue", "gold", "mauve"].map((color): Row => ({ color, count: 1, grade: "pass" }));
    const found = await densityRatio(p, fewer, rows, { onWarning, threads });
    expect(found.impossible).toEqual({ p: 1, q: 1, both: 1 });
    expect(found.logRatio[0]).toSatisfy(Number.isFinite);
    expect([...found.logRatio.subarray(1)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
    expect(lines.map((line) => line.slice(0, 42))).toEqual([
      "1 of 4 rows is impossible under q alone, s",
      "1 of 4 rows is impossible under p alone, s",
      "1 of 4 rows is impossible under both flows",
    ]);
  });

  test("columns with another reference measure are refused, with the column", async () => {
    const whole = levels(1).map((row) => ({ ...row, grade: row.grade ?? "pass" }));
    await expect(klDivergence(p, await mixed(whole))).rejects.toThrow(
      'klDivergence: column "grade" has different reference measures: levels, counting, missing cells counted under p, levels, counting under q; fit both with the same `schema`, such as `flow.description.schema` of one of them.',
    );
    await expect(
      densityRatio(p, await mixed(levels(1), { kinds: { count: "categorical" } }), levels(1)),
    ).rejects.toThrow(
      /column "count" has different reference measures: numbers, counting in steps of 1 under p, levels, counting under q/,
    );
  });
});
