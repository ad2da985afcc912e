/**
 * Scores of rows of cells, as somebody asks for them: of which rows, with what for levels that no row of the fit had.
 *
 * @module
 */

import type { Cells } from "../../tables/schema/cells.ts";
import type { ColumnsEvaluation } from "../columns/columnsModel.ts";
import { contributionsOfRows, type RowContributions } from "../columns/contributions.ts";
import type { ColumnsFlow } from "../cores/columnsCore.ts";
import type { LogProbOptions } from "../flowOptions.ts";
import { type ChosenRows, chosenRows } from "./chosenRows.ts";
import { type Contributions, contributionsByColumn } from "./contributions.ts";
import { type ImpossibleRow, impossibleRowsOf, type ScoredCells } from "./impossibleCells.ts";
import { noteLine, type ScoreListener } from "./scoreNotes.ts";

/** Scores of the rows that have one. */
interface Scores extends ChosenRows {
  readonly contributions: RowContributions;
  /** Cells of these rows. */
  readonly cells: readonly Float64Array[];
  /** Of all rows. */
  readonly whole: ScoredCells;
}

async function scoresOf(
  where: string,
  evaluation: ColumnsEvaluation,
  flow: ColumnsFlow,
  cells: Cells,
  options: LogProbOptions,
): Promise<Scores> {
  const { given: _, missing: __, unseen: ___, onWarning: ____, ...how } = options;
  const { density } = evaluation.model;
  const whole: ScoredCells = { density, schema: [...flow.given, ...flow.columns], cells };
  const { encode, scored } = chosenRows(where, whole, options);
  const chosen = scored
    ? cells.cells.map((cells) => Float64Array.from(scored, (row) => cells[row]!))
    : cells.cells;
  const contributions = await contributionsOfRows(evaluation, chosen, { ...how, ...encode });
  return { contributions, cells: chosen, scored, encode, whole };
}

/** Log-densities, as `Flow.logProb` documents them. */
export async function logProbOfCells(
  where: string,
  evaluation: ColumnsEvaluation,
  flow: ColumnsFlow,
  cells: Cells,
  options: LogProbOptions,
): Promise<Float64Array> {
  const { missing = "marginal", onWarning, ...how } = options;
  const isSummedOut = missing === "marginal";
  const chosen: LogProbOptions = isSummedOut ? { ...options, missing } : options;
  const { contributions, scored } = await scoresOf(where, evaluation, flow, cells, chosen);
  const { logProb } = contributions;
  if (!scored || missing === "drop") return logProb;
  const all = new Float64Array(cells.cells[0]!.length).fill(Number.NaN);
  scored.forEach((row, i) => {
    all[row] = logProb[i]!;
  });
  if (!isSummedOut) return all;
  const { ColumnQuestions } = await import("../columns/questions/columnQuestions.ts");
  const questions = new ColumnQuestions(flow, evaluation);
  const others = Array.from(all.keys()).filter((row) => Number.isNaN(all[row]!));
  const { given: _, unseen: __, ...engine } = how;
  const observed = await questions.observed(
    cells.cells.map((cells) => Float64Array.from(others, (row) => cells[row]!)),
    engine,
  );
  others.forEach((row, i) => {
    all[row] = observed.logProb[i]!;
  });
  (onWarning as ScoreListener | undefined)?.(noteLine(observed.note), observed.note);
  return all;
}

/** Contributions, as `Flow.contributions` documents them. */
export async function contributionsOfCells(
  evaluation: ColumnsEvaluation,
  flow: ColumnsFlow,
  cells: Cells,
  options: LogProbOptions,
): Promise<Contributions> {
  const scores = await scoresOf("contributions", evaluation, flow, cells, options);
  const drops = options.missing === "drop";
  return contributionsByColumn(
    evaluation.model.density,
    scores.contributions,
    scores.cells,
    drops ? undefined : scores.scored,
    drops ? scores.contributions.rows : cells.cells[0]!.length,
  );
}

/** Rows whose density is 0, as `Flow.impossibleRows` documents them. */
export async function impossibleOfCells(
  evaluation: ColumnsEvaluation,
  flow: ColumnsFlow,
  cells: Cells,
  options: LogProbOptions,
): Promise<readonly ImpossibleRow[]> {
  const { contributions, scored, encode, whole } = await scoresOf(
    "impossibleRows",
    evaluation,
    flow,
    cells,
    options,
  );
  return impossibleRowsOf(whole, contributions.logProb, scored, encode);
}
