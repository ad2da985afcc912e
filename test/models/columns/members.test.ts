/** Members of a model, beside each of them alone. */

import { expect, test } from "vitest";
import { weighMembers } from "../../../src/fitting/columns/joinedMembers.ts";
import { flattenTree } from "../../../src/graph/parameters.ts";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import { columnsDensity, memberPrefix } from "../../../src/models/columns/columnsDensity.ts";
import { ColumnsEvaluation } from "../../../src/models/columns/columnsModel.ts";
import { contributionsOfRows, type RowContributions } from "../../../src/models/columns/contributions.ts";
import { sampleCells } from "../../../src/models/columns/drawCells.ts";
import { someDensity, weightsOf } from "./models.ts";

const columns: readonly DensityColumn[] = [
  { name: "x", kind: "continuous", atoms: [0], missing: true },
  { name: "level", kind: "categorical", levels: 3 },
  { name: "count", kind: "integer", lower: 0 },
  { name: "angle", kind: "angle", period: 1, missing: true },
];
const threads = 1;

test("a cell has the mean of the densities that members give, with the weights of its column", async () => {
  const whole = someDensity(columns, { order: [2, 0, 3, 1], members: 3 });
  const cells = await sampleCells(whole, 50, [], { seed: 2, threads });
  const { members: _, ...options } = whole.model.density.options;
  const density = columnsDensity(options);
  const alone: RowContributions[] = [];
  for (const member of [0, 1, 2]) {
    const values = Object.fromEntries(
      [...flattenTree(density.parameters).keys()].map((name) => [
        name,
        whole.model.values[memberPrefix(member) + name]!,
      ]),
    );
    const evaluation = new ColumnsEvaluation({ density, values, precision: "float64" });
    alone.push(await contributionsOfRows(evaluation, cells, { threads }));
    evaluation.dispose();
  }
  const mean = await contributionsOfRows(whole, cells, { threads });
  whole.dispose();
  const weights = weightsOf(3);
  const meanOf = (logs: readonly number[]): number =>
    Math.log(logs.reduce((sum, log, k) => sum + weights[k]! * Math.exp(log), 0));
  mean.values.forEach((value, i) => {
    const outcome = meanOf(alone.map((own) => own.outcomes[i]!));
    const cell = meanOf(alone.map((own) => own.outcomes[i]! + own.values[i]!));
    expect(Math.abs(mean.outcomes[i]! - outcome)).toBeLessThan(1e-9);
    expect(Math.abs(mean.outcomes[i]! + value - cell)).toBeLessThan(1e-9);
  });
  expect(new Set(alone.map(({ logProb }) => logProb[0])).size).toBe(3);
});

test("weights that cannot be are refused", () => {
  const { options } = someDensity(columns, { members: 2 }).model.density;
  const strange: readonly (readonly number[])[] = [
    [],
    [0, 1],
    [0.5, 0.4],
    new Array<number>(17).fill(1 / 17),
  ];
  for (const own of strange)
    expect(() => columnsDensity({ ...options, members: columns.map(() => own) })).toThrow(
      "the weights of members are not, for each of 4 columns, 1 to 16 numbers above 0 that add up to 1",
    );
  expect(() => columnsDensity({ ...options, members: [[0.5, 0.5]] })).toThrow("the weights of members");
});

test("held-out rows weigh members column by column, and leave one alone that the others do not help", () => {
  const counts = new Float64Array(200).fill(1);
  // The first is better in column 0, the second in column 1; in column 2 each is right in half of the rows.
  const member = (one: boolean): Float64Array =>
    Float64Array.from({ length: 600 }, (_, i) => {
      const column = i % 3;
      const isRight = column === 2 ? i % 2 === Number(one) : (column === 0) === one;
      return isRight ? -0.5 : -2;
    });
  const { weights } = weighMembers([member(true), member(false)], 3, counts);
  expect(weights![0]![0]).toBeGreaterThan(0.95);
  expect(weights![1]![1]).toBeGreaterThan(0.95);
  expect(weights![2]![0]).toBeCloseTo(0.5, 2);
  for (const own of weights!) expect(own[0]! + own[1]!).toBeCloseTo(1, 12);
  const worse = member(true).map((value) => value - 1);
  expect(weighMembers([member(true), worse], 3, counts)).toEqual({ weights: undefined, best: 0 });
});
