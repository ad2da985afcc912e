import { expect, it } from "vitest";
import { evaluate } from "../../src/diagnostics/evaluate/evaluate.ts";
import { evaluateBatches } from "../../src/diagnostics/evaluate/evaluateBatches.ts";
import { evaluationText } from "../../src/diagnostics/evaluate/evaluationText.ts";
import { fit } from "../../src/fitting/fit.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { batchesOf } from "../../src/tables/batches/tableBatches.ts";
import { pickRows } from "../../src/tables/picks.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { tableFromColumns } from "../../src/tables/table.ts";

const stream = new RandomStream(randomKey(4));
const table = tableFromObjects(
  Array.from({ length: 900 }, (_, i) => {
    const color = ["red", "green", "blue"][stream.integerBelow(3)]!;
    return {
      color: i === 850 ? "pink" : color,
      size: stream.normal() + color.length,
      price: stream.uniform(),
    };
  }),
);
const train = pickRows(
  table,
  Array.from({ length: 200 }, (_, i) => i),
);
const { flow } = await fit(train, { flow: "columns", epochs: 2, hidden: [8], members: 1, threads: 1 });

it("scores all rows exactly, and compares samples with rows that are drawn, as it says", async () => {
  const whole = await evaluate(flow, table, { seed: 1 });
  const warnings: string[] = [];
  const evaluation = await evaluateBatches(flow, batchesOf(table), {
    cells: 1000,
    seed: 1,
    onWarning: (line) => warnings.push(line),
  });
  expect(evaluation).toMatchObject({ rows: 900, sampledRows: 333, fittedToTheseRows: false });
  const close = ({ mean, standardError, ...counts }: typeof whole.logProb) => ({
    ...counts,
    mean: expect.closeTo(mean, 12),
    standardError: expect.closeTo(standardError, 12),
  });
  expect(whole.logProb.outsideSupport).toBe(1);
  expect(evaluation.logProb).toEqual(close(whole.logProb));
  expect(evaluation.contributions).toEqual(
    whole.contributions!.map(({ column, ...score }) => ({ column, ...close(score) })),
  );
  expect(evaluation.test.rows + evaluation.leftOut).toBe(333);
  expect(evaluation.marginals).not.toEqual(whole.marginals);
  expect(evaluationText(evaluation)).toMatch(
    /^held-out rows +900\n +333 of them, at random, are compared with samples; log-densities are of all\n/,
  );
  expect(warnings.filter((line) => line.includes("very rows"))).toEqual([]);
});

it("knows the rows of the fit among batches, and of few rows is what evaluate says", async () => {
  const warnings: string[] = [];
  const onWarning = (line: string): number => warnings.push(line);
  const { test: _, ...held } = await evaluateBatches(flow, batchesOf(train), { onWarning, seed: 1 });
  const { test, ...whole } = await evaluate(flow, train, { seed: 1 });
  expect(test.rows).toBe(200);
  expect(held).toEqual(whole);
  const many = await fit(table, { flow: "gaussian", columns: ["size", "price"] });
  const { fittedToTheseRows } = await evaluateBatches(many.flow, batchesOf(table), {
    cells: 1000,
    onWarning,
  });
  expect(fittedToTheseRows).toBe(true);
  expect(warnings.filter((line) => line.startsWith("the model was fitted to these very rows"))).toHaveLength(
    2,
  );
});

it("compares samples with a hundred thousand rows of more, and scores all", async () => {
  const sizes = tableFromColumns({ size: Float64Array.from({ length: 100_010 }, () => stream.normal()) });
  const gaussian = await fit(sizes, { flow: "gaussian" });
  const { rows, sampledRows, logProb, test } = await evaluate(gaussian.flow, sizes, { samples: 20 });
  expect({ rows, sampledRows, scored: logProb.rows, compared: test.rows }).toEqual({
    rows: 100_010,
    sampledRows: 100_000,
    scored: 100_010,
    compared: 100_000,
  });
});
