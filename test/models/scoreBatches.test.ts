import { expect, it } from "vitest";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { fit } from "../../src/fitting/fit.ts";
import { scoreBatches } from "../../src/models/batches/scoreBatches.ts";
import type { Flow } from "../../src/models/flow.ts";
import type { LogProbOptions } from "../../src/models/flowOptions.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { joinBatches, type TableBatches } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";

/** A table cut after every few rows. */
const cut = (table: Table, size: number): TableBatches => ({
  columns: table.columns,
  rows: table.rows,
  records: table.records,
  async *[Symbol.asyncIterator]() {
    for (let from = 0; from < table.rows; from += size) {
      const rows = Array.from({ length: Math.min(size, table.rows - from) }, (_, i) => from + i);
      yield { ...pickRows(table, rows), rowsBefore: from };
    }
  },
});

async function scored(
  flow: Flow,
  batches: TableBatches,
  options: LogProbOptions & { readonly byColumn?: boolean } = {},
): Promise<{ scores: number[]; lines: string[]; wereFitted: boolean }> {
  const lines: string[] = [];
  const result = scoreBatches(flow, batches, { ...options, onWarning: (line) => lines.push(line) });
  const scores: number[] = [];
  for await (const { logProb } of result) scores.push(...logProb);
  return { scores, lines, wereFitted: result.wereFitted };
}

const stream = new RandomStream(randomKey(3));
const people = tableFromObjects(
  Array.from({ length: 60 }, () => ({
    age: Math.floor(80 * stream.uniform()),
    sex: stream.uniform() < 0.5 ? "f" : "m",
    height: 1.5 + 0.4 * stream.uniform(),
  })),
);
const { flow: mixed } = await fit(people, { flow: "columns", epochs: 2, seed: 1 });
const numbers = tableFromRows(
  ["x", "y"],
  Float64Array.from({ length: 80 }, () => stream.uniform()),
);
const { flow: gaussian } = await fit(numbers, { flow: "gaussian" });

it("gives the scores of the table, wherever it is cut, and says once what is to be known", async () => {
  const rows = tableFromObjects(
    Array.from({ length: 50 }, (_, row) => ({
      age: row % 80,
      sex: row % 7 === 5 ? "x" : row % 11 === 3 ? null : "f",
      height: row % 13 === 4 ? null : 1.5 + row / 200,
    })),
  );
  const lines: string[] = [];
  const whole = await mixed.logProb(rows, { onWarning: (line) => lines.push(line) });
  expect(lines).toHaveLength(2);
  for (const size of [50, 7, 1])
    for (const byColumn of [false, true]) {
      const batched = await scored(mixed, cut(rows, size), { byColumn });
      expect({ size, byColumn, ...batched }).toEqual({
        size,
        byColumn,
        scores: [...whole],
        lines,
        wereFitted: false,
      });
    }
});

it("knows the rows of the fit, and counts rows in errors through all batches", async () => {
  expect((await scored(mixed, cut(people, 9))).wereFitted).toBe(true);
  const halves = await scored(gaussian, cut(numbers, 15));
  expect([halves.scores, halves.wereFitted]).toEqual([[...(await gaussian.logProb(numbers))], true]);
  const missing = { ...numbers, values: numbers.values.slice() };
  missing.values[2 * 33 + 1] = Number.NaN;
  await expect(scored(gaussian, cut(missing, 10))).rejects.toThrow(/column "y" \(row 34\)/);
  expect((await scored(gaussian, cut(missing, 10), { missing: "drop" })).scores).toHaveLength(39);
});

it("is what other verbs count by, too: fillings, marginals and anomalies", async () => {
  const rows = tableFromObjects(
    Array.from({ length: 30 }, (_, row) => ({
      age: row % 4 === 1 ? null : row,
      sex: row % 5 === 2 ? null : "m",
      height: row % 3 === 0 ? null : 1.6,
    })),
  );
  const question = { columns: ["age", "height"], draws: 20 };
  const [filled, marginal] = [
    await mixed.impute(rows, { candidates: 16 }),
    await mixed.marginal(rows, question),
  ];
  const found = await anomalies(mixed, people, { fdr: 0.5 });
  for (const size of [11, 1]) {
    const [parts, logProb]: [Table[], number[]] = [[], []];
    for await (const batch of cut(rows, size)) {
      parts.push((await mixed.impute(batch, { candidates: 16 })).tables[0]!);
      logProb.push(...(await mixed.marginal(batch, question)).logProb);
    }
    expect(tableToObjects(joinBatches(parts))).toEqual(tableToObjects(filled.tables[0]!));
    expect(logProb).toEqual([...marginal.logProb]);
    const lines: string[] = [];
    const onWarning = (line: string): unknown => lines.push(line);
    expect(await anomalies(mixed, cut(people, size), { fdr: 0.5, onWarning })).toEqual(found);
    expect(lines).toEqual([expect.stringContaining("these very rows")]);
  }
});
