import { expect, it } from "vitest";
import { compare } from "../../src/diagnostics/compare/compare.ts";
import { compareBatches } from "../../src/diagnostics/compare/compareBatches.ts";
import { type ComparedKind, ComparedScores } from "../../src/diagnostics/compare/comparedScores.ts";
import { DataError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { meanAndError } from "../../src/numerics/meanAndError.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { batchesOf, type TableBatches } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { column, type Table } from "../../src/tables/table.ts";
import { draw } from "../fitting/tables.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();
const rows = 3000;
/** Two clusters, and the number of the row, by which rows are told from each other; the weights are small or large. */
const table = draw(["x", "y", "row", "w"], rows, 5, (stream) => {
  const center = stream.uniform() < 0.5 ? -2 : 2;
  return [center + stream.normal(), center * center + stream.normal(), 0, stream.uniform() < 0.5 ? 1 : 3];
});
for (let row = 0; row < rows; row++) table.values[4 * row + 2] = row;

/** Batches of 700 rows. */
function inBatches(whole: Table): TableBatches {
  return {
    ...batchesOf(whole),
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < whole.rows; from += 700) {
        const places = Array.from({ length: Math.min(700, whole.rows - from) }, (_, i) => from + i);
        yield { ...pickRows(whole, places), ...(from > 0 ? { rowsBefore: from } : {}) };
      }
    },
  };
}

const options = { columns: ["x", "y"], seed: 2, threads: 1 } as const;

it("is the comparison of the table where that is held in memory", async () => {
  const flows = ["gaussian"] as const;
  const withoutSeconds = ({ flows: compared, ...rest }: Awaited<ReturnType<typeof compare>>): object => ({
    ...rest,
    flows: compared.map(({ seconds: _, ...flow }) => flow),
  });
  const held = await compare(table, { ...options, flows });
  expect(held.flows[0]!.fittedRows).toBe(2400);
  expect(withoutSeconds(await compareBatches(inBatches(table), { ...options, flows }))).toEqual(
    withoutSeconds(held),
  );
});

it("scores all rows that are held out, by flows that are fitted to others", async () => {
  const flows = ["gaussian", "maf"] as const;
  const weights = "w";
  const done: number[] = [];
  const own = { ...options, flows, weights, folder, cells: 8000, onRows: (row: number) => done.push(row) };
  const found = await compareBatches(inBatches(table), { ...own, test: 0.25 });
  expect(found).toMatchObject({ rows, heldOut: 750, dropped: 0, folds: 1, columns: ["x", "y"] });
  expect(done).toContain(750);
  const by = new Map(found.flows.map((flow) => [flow.flow, flow]));
  expect(by.get("gaussian")!.fittedRows).toBe(500);
  expect(by.get("maf")!.fittedRows).toBe(2250);
  expect(by.get("maf")!.error).toBeUndefined();
  // The bend is no normal law.
  expect(by.get("maf")!.logProb!).toBeGreaterThan(by.get("gaussian")!.logProb! + 0.1);
  const best = found.flows[0]!;
  for (const { logProb, difference } of found.flows)
    expect(difference).toBeCloseTo(logProb! - best.logProb!, 9);
});

it("holds out each row once in folds, and takes as many rows as are asked for", async () => {
  const flows = ["gaussian"] as const;
  const found = await compareBatches(inBatches(table), {
    ...options,
    flows,
    folds: 2,
    cells: 8000,
    rows: 2500,
  });
  expect(found).toMatchObject({ rows: 2500, heldOut: 2500, folds: 2, tied: [], best: "gaussian" });
  const { flow } = await fit(table, { flow: "gaussian", columns: ["x", "y"], seed: 2 });
  const { mean, standardError } = meanAndError(await flow.logProb(table));
  const [gaussian] = found.flows;
  expect(gaussian!.fittedRows).toBe(500);
  expect(Math.abs(gaussian!.logProb! - mean)).toBeLessThan(4 * standardError);
  const ratio = gaussian!.standardError! / standardError;
  expect(ratio).toBeGreaterThan(1);
  expect(ratio).toBeLessThan(1.3);
});

it("sums scores up to what they are at once, in whatever batches", () => {
  const stream = new RandomStream(randomKey(1));
  const scores = [0, 1, 2].map((kind) =>
    Float64Array.from({ length: 900 }, () => kind - 1e5 + stream.normal()),
  );
  const weights = Float64Array.from({ length: 900 }, () => 3 * stream.uniform());
  scores[1]![17] = Number.NEGATIVE_INFINITY;
  const sums = new ComparedScores(3);
  for (let from = 0; from < 900; from += 100)
    sums.add(
      scores.map((own) => own.subarray(from, from + 100)),
      weights.subarray(from, from + 100),
    );
  const kinds = (["gaussian", "kde", "maf"] as const).map((flow) => ({ flow, seconds: 0 }) as ComparedKind);
  const ranked = sums.ranked(kinds);
  expect(ranked.map(({ flow }) => flow)).toEqual(["maf", "gaussian", "kde"]);
  const expected = (values: Float64Array): readonly [mean: number, error: number] => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
    const squares = values.reduce((sum, value, i) => sum + (weights[i]! * (value - mean)) ** 2, 0);
    return [mean, (Math.sqrt(squares) / total) * Math.sqrt(900 / 899)];
  };
  const [mean, error] = expected(scores[0]!);
  expect(ranked[1]!.logProb).toBeCloseTo(mean, 9);
  expect(ranked[1]!.standardError).toBeCloseTo(error, 10);
  const [apart, apartError] = expected(scores[0]!.map((score, i) => score - scores[2]![i]!));
  expect(ranked[1]!.difference).toBeCloseTo(apart, 9);
  expect(ranked[1]!.differenceError).toBeCloseTo(apartError, 10);
  expect(ranked[2]).toMatchObject({ logProb: Number.NEGATIVE_INFINITY, standardError: Number.NaN });
});

it("names the row of the table where one cannot be used, and leaves such rows out where that is asked for", async () => {
  const broken = { ...table, values: table.values.slice() };
  broken.values[4 * 2321 + 1] = Number.NaN;
  const flows = ["gaussian"] as const;
  const own = { ...options, flows, cells: 8000 };
  await expect(compareBatches(inBatches(broken), own)).rejects.toThrow(
    expect.objectContaining({ constructor: DataError, row: 2322, column: "y" }),
  );
  const found = await compareBatches(inBatches(broken), { ...own, missing: "drop" });
  expect(found).toMatchObject({ rows: rows - 1, dropped: 1 });
  expect(column(broken, "y")).toHaveLength(rows);
});
