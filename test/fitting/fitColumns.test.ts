import { expect, test } from "vitest";
import { fitColumns } from "../../src/fitting/columns/fitColumns.ts";
import type { DensityColumn } from "../../src/models/columns/column.ts";
import { ColumnsEvaluation } from "../../src/models/columns/columnsModel.ts";
import { contributionsOfRows } from "../../src/models/columns/contributions.ts";
import { sampleCells } from "../../src/models/columns/drawCells.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

const threads = 1;
const columns: DensityColumn[] = [
  { name: "group", kind: "categorical", levels: 3 },
  { name: "count", kind: "integer", lower: 0 },
  { name: "amount", kind: "positive", atoms: [0], missing: true },
];
const log2Pi = Math.log(2 * Math.PI);

/** Rows of a known law: a group, a count of Poisson law with its rate, and an amount that is missing, 0 or log-normal about the count. */
function rowsOfLaw(n: number, seed: number) {
  const stream = new RandomStream(split(randomKey(seed), "law"));
  const cells = columns.map(() => new Float64Array(n));
  const truth = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const group = stream.integerBelow(3);
    const rate = [0.5, 2, 6][group]!;
    let [count, p, below] = [0, Math.exp(-rate), Math.exp(-rate)];
    const u = stream.uniform();
    while (u > below && count < 60) below += p *= rate / ++count;
    const isMissing = stream.uniform() < [0.1, 0.3, 0.5][group]!;
    const isZero = !isMissing && stream.uniform() < (count === 0 ? 0.8 : 0.1);
    const z = stream.normal();
    const amount = Math.exp(0.3 * count + 0.5 * z);
    cells[0]![row] = group;
    cells[1]![row] = count;
    cells[2]![row] = isMissing ? Number.NaN : isZero ? 0 : amount;
    const missing = [0.1, 0.3, 0.5][group]!;
    const zero = count === 0 ? 0.8 : 0.1;
    truth[row] = -Math.log(3) + Math.log(p);
    if (isMissing) truth[row]! += Math.log(missing);
    else if (isZero) truth[row]! += Math.log((1 - missing) * zero);
    else
      truth[row]! +=
        Math.log((1 - missing) * (1 - zero)) - 0.5 * z * z - 0.5 * log2Pi - Math.log(0.5) - Math.log(amount);
  }
  return { rows: n, cells, truth };
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test("a fit comes near to the true density of new rows, in the columns' units", async () => {
  const train = rowsOfLaw(3000, 1);
  const validation = rowsOfLaw(500, 2);
  const next = rowsOfLaw(2000, 3);
  const options = { validation, seed: 1, threads, recipe: { steps: 300 } };
  const { model, history, bestEpoch } = await fitColumns(columns, train, options);
  const evaluation = new ColumnsEvaluation(model);
  const { logProb } = await contributionsOfRows(evaluation, next.cells, { threads });
  const drawn = await sampleCells(evaluation, 2000, [], { seed: 1, threads });
  const missingOf = (cells: readonly Float64Array[]): number =>
    mean(cells[2]!.map((x) => (Number.isNaN(x) ? 1 : 0)));
  expect(missingOf(drawn)).toBeCloseTo(missingOf(next.cells), 1);
  expect(drawn[1]!.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
  evaluation.dispose();
  const gap = mean(next.truth) - mean(logProb);
  expect(gap).toBeGreaterThan(-0.02);
  expect(gap).toBeLessThan(0.04);
  // The report is in the same units.
  const best = history.find(({ epoch }) => epoch === bestEpoch)!;
  expect(Math.abs(best.validationLogProb - mean(logProb))).toBeLessThan(0.2);
});

test("weights of 2 are rows that come twice, and given columns have no density", async () => {
  const { cells } = rowsOfLaw(400, 4);
  const options = {
    given: [columns[0]!],
    threads,
    recipe: { hidden: [8], steps: 6, hiddenColumns: [0], members: 1, batch: 400 },
  };
  const weights = new Float64Array(400).map((_, row) => (row % 2) + 1);
  const twice = cells.map((own) => Float64Array.from([...own, ...own.filter((_, row) => row % 2 === 1)]));
  const weighted = await fitColumns(columns.slice(1), { rows: 400, cells, weights }, options);
  const repeated = await fitColumns(
    columns.slice(1),
    { rows: 600, cells: twice },
    { ...options, recipe: { ...options.recipe, batch: 600 } },
  );
  const scores = await Promise.all(
    [weighted, repeated].map(async ({ model }) => {
      const evaluation = new ColumnsEvaluation(model);
      const { logProb, values } = await contributionsOfRows(evaluation, cells, { threads });
      evaluation.dispose();
      expect(values.length).toBe(2 * 400);
      return mean(logProb);
    }),
  );
  expect(Math.abs(scores[0]! - scores[1]!)).toBeLessThan(0.02);
});

test("of more rows than memory has room for, each pass sees others", async () => {
  const train = rowsOfLaw(3000, 5);
  const validation = rowsOfLaw(600, 6);
  const next = rowsOfLaw(1000, 7);
  const reversed = (cells: readonly Float64Array[]): Float64Array[] => [...cells].reverse();
  const { model, history } = await fitColumns(
    [...columns].reverse(),
    { ...train, cells: reversed(train.cells) },
    {
      validation: { ...validation, cells: reversed(validation.cells) },
      seed: 1,
      threads,
      recipe: { hidden: [32], members: 1, steps: 200, batch: 100, encodedNumbers: 20_000 },
    },
  );
  const evaluation = new ColumnsEvaluation(model);
  const { logProb } = await contributionsOfRows(evaluation, reversed(next.cells), { threads });
  evaluation.dispose();
  // Columns with fewer values come first.
  expect(model.density.options.order).toEqual([2, 1, 0]);
  expect(mean(next.truth) - mean(logProb)).toBeLessThan(0.1);
  // 200 steps of 100 rows are six to seven passes over all.
  expect(history.at(-1)!.epoch).toBeGreaterThan(3);
  expect(history.at(-1)!.epoch).toBeLessThan(8);
});
