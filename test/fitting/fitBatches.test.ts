import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compareBatches } from "../../src/diagnostics/compare/compareBatches.ts";
import { fit } from "../../src/fitting/fit.ts";
import { fitBatches } from "../../src/fitting/streamed/fitBatches.ts";
import { StoredRows } from "../../src/fitting/streamed/storedRows.ts";
import { scoreBatches } from "../../src/models/batches/scoreBatches.ts";
import { ScratchFile } from "../../src/platform/scratchFile.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { readBatches } from "../../src/tables/batches/readBatches.ts";
import { batchesOf, type TableBatches } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();

/** A bend, in order of x: whoever goes through it from the first to the last row forgets the first. */
function sortedBend(rows: number): Table {
  const stream = new RandomStream(randomKey(7));
  const xs = Float64Array.from({ length: rows }, () => stream.normal()).sort();
  const values = Float64Array.from({ length: 3 * rows }, (_, i) => {
    const x = xs[Math.floor(i / 3)]!;
    return i % 3 === 0 ? x : i % 3 === 1 ? x ** 2 + 0.5 * stream.normal() : 0.5 + stream.uniform();
  });
  return tableFromRows(["x", "y", "w"], values);
}

/** How often a table was gone through. */
let passes = 0;

/** Batches of a thousand rows. */
function inBatches(table: Table): TableBatches {
  const whole = batchesOf(table);
  return {
    ...whole,
    async *[Symbol.asyncIterator]() {
      passes++;
      for (let from = 0; from < table.rows; from += 1000) {
        const rows = Math.min(1000, table.rows - from);
        const values = table.values.subarray(from * 3, (from + rows) * 3);
        yield { ...table, rows, values, ...(from > 0 ? { rowsBefore: from } : {}) };
      }
    },
  };
}

const rows = 8123;
const table = sortedBend(rows);
const small = { flow: "maf", transforms: 2, hidden: [16], batch: 64, seed: 3, folder } as const;
/** A sample of 2000 rows is in memory. */
const cells = 24000;

it("streams a sorted table to as good a flow as a fit in memory, with the same bits whatever the threads", async () => {
  const { folder: _, ...own } = small;
  const few = pickRows(
    table,
    Array.from({ length: 400 }, (_, i) => 20 * i),
  );
  const start = await fit(few, { ...own, columns: ["x", "y"], epochs: 30 });
  // Training that starts at a model has its preparation.
  const options = { from: start.flow, epochs: 2, batch: 14, seed: 3, learningRate: 0.01 };
  const held = await fit(table, options);
  passes = 0;
  const streamed = await fitBatches(inBatches(table), { ...options, folder, cells, threads: 1 });
  // Once for the sample and counts of all rows, once for those that are kept.
  expect(passes).toBe(2);
  // Held out are a tenth of the sample, and all other rows are gone through.
  expect(streamed.streamed).toEqual({ rows: rows - 200, of: rows - 200, sample: 2000 });
  expect(streamed.report).toMatchObject({ rows, heldOut: 200, epochs: 2, dropped: 0 });
  expect(streamed.flow.wasFittedTo(table)).toBe(true);
  const mean = async (fitted: typeof held): Promise<number> => {
    const scores = await fitted.flow.logProb(table);
    return scores.reduce((sum, score) => sum + score, 0) / rows;
  };
  expect(Math.abs((await mean(streamed)) - (await mean(held)))).toBeLessThan(0.02);
  expect(await mean(streamed)).toBeGreaterThan(0.05 + (await mean(start)));
  const again = await fitBatches(inBatches(table), { ...options, folder, cells, threads: 2 });
  expect(again.flow.toBytes()).toEqual(streamed.flow.toBytes());
  expect(readdirSync(folder)).toEqual([]);
});

it("keeps no more rows than its steps go through, those of the sample among them", async () => {
  const { flow, streamed, report } = await fitBatches(inBatches(table), {
    ...small,
    columns: ["x", "y"],
    batch: 2,
    budget: 0.4,
    cells,
    precision: "float64",
  });
  expect(streamed!.of).toBe(rows - 200);
  expect(streamed!.rows).toBeGreaterThan(1800);
  expect(streamed!.rows).toBeLessThan(rows - 200);
  expect(report.rows).toBe(streamed!.rows + 200);
  // The table is known again by all of its rows.
  const scores = scoreBatches(flow, inBatches(table));
  for await (const _ of scores);
  expect([flow.description.fitted.tableRows, scores.wereFitted]).toEqual([rows, true]);
});

it("goes on from a checkpoint to the same bits", async () => {
  const options = { ...small, columns: ["y"], given: ["x"], weights: "w", epochs: 2, cells, batch: 16 };
  const whole = await fitBatches(inBatches(table), options);
  const stop = new AbortController();
  const checkpoint = join(folder, "fit.checkpoint");
  const cut = fitBatches(inBatches(table), {
    ...options,
    checkpoint,
    signal: stop.signal,
    onProgress: ({ epoch }) => epoch >= 1 && stop.abort(),
  });
  await expect(cut).rejects.toMatchObject({ code: "PUSHFORWARD_ABORTED" });
  const resumed = await fitBatches(inBatches(table), { ...options, checkpoint, resume: true });
  expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
  expect(readdirSync(folder)).toEqual(["fit.checkpoint"]);
});

it("leaves out rows that miss a value or weigh nothing, and otherwise names the row in the table", async () => {
  const values = table.values.slice();
  values[3 * 4567] = Number.NaN;
  values[3 * 5000 + 2] = 0;
  values[3 * 5000] = 1e30;
  const holed = inBatches(tableFromRows(["x", "y", "w"], values));
  const options = { ...small, columns: ["x", "y"], weights: "w", epochs: 1, cells };
  await expect(fitBatches(holed, options)).rejects.toMatchObject({ row: 4568, column: "x" });
  const { report, streamed } = await fitBatches(holed, { ...options, missing: "drop" });
  expect(report).toMatchObject({ dropped: 1, rows: rows - 2 });
  expect(streamed!.of + report.heldOut).toBe(rows - 2);
  // Of these one is in the sample, the other is not.
  for (const row of [7000, 7001]) {
    const wrong = values.slice();
    wrong[3 * row + 2] = -1;
    const negative = inBatches(tableFromRows(["x", "y", "w"], wrong));
    await expect(fitBatches(negative, { ...options, missing: "drop" })).rejects.toMatchObject({
      row: row + 1,
      message: `column "w" (row ${row + 1}): a weight must be 0 or more, got -1.`,
    });
  }
});

it("names the row of the table where a column has a cell that is no number", async () => {
  const text = `x,y\n${"1,2\n".repeat(1400)}1,oops\n${"1,2\n".repeat(99)}`;
  const batches = await readBatches(new TextEncoder().encode(text));
  // A sample in memory, some rows in memory, and the same of a comparison.
  for (const work of [
    fitBatches(batches, { ...small, cells: 1000 }),
    fitBatches(batches, { ...small, rows: 1490 }),
    compareBatches(batches, { flows: ["gaussian"], cells: 1000 }),
    compareBatches(batches, { flows: ["gaussian"], rows: 1490 }),
  ])
    await expect(work).rejects.toMatchObject({
      row: 1401,
      message: expect.stringMatching(/^column "y" \(row 1401\): "oops" is not a number/),
    });
});

it("streams angles, whose turns are those of the options", async () => {
  const stream = new RandomStream(randomKey(2));
  const angles = tableFromRows(
    ["phi"],
    Float64Array.from({ length: 1500 }, () => 20 + 30 * stream.normal()),
  );
  const { flow, streamed } = await fitBatches(batchesOf(angles), {
    ...{ flow: "ncsf", transforms: 1, hidden: [4], epochs: 2, threads: 1, kinds: { phi: "angle:360" } },
    cells: 1000,
    folder,
  });
  expect(streamed).toEqual({ rows: 1475, of: 1475, sample: 250 });
  const [here, around] = await flow.logProb(Float64Array.of(-20, 340));
  expect(around).toBeCloseTo(here!, 6);
});

it("says of kinds that need all rows at once that they are in memory", async () => {
  const warnings: string[] = [];
  const options = { flow: "gaussian", columns: ["x", "y"] } as const;
  const { flow, streamed } = await fitBatches(inBatches(table), {
    ...options,
    cells,
    onWarning: (line) => warnings.push(line),
  });
  expect(streamed).toBeUndefined();
  expect(flow.toBytes()).toEqual((await fit(table, options)).flow.toBytes());
  expect(warnings).toContain(
    "gaussian is fitted to rows in memory: 0.0 GB of cells, and as much again several times",
  );
});

it("goes through each stored row once an epoch, in another order each time", () => {
  const file = ScratchFile.open(folder, 1e6);
  try {
    const count = 256 * 9 + 17;
    const stored = new StoredRows(file, 2, false, randomKey(1));
    const all = Float64Array.from({ length: 2 * count }, (_, i) => i);
    for (let at = 0; at < all.length; at += 1000) stored.add(all.slice(at, at + 1000));
    // Windows that go on into the next epoch are those of one that ends there.
    const order = (size: number): number[] => {
      const values: number[] = [];
      for (let from = 0; from < 3 * count; from += size)
        values.push(...stored.window(from, Math.min(size, 3 * count - from)));
      return values;
    };
    const whole = order(count);
    const epochs = [0, 1, 2].map((epoch) => whole.slice(epoch * all.length, (epoch + 1) * all.length));
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from(all));
    expect(epochs[0]).not.toEqual(epochs[1]);
    for (const size of [1, 300, 700]) expect(order(size)).toEqual(whole);
  } finally {
    file.close();
  }
});
