import { expect, it } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { describeBatches, sampleOfBatches } from "../../src/tables/batches/describeBatches.ts";
import { batchesOf, type TableBatches } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { describe } from "../../src/tables/schema/describe.ts";
import { tableLines } from "../../src/tables/schema/descriptionLines.ts";
import type { Table } from "../../src/tables/table.ts";

const stream = new RandomStream(randomKey(5));
const table = tableFromObjects(
  Array.from({ length: 5000 }, (_, row) => {
    const [u, v] = [stream.uniform(), stream.uniform()];
    return {
      price: u < 0.2 ? 0 : -100 * Math.log(v),
      count: row === 3210 ? 999 : Math.floor(20 * u),
      code: row === 4321 ? "rare" : ["a", "b", "c"][Math.floor(3 * v)]!,
      copy: row === 4321 ? "RARE" : ["A", "B", "C"][Math.floor(3 * v)]!,
      level: row === 17 ? 7.25 : [0.5, 1.75, 4][Math.floor(3 * u)]!,
      gap: v < 0.3 ? null : u,
      day: new Date(Date.UTC(2020, 0, 1 + (row % 900))).toISOString().slice(0, 10),
      id: `row ${row}`,
    };
  }),
);

/** The table cut after every few rows. */
const cut = (size: number): TableBatches => ({
  ...batchesOf(table),
  async *[Symbol.asyncIterator]() {
    for (let from = 0; from < table.rows; from += size) {
      const rows = Array.from({ length: Math.min(size, table.rows - from) }, (_, i) => from + i);
      yield { ...pickRows(table, rows), rowsBefore: from };
    }
  },
});

const whole = describe(table);

it("is the description of the table where it is not too long", async () => {
  expect(await describeBatches(cut(700))).toEqual(whole);
  expect((await sampleOfBatches(cut(700), 5000)).rows).toBe(5000);
});

it("is exact in counts and levels, and an estimate by a stated sample in what needs order", async () => {
  const found = await describeBatches(cut(700), { mostRows: 1000 });
  const again = await describeBatches(cut(123), { mostRows: 1000 });
  expect({ ...again, sampledRows: 0 }).toMatchObject({ schema: found.schema });
  expect(found.rows).toBe(5000);
  expect(found.sampledRows).toBeGreaterThanOrEqual(1000);
  expect(found.sampledRows).toBeLessThan(1300);
  expect(tableLines(found).at(-1)).toMatch(/estimated from a sample of \d+ rows$/);
  for (const [i, column] of whole.columns.entries()) {
    const own = found.columns[i]!;
    const { name } = column;
    expect({ name, kind: own.schema.kind, levels: own.schema.levels, missing: own.missing.rows }).toEqual({
      name,
      kind: column.schema.kind,
      levels: column.schema.levels,
      missing: column.missing.rows,
    });
    expect({ name, levels: own.levels, moments: own.moments }).toEqual({
      name,
      levels: column.levels,
      moments: column.moments,
    });
    if (!column.numbers) continue;
    expect(own.numbers!.minimum).toBe(column.numbers.minimum);
    expect(own.numbers!.maximum).toBe(column.numbers.maximum);
    expect(own.numbers!.mean).toBeCloseTo(column.numbers.mean, 10);
    expect(own.numbers!.standardDeviation).toBeCloseTo(column.numbers.standardDeviation, 10);
    // A quartile of a thousand rows: five standard errors.
    const share = table.rows / found.sampledRows!;
    expect(Math.abs(own.numbers!.median - column.numbers.median)).toBeLessThan(
      5 * column.numbers.standardDeviation * Math.sqrt(share / table.rows) * 1.6,
    );
  }
  const atom = found.columns[0]!.atoms[0]!;
  expect(atom.value).toBe(0);
  expect(Math.abs(atom.rows - whole.columns[0]!.atoms[0]!.rows)).toBeLessThan(
    5 * 5000 * Math.sqrt(0.16 / 1000),
  );
  expect(found.columns[1]!.outliers).toMatchObject({ first: 3211, value: 999 });
  expect(found.determined.map(({ column }) => column)).toContain("copy");
});

it("draws each row with the same probability, in order", async () => {
  const sample: Table = await sampleOfBatches(cut(64), 2500);
  const rows = sample.texts!.find(({ name }) => name === "id")!.levels.map((text) => Number(text.slice(4)));
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
  const early = rows.filter((row) => row < 2500).length;
  expect(Math.abs(early - 1250)).toBeLessThan(5 * Math.sqrt(5000 / 16));
});
