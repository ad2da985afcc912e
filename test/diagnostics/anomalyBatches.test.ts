import { join } from "node:path";
import { expect, it } from "vitest";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { anomalyBatches } from "../../src/diagnostics/anomalies/anomalyBatches.ts";
import { StrangestRows } from "../../src/diagnostics/anomalies/anomalyRows.ts";
import { discoveries, RejectionBound } from "../../src/diagnostics/anomalies/conformal.ts";
import { densityRatio, densityRatioBatches } from "../../src/diagnostics/divergence/densityRatio.ts";
import { load } from "../../src/index.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { batchesOf, type TableBatches } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import type { Table } from "../../src/tables/table.ts";

const model = (name: string) => load(join(import.meta.dirname, `../files/models/${name}.safetensors`));

/** A table in three batches. */
function inThree(table: Table): TableBatches {
  const third = Math.ceil(table.rows / 3);
  return {
    ...batchesOf(table),
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < table.rows; from += third) {
        const rows = Array.from({ length: Math.min(third, table.rows - from) }, (_, i) => from + i);
        yield { ...pickRows(table, rows), ...(from > 0 ? { rowsBefore: from } : {}) };
      }
    },
  };
}

it("rows in batches are as strange as rows at once, and the strangest are the first of them", async () => {
  const flow = await model("gaussian");
  const table = await flow.sample(90, { seed: 5 });
  table.values[2 * 70] = 40;
  const all = await anomalies(flow, table, { fdr: 0.5 });
  const found = await anomalyBatches(flow, inThree(table), { fdr: 0.5 });
  const strangest = new StrangestRows(7);
  for (let pass = 0; pass < 2; pass++) {
    const rows = [];
    for await (const batch of found) {
      rows.push(...batch);
      if (pass === 0) strangest.add(batch);
    }
    const marked = rows.map((row) => ({ ...row, isDiscovery: row.pValue <= found.discoveryBound! }));
    expect(marked).toEqual(all.rows);
  }
  expect(all.discoveries).toBeGreaterThan(0);
  expect(strangest.rows.map(({ row }) => row)).toEqual(
    all.ranking.slice(0, 7).map((place) => all.rows[place]!.row),
  );
});

it("counts of many p-values reject those that the p-values do", () => {
  const count = 2 ** 20 + 1000;
  const stream = new RandomStream(randomKey(3));
  const pValues = Float64Array.from({ length: count }, (_, i) =>
    i % 50 === 0 ? 1e-3 * stream.uniform() : stream.uniform(),
  );
  const bound = new RejectionBound(count, 0.1);
  bound.add(pValues.subarray(0, 1000));
  bound.add(pValues.subarray(1000));
  const exact = new RejectionBound(2 ** 20, 0.1);
  exact.add(pValues.subarray(0, 2 ** 20));
  const most = bound.value();
  expect(pValues.filter((p) => p <= most).length).toBeGreaterThan(15_000);
  expect(most / exact.value()).toBeGreaterThan(0.95);
  expect(most / exact.value()).toBeLessThan(1.05);
  expect(discoveries(Float64Array.of(0.5, 0.9), 0.1)).toEqual([false, false]);
});

it("log ratios in batches are those at once, and what is impossible is told once, of all rows", async () => {
  const [p, q] = [await model("gaussian"), await model("gaussian-spread")];
  const table = await p.sample(30, { seed: 1 });
  table.values[0] = Number.POSITIVE_INFINITY;
  table.values[55] = Number.POSITIVE_INFINITY;
  const lines: string[][] = [[], []];
  const all = await densityRatio(p, q, table, { onWarning: (line) => lines[0]!.push(line) });
  const parts: number[] = [];
  for await (const { logRatio } of densityRatioBatches(p, q, inThree(table), {
    onWarning: (line) => lines[1]!.push(line),
  }))
    parts.push(...logRatio);
  expect(parts).toEqual([...all.logRatio]);
  expect(lines[1]).toEqual(lines[0]);
  expect(lines[0]![0]).toMatch(/^2 of 30 rows are impossible under both flows/);
});
