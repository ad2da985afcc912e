/**
 * Contributions of columns to the log-densities of rows.
 *
 * @module
 */

import type { ColumnsEngineOptions, ColumnsEvaluation } from "./columnsModel.ts";
import { type EncodedRows, type EncodeOptions, encodeRows } from "./encodeRows.ts";

/** What rows are worth, column by column. */
export interface RowContributions {
  /** Number of rows. */
  readonly rows: number;
  /**
   * Log-probability of what the cell is: missing, which atom, or another value. Row-major, the columns in the table's order; 0 in columns
   * that have neither atoms nor missing cells.
   */
  readonly outcomes: Float64Array;
  /** Log-density, or log-mass, of the value given that; 0 for a missing cell or an atom. Minus infinity for what cannot be. */
  readonly values: Float64Array;
  /** Sums of both, (outcome + value) of one column after the other in the table's order: log-densities of the rows. */
  readonly logProb: Float64Array;
}

/** Options of {@link contributionsOfRows}. */
export interface ContributionsOptions extends ColumnsEngineOptions {
  /** What each row counts in the shares of the model's heads: it is scored as if they were made of the others. */
  readonly counted?: Float64Array | undefined;
}

/** Rows of a block; an engine has as many in memory at a time. */
const blockRows = 8192;
/** A contribution that float32 has to four decimals, in nats. */
const wellWithin = 30;

/** Options of {@link contributionsOfRows}. */
export interface ContributionsOptions extends ColumnsEngineOptions {
  /**
   * Whether contributions behind a missing cell that never was are wanted too, for what nothing is written of the cell (default false):
   * who asks knows which of them mean something.
   */
  readonly partial?: boolean | undefined;
  /** Changes encoded rows before they are scored, such as to what is known of them; with the numbers of the rows. */
  readonly prepare?: ((block: EncodedRows, rows: readonly number[]) => void) | undefined;
}

/**
 * Contributions of rows. A cell that is missing in a column which never was is summed out, which is exact where no later column of the
 * model's order is observed. One that is missing in a column of masked cells adds nothing, and later columns are given the cells that
 * are there: for each pattern of missing cells a density of the others that integrates to 1.
 * @param cells - One array per column: the given ones, then the others in the table's order.
 * @throws DataError where a missing cell cannot be summed out exactly.
 */
export async function contributionsOfRows(
  evaluation: ColumnsEvaluation,
  cells: readonly Float64Array[],
  { counted, partial = false, prepare, ...options }: ContributionsOptions & EncodeOptions = {},
): Promise<RowContributions> {
  const { density, precision } = evaluation.model;
  const { columns, given } = density;
  const rows = cells[0]?.length ?? 0;
  const count = columns.length;
  const outcomes = new Float64Array(rows * count);
  const values = new Float64Array(rows * count);
  const logProb = new Float64Array(rows);
  const isExact = options.engine === "reference" || (options.precision ?? precision) === "float64";
  const inexactRows: number[] = [];
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(from + blockRows, rows);
    const block = encodeRows(density, cells, from, to, counted, options);
    prepare?.(
      block,
      Array.from({ length: to - from }, (_, i) => from + i),
    );
    // A page whose rows are complete need not load what refuses.
    if (!partial && block.unknown.includes(1))
      (await import("../scores/hiddenCells.ts")).checkSuffix(evaluation, block, from);
    const executable = await evaluation.get("contributions", options);
    const computed = (await executable.run({ rows: to - from, inputs: { encoded: block.encoded } }, options))
      .rows;
    for (let row = 0; row < to - from; row++) {
      let isLost = false;
      columns.forEach((layout, j) => {
        const at = row * count + j;
        const place = (from + row) * count + layout.cell - given.length;
        const isUnknown = block.unknown[at] === 1;
        const outcome = isUnknown ? 0 : computed.outcomes![at]!;
        const value = isUnknown || block.unseen[at] === 1 ? 0 : computed.values![at]!;
        if (!(Math.abs(outcome) <= wellWithin && Math.abs(value) <= wellWithin)) isLost = true;
        outcomes[place] = outcome;
        values[place] = value + block.offsets[at]!;
      });
      // In the table's order, so that who adds the columns up gets the same bits.
      for (let at = (from + row) * count; at < (from + row + 1) * count; at++)
        logProb[from + row]! += outcomes[at]! + values[at]!;
      if (isLost && !isExact) inexactRows.push(from + row);
    }
  }
  if (inexactRows.length > 0) {
    // What float32 cannot tell is computed once more in float64.
    const inexactCells = cells.map((column) => Float64Array.from(inexactRows, (row) => column[row]!));
    const recomputed = await contributionsOfRows(evaluation, inexactCells, {
      ...options,
      counted: counted && Float64Array.from(inexactRows, (row) => counted[row]!),
      partial,
      prepare:
        prepare &&
        ((block, rowsAgain) =>
          prepare(
            block,
            rowsAgain.map((row) => inexactRows[row]!),
          )),
      precision: "float64",
    });
    inexactRows.forEach((row, i) => {
      outcomes.set(recomputed.outcomes.subarray(i * count, (i + 1) * count), row * count);
      values.set(recomputed.values.subarray(i * count, (i + 1) * count), row * count);
      logProb[row] = recomputed.logProb[i]!;
    });
  }
  return { rows, outcomes, values, logProb };
}
