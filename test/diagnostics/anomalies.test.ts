import { describe, expect, it } from "vitest";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { anomaliesTable } from "../../src/diagnostics/anomalies/anomaliesTable.ts";
import { amongThemselves, discoveries, splitConformal } from "../../src/diagnostics/anomalies/conformal.ts";
import { surpriseBeside } from "../../src/diagnostics/anomalies/surprise.ts";
import { chiSquareTest } from "../../src/diagnostics/uniformity.ts";
import { fit } from "../../src/fitting/fit.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";

const columns = ["load", "temperature", "flow"];
/** Rows of a machine; those that are broken are as hot as at full load, with a flow as if at rest. */
function readings(rows: number, broken: readonly number[], seed = 1): Table {
  const stream = new RandomStream(randomKey(seed));
  return tableFromRows(
    columns,
    Array.from({ length: rows }, (_, row) => {
      const load = stream.normal();
      const values = [load, load ** 2 + 0.2 * stream.normal(), Math.exp(load / 2) + 0.1 * stream.normal()];
      return broken.includes(row) ? [0.1, 9, 1] : values;
    }),
  );
}
const broken = [30, 170, 230];
const table = readings(240, broken);

describe("anomalies of a table", () => {
  it("ranks rows that break a relation first, and blames the column, with the value to expect", async () => {
    const { rows, ranking, against, measures } = await anomalies(table, { seed: 1, folds: 2 });
    expect(measures).toEqual(columns.map((column) => ({ column, measure: "Lebesgue" })));
    expect(ranking.slice(0, 8)).toEqual(expect.arrayContaining(broken));
    expect(against).toBe("themselves");
    for (const place of broken) {
      const { row, blame, expected, pValue, logProb } = rows[place]!;
      expect(row).toBe(place + 1);
      expect(blame[0]!.column).toBe("temperature");
      expect(blame[0]!.share).toBeGreaterThan(0.5);
      expect(Math.abs(expected.temperature as number)).toBeLessThan(0.6);
      expect(pValue).toBeLessThanOrEqual(8 / 240);
      // Three that are equal have not become ordinary to a fit to the others.
      expect(logProb).toBeLessThan(-10);
    }
    const logProbs = rows.map(({ logProb }) => logProb!).sort((a, b) => a - b);
    expect(logProbs.every(Number.isFinite)).toBe(true);
    // The density of the readings has -1.7 nats on average; the fits have 100 rows.
    expect(logProbs[120]).toBeGreaterThan(-3);
    // Each place once: p-values of rows among themselves.
    const sorted = rows.map(({ pValue }) => pValue).sort((a, b) => a - b);
    expect(sorted).toEqual(sorted.map((_, i) => (i + 1) / 240));
  });

  it("gives the same ranks where a column is in other units", async () => {
    const stream = new RandomStream(randomKey(11));
    const mixed = Array.from({ length: 150 }, (_, row): number[] => {
      const value = stream.normal();
      return [
        value,
        // Tenths, which 1000 makes whole numbers; whole numbers; rain, with many zeros; a cap; 0 and 1; few numbers in unequal steps.
        Math.round(10 * (value + stream.normal())) / 10,
        Math.floor(4 * stream.uniform() ** 2),
        stream.uniform() < 0.4 ? 0 : Math.exp(value),
        Math.min(2, Math.abs(stream.normal())),
        Number(row === 7),
        [0.125, 0.3, 0.55, 1.9][stream.integerBelow(4)]!,
        stream.uniform() < 0.1 ? Number.NaN : value + 0.1 * stream.normal(),
      ];
    });
    const names = mixed[0]!.map((_, j) => `x${j + 1}`);
    const rankingOf = async (units: readonly number[]): Promise<readonly number[]> => {
      const rows = mixed.map((row) => row.map((value, j) => units[j]! * value));
      return (await anomalies(tableFromRows(names, rows), { logProb: false })).ranking;
    };
    const ranking = await rankingOf(names.map(() => 1));
    for (const j of names.keys())
      expect(await rankingOf(names.map((_, i) => (i === j ? 1000 : 1))), names[j]).toEqual(ranking);
    for (const unit of [1 / 1000, -64]) expect(await rankingOf(names.map(() => unit))).toEqual(ranking);
  });

  it("does not let strange rows vouch for one another", async () => {
    // One row in thirty, all equal: by the distance to the nearest few they are the most ordinary of all.
    const many = Array.from({ length: 10 }, (_, i) => 30 * i);
    const { ranking } = await anomalies(readings(300, many), { logProb: false });
    const first = ranking.slice(0, 20).filter((row) => many.includes(row));
    expect(first.length).toBe(10);
  });

  it("takes text, levels, missing cells and dates as they are, and answers in their types", async () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({
      color: i === 50 ? "green" : i % 2 ? "red" : "blue",
      size: i % 2 ? 10 + (i % 5) : 40 + (i % 7),
      day: `2024-0${i % 2 ? 3 : 6}-${10 + (i % 15)}`,
      weight: i % 2 ? 5 + (i % 3) / 10 : null,
      name: `p${i}`,
    }));
    rows[50] = { ...rows[50]!, size: 11, day: "2024-03-12", weight: 5.1 };
    const warnings: string[] = [];
    const found = await anomalies(tableFromObjects(rows), {
      logProb: false,
      onWarning: (line) => warnings.push(line),
    });
    expect(found.ranking[0]).toBe(50);
    expect(found.measures).toBeUndefined();
    expect(found.rows[50]!.blame[0]!.column).toBe("color");
    expect(found.rows[50]!.expected.color).toBe("red");
    expect(found.columns).not.toContain("name");
    expect(warnings).toEqual(['column "name" is not looked at: it is an identifier']);
    const isOfColumn: Record<string, (value: unknown) => boolean> = {
      color: (value) => ["red", "blue"].includes(value as string),
      size: (value) => Number.isInteger(value),
      day: (value) => /^2024-0[36]-\d\d$/.test(String(value)),
      weight: (value) => value === null || [5, 5.1, 5.2].includes(value as number),
    };
    for (const { blame, expected } of found.rows) {
      expect(blame.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(blame.length > 0 ? 1 : 0, 9);
      const names = Object.keys(expected);
      expect(blame.slice(0, names.length).map(({ column }) => column)).toEqual(names);
      for (const [name, value] of Object.entries(expected))
        expect([name, value, isOfColumn[name]!(value)]).toEqual([name, value, true]);
    }
    const written = anomaliesTable(found);
    expect(written.rows).toBe(120);
    expect(written.columns).toEqual(["row", "score", "pValue", "logProb"]);
    expect(written.texts!.map(({ name }) => name)).toEqual(["blame", "expected"]);
  });

  it.each([
    [{ fdr: 0.1 }, /places, of which a rate of false discoveries selects none/],
    [{ calibration: table }, /calibration is for a flow/],
    [{ trim: 0.5 }, /trim must be a share of the rows from 0 and below 0.5/],
    [{ columns: ["lod"] }, /columns must be columns of the table that have a kind: load, temperature, flow/],
    [{ exclude: columns }, /there is no column to look at/],
  ] as const)("refuses options that do not fit: %#", async (options, message) => {
    await expect(anomalies(table, options)).rejects.toThrow(message);
  });

  it("refuses an infinite cell by name, and a table of few rows", async () => {
    const infinite = tableFromRows(
      ["a", "b"],
      Array.from({ length: 20 }, (_, i) => [i * 1.7, i === 7 ? Number.POSITIVE_INFINITY : i ** 2.1]),
    );
    await expect(anomalies(infinite)).rejects.toThrow(/column "b" \(row 8\): Infinity has no distance/);
    await expect(anomalies(readings(8, []))).rejects.toThrow(/at least 10/);
  });
});

describe("anomalies beside a flow", () => {
  it("scores new rows, with p-values against ordinary rows and a rate of false discoveries", async () => {
    const { flow } = await fit(readings(400, [], 2), { flow: "mixture", components: 4, seed: 1 });
    const calibration = readings(200, [], 3);
    const news = readings(100, [5, 25, 45, 65, 85], 4);
    const found = await anomalies(flow, news, { calibration, fdr: 0.2 });
    expect(found).toMatchObject({ against: "calibration", calibrationRows: 200 });
    expect(found.ranking.slice(0, 5).sort((a, b) => a - b)).toEqual([5, 25, 45, 65, 85]);
    for (const row of [5, 25, 45, 65, 85]) {
      expect(found.rows[row]!.isDiscovery).toBe(true);
      expect(found.rows[row]!.blame[0]!.column).toBe("temperature");
    }
    expect(found.discoveries).toBeLessThanOrEqual(10);
    const logProb = await flow.logProb(news);
    expect(found.rows.map((row) => row.logProb)).toEqual([...logProb]);
    // Each row is scored on its own: others beside it change nothing.
    const alone = await anomalies(flow, tableFromRows(columns, [[...news.values.subarray(15, 18)]]));
    expect(alone.rows[0]!.score).toBe(found.rows[5]!.score);
    expect(alone.against).toBe("drawn");
    await expect(anomalies(flow, news, { trim: 0.1 })).rejects.toThrow(/trim means nothing beside a flow/);
  });
});

it("ranks by a flow of mixed columns are the same where a column is in other units", async () => {
  // A density beside atoms and missing cells: its units must not count.
  const rowsOf = (unit: number, seed: number, rows: number, negative?: number): Table => {
    const stream = new RandomStream(randomKey(seed));
    return tableFromRows(
      columns,
      Array.from({ length: rows }, (_, row) => {
        const value = stream.normal();
        if (row === negative) return [value, -unit, value];
        const rain = stream.uniform() < 0.4 ? 0 : Math.exp(value);
        return [value, unit * rain, stream.uniform() < 0.2 ? Number.NaN : unit * value ** 2];
      }),
    );
  };
  const warnings: string[] = [];
  const [plain, scaled] = [1, 1000].map(async (unit) => {
    const { flow } = await fit(rowsOf(unit, 1, 150), { flow: "columns", members: 1, epochs: 10, seed: 1 });
    return await anomalies(flow, rowsOf(unit, 2, 100, 42), { onWarning: (line) => warnings.push(line) });
  });
  expect((await scaled!).ranking).toEqual((await plain!).ranking);
  expect((await plain!).ranking[0]).toBe(42);
  expect(warnings.sort()).toEqual(
    [-1, -1000].map(
      (cell) =>
        `1 of 100 rows cannot be by the flow, with log-density minus infinity; the first is row 43: "temperature" is ${cell}, below its lower bound, 0`,
    ),
  );
  expect((await plain!).measures!.map(({ measure, missing }) => [measure, missing])).toEqual([
    ["Lebesgue", undefined],
    ["Lebesgue and atoms", undefined],
    ["Lebesgue", true],
  ]);
});

it("a number that is none of a column's levels is a new level", async () => {
  const stream = new RandomStream(randomKey(3));
  const rows = Array.from({ length: 100 }, () => [
    [0.125, 0.3, 0.9][stream.integerBelow(3)]!,
    stream.normal(),
  ]);
  const { flow } = await fit(tableFromRows(["a", "b"], rows), { flow: "columns", members: 1, epochs: 1 });
  expect(flow.description.schema!.columns[0]!.kind).toBe("ordinal");
  const found = await anomalies(flow, tableFromRows(["a", "b"], [...rows.slice(0, 20), [0.4, 0.1]]));
  expect(found.ranking[0]).toBe(20);
  expect(found.rows[20]!.blame[0]!.column).toBe("a");
});

describe("p-values", () => {
  it("are uniform for ordinary rows, whatever ties there are", () => {
    const stream = new RandomStream(randomKey(5));
    const draws = 4000;
    const ranks: number[] = [];
    for (let i = 0; i < draws; i++) {
      // Scores of few values, as those of discrete tables.
      const scores = Float64Array.from({ length: 20 }, () => stream.integerBelow(4));
      const [p] = splitConformal(scores.subarray(0, 1), scores.subarray(1), stream);
      ranks.push(Math.floor(20 * p!));
    }
    expect(chiSquareTest(ranks, 19).pValue).toBeGreaterThan(0.001);
  });

  it.each([
    ["real numbers", (stream: RandomStream) => stream.normal()],
    ["numbers of few values", (stream: RandomStream) => Math.floor(3 * stream.uniform() ** 2)],
  ])("of new rows are uniform where a table has %s", async (_, draw) => {
    const stream = new RandomStream(randomKey(21));
    const rowsOf = (rows: number): Table =>
      tableFromRows(
        ["a", "b"],
        Array.from({ length: rows }, () => {
          const a = draw(stream);
          return [a, a + draw(stream)];
        }),
      );
    const { flow } = await fit(rowsOf(100), { flow: "gaussian" });
    const calibration = rowsOf(1000);
    const { rows } = await anomalies(flow, rowsOf(300), { calibration });
    // With so many calibration rows the p-values of the others hardly depend on each other.
    const tenths = rows.map(({ pValue }) => Math.floor(10 * pValue));
    expect(chiSquareTest(tenths, 9).pValue).toBeGreaterThan(0.001);
    // What the test sees.
    const wrong = rows.map(({ pValue }) => Math.floor(10 * pValue ** 1.5));
    expect(chiSquareTest(wrong, 9).pValue).toBeLessThan(0.001);
  });

  it("of ordinary rows are larger for strange ones that are found", async () => {
    const stream = new RandomStream(randomKey(4));
    const table = readings(300, [], 9);
    const isStrange = (row: number): boolean => row % 10 === 0;
    for (let row = 0; row < 300; row += 10)
      table.values.set([8 * stream.normal(), -5 * stream.uniform() - 5, 9 + stream.normal()], 3 * row);
    const { rows } = await anomalies(table, { logProb: false });
    const ordinary = rows.filter((_, row) => !isStrange(row)).map(({ pValue }) => pValue);
    for (const level of [0.05, 0.1, 0.2])
      expect(ordinary.filter((p) => p <= level).length).toBeLessThan(0.75 * level * ordinary.length);
  });

  it("among themselves are places, ties in an order that is drawn", () => {
    const of = (seed: number) => [
      ...amongThemselves(Float64Array.of(1, 3, 1, 2), new RandomStream(randomKey(seed))),
    ];
    expect([of(1)[1], of(1)[3]]).toEqual([0.25, 0.5]);
    expect(new Set(Array.from({ length: 20 }, (_, seed) => of(seed)[0]))).toEqual(new Set([0.75, 1]));
  });

  it("select by the largest of them that lies under the line of Benjamini and Hochberg", () => {
    // 0.03 is above its own line, 0.025, and selected with 0.035, which is below its.
    expect(discoveries(Float64Array.of(0.9, 0.035, 0.03, 0.001, 0.5), 0.0625)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(discoveries(Float64Array.of(0.9, 0.3), 0.1)).toEqual([false, false]);
  });
});

it("a surprise is that of the sample, and goes on beyond it", () => {
  const surprise = surpriseBeside(Float64Array.from({ length: 99 }, (_, i) => i + 1));
  expect(surprise(50)).toBeCloseTo(-Math.log(50.5 / 100), 12);
  expect(surprise(94)).toBeLessThan(surprise(96));
  expect(surprise(200)).toBeGreaterThan(surprise(150));
  expect(surprise(Number.POSITIVE_INFINITY)).toBe(700);
});
