/**
 * Contributions of columns to log-densities, as somebody asks for them.
 *
 * @module
 */

import type { ColumnsDensity } from "../columns/columnsDensity.ts";
import type { RowContributions } from "../columns/contributions.ts";
import { type ColumnMeasure, measureOf } from "./measure.ts";

/** What one column adds to the log-density of each row, in nats. */
export interface ColumnContributions extends ColumnMeasure {
  /**
   * Log-probability of what the cell is: missing, one of the atoms, or another value. Undefined for a column where all cells are values.
   * Not a number for a row without a score.
   */
  readonly outcome?: Float64Array | undefined;
  /**
   * Log-mass, or log-density, of the value given that it is one and all cells before it in the model's order; 0 for a missing cell and
   * for an atom; minus infinity for a value that the column cannot have.
   */
  readonly value: Float64Array;
}

/** Log-densities of rows, column by column. */
export interface Contributions {
  /** One entry for each column that has a density, in the table's order. */
  readonly columns: readonly ColumnContributions[];
  /**
   * Log-density of each row, as `Flow.logProb` gives it: the sum of `outcome + value` of one column after the other. With respect to
   * the product of the columns' measures.
   */
  readonly logProb: Float64Array;
  /** The same less log step of each value on a grid: what compares with densities that take such values for real numbers. */
  readonly logDensity: Float64Array;
}

/**
 * Contributions by column.
 * @param cells - Of the rows with a score: the given columns first.
 * @param scored - Their places among all rows, which are as many as `count`.
 */
export function contributionsByColumn(
  { options: { columns, given } }: ColumnsDensity,
  { outcomes, values, logProb }: RowContributions,
  cells: readonly Float64Array[],
  scored: readonly number[] | undefined,
  count: number,
): Contributions {
  const width = columns.length;
  const spread = (of: (row: number) => number): Float64Array => {
    if (!scored) return Float64Array.from({ length: count }, (_, row) => of(row));
    const all = new Float64Array(count).fill(Number.NaN);
    scored.forEach((row, i) => {
      all[row] = of(i);
    });
    return all;
  };
  const measures = columns.map(({ column }) => measureOf(column));
  const logSteps = measures.map(({ step }) => (step === undefined ? 0 : Math.log(step)));
  return {
    columns: measures.map((measure, j) => ({
      ...measure,
      ...(columns[j]!.outcomes.length > 1 ? { outcome: spread((row) => outcomes[row * width + j]!) } : {}),
      value: spread((row) => values[row * width + j]!),
    })),
    logProb: spread((row) => logProb[row]!),
    logDensity: spread((row) =>
      logSteps.reduce(
        (sum, logStep, j) => (Number.isNaN(cells[given.length + j]![row]!) ? sum : sum - logStep),
        logProb[row]!,
      ),
    ),
  };
}
