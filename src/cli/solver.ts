/**
 * What `pushforward logprob` says of how the equation of a continuous flow was solved.
 *
 * @module
 */

import type { EvaluationOptions, Flow, Table } from "../index.ts";

/** How an equation was solved for some rows. */
export interface SolverSummary {
  /** Largest error of a step; undefined where steps are fixed. */
  readonly tolerance: number | undefined;
  /** Rows that were looked at: the first finite ones, at most 1,000. */
  readonly rows: number;
  /** How often the velocity was evaluated for a row, on average. */
  readonly meanEvaluations: number;
  readonly mostEvaluations: number;
  /** Largest difference between a prepared row and its image in the base and back. */
  readonly roundTrip: number;
}

/** Rows that are looked at. */
const mostRows = 1000;

/** How the equation of a flow is solved for rows of a table; undefined where there is none, or no finite row. */
export async function solverSummary(
  flow: Flow,
  table: Table,
  options: EvaluationOptions,
): Promise<SolverSummary | undefined> {
  if ((flow.description.bijection as { type?: unknown }).type !== "continuous") return undefined;
  const { selectColumns, tableFromRows } = await import("../index.ts");
  const { solverReport } = await import("../entries/diagnostics.ts");
  const { columns, rows, values } = selectColumns(table, [...flow.given, ...flow.columns]);
  const width = columns.length;
  const finite: number[] = [];
  for (let row = 0; row < rows && finite.length < mostRows; row++)
    if (values.subarray(row * width, (row + 1) * width).every(Number.isFinite)) finite.push(row);
  if (finite.length === 0) return undefined;
  const picked = finite.map((row) => Array.from(values.subarray(row * width, (row + 1) * width)));
  const report = await solverReport(flow, tableFromRows(columns, picked), options);
  const maximum = (all: Float64Array): number => all.reduce((a, b) => Math.max(a, b));
  return {
    tolerance: report.tolerance,
    rows: finite.length,
    meanEvaluations: report.evaluations.reduce((sum, count) => sum + count / finite.length, 0),
    mostEvaluations: maximum(report.evaluations),
    roundTrip: maximum(report.roundTrip),
  };
}

/** `tolerance 0.00001, 52 evaluations per row, at most 91, round trip to 3.1e-6`. */
export function describeSolver({
  tolerance,
  meanEvaluations,
  mostEvaluations,
  roundTrip,
}: SolverSummary): string {
  const steps = tolerance === undefined ? "fixed steps" : `tolerance ${tolerance}`;
  const counts = `${Math.round(meanEvaluations)} evaluations per row, at most ${mostEvaluations}`;
  return `${steps}, ${counts}, round trip to ${roundTrip.toExponential(1)}`;
}
