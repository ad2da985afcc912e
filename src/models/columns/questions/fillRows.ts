/**
 * Rows that are drawn given what is known of them: candidates are weighed, some are picked by their weights, and the columns behind are
 * drawn.
 *
 * @module
 */

import { DataError } from "../../../errors.ts";
import { type RandomKey, split, uniformsAt } from "../../../random/philox.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { drawCell } from "./cellRange.ts";
import type { RowConditions, RowPlan } from "./conditions.ts";
import { effectiveSizeOf, logSum } from "./logProbsOf.ts";
import { Sweep } from "./sweep.ts";

/** Rows that have been picked; an array of cells for each column, as in the conditions. */
export interface PickedRows {
  readonly cells: readonly Float64Array[];
  /** By row, how it was answered. */
  readonly plans: readonly RowPlan[];
  /** By row, the number that its draws depend on. */
  readonly numbers: readonly number[];
}

/**
 * Picks by weights: the k-th of n numbers, each with the probability that its weight says, spread evenly (systematic resampling).
 * @param offset - A number between 0 and 1.
 * @returns Places, in ascending order.
 */
export function pickSystematically(logWeights: Float64Array, count: number, offset: number): Uint32Array {
  const total = logSum(logWeights);
  const picks = new Uint32Array(count);
  let reached = 0;
  let at = -1;
  for (let k = 0; k < count; k++) {
    const targetMass = (k + offset) / count;
    while (at < 0 || (reached < targetMass && at < logWeights.length - 1))
      reached += Math.exp(logWeights[++at]! - total);
    // Rounding may leave the sum short of 1: the last that has a weight.
    while (logWeights[at] === Number.NEGATIVE_INFINITY) at--;
    picks[k] = at;
  }
  return picks;
}

/** What picks were made of. */
export const worthOf = (plan: RowPlan, logWeights: Float64Array): number =>
  plan.sums === undefined ? effectiveSizeOf(logWeights) : Number.POSITIVE_INFINITY;

/** Draws the columns that are not filled in, in their ranges where they have one; writes them into the rows' cells. */
export async function drawRest(
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  { cells, plans, numbers }: PickedRows,
  key: RandomKey,
  options: ColumnsEngineOptions,
): Promise<void> {
  const { columns } = evaluation.model.density;
  const sweep = new Sweep(evaluation, cells, Array.from(plans.keys()), options);
  const drawKey = split(key, "rest");
  const uniforms = new Float64Array(columns.length);
  for (const [j, layout] of columns.entries()) {
    const { range } = conditions.columns[layout.cell]!;
    const drawnRows = Array.from(plans.keys()).filter(
      (row) => !plans[row]!.isKnown[j] && j >= plans[row]!.last,
    );
    await sweep.distributions(j, drawnRows, (row, distribution) => {
      uniformsAt(drawKey, numbers[row]!, columns.length, uniforms);
      cells[layout.cell]![row] = drawCell(layout, range, distribution, uniforms[j]!).cell;
    });
    sweep.write(j);
  }
}

/** @throws {@link DataError} where no candidate is possible. @param row - The row that it is of; absent of what rows are given. */
export function checkPossible(logWeights: Float64Array, row?: number): void {
  if (logWeights.some((log) => log > Number.NEGATIVE_INFINITY)) return;
  throw new DataError(
    {
      problem: `${row === undefined ? "what is given" : `row ${row + 1}`} cannot be: by the model no row has these values together, or none that was drawn`,
      expected: "values that the model can have together",
      received: "values of probability 0",
      remedy: `mend the values${row === undefined ? ", or widen the ranges" : ""}`,
    },
    row === undefined ? {} : { row: row + 1 },
  );
}
