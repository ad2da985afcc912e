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

/** The first finite rows of batches, as many as are looked at. */
export class FirstRows {
  readonly #flow: Flow;
  readonly #rows: number[][] = [];

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** Takes the rows of a batch that are wanted: of a flow that solves an equation. */
  async add(table: Table): Promise<void> {
    if (this.#rows.length >= mostRows || !isSolved(this.#flow)) return;
    const { selectColumns } = await import("../index.ts");
    const { columns, rows, values } = selectColumns(table, [...this.#flow.given, ...this.#flow.columns]);
    const width = columns.length;
    for (let row = 0; row < rows && this.#rows.length < mostRows; row++) {
      const cells = values.subarray(row * width, (row + 1) * width);
      if (cells.every(Number.isFinite)) this.#rows.push(Array.from(cells));
    }
  }

  /** How the equation is solved for them; undefined where there is none, or no finite row. */
  async solverSummary(options: EvaluationOptions): Promise<SolverSummary | undefined> {
    return this.#rows.length === 0 ? undefined : await summaryOf(this.#flow, this.#rows, options);
  }
}

const isSolved = (flow: Flow): boolean =>
  (flow.description.bijection as { type?: unknown }).type === "continuous";

async function summaryOf(
  flow: Flow,
  rows: readonly (readonly number[])[],
  options: EvaluationOptions,
): Promise<SolverSummary> {
  const { tableFromRows } = await import("../index.ts");
  const { solverReport } = await import("../entries/diagnostics.ts");
  const report = await solverReport(flow, tableFromRows([...flow.given, ...flow.columns], rows), options);
  const maximum = (all: Float64Array): number => all.reduce((a, b) => Math.max(a, b));
  return {
    tolerance: report.tolerance,
    rows: rows.length,
    meanEvaluations: report.evaluations.reduce((sum, count) => sum + count / rows.length, 0),
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
