/**
 * Missing cells that are filled in by draws from p(missing | observed), as if they were missing at random: whether a cell is missing
 * does not depend on its value, once the other cells are known.
 *
 * @module
 */

import { RandomStream, split } from "../../../random/philox.ts";
import { tableOfCells, writtenCells } from "../../../tables/schema/cells.ts";
import { replaceColumns } from "../../../tables/schema/joinTables.ts";
import type { Table } from "../../../tables/table.ts";
import type { ColumnsEvaluation } from "../columnsModel.ts";
import { type ColumnCondition, planning, type RowConditions } from "./conditions.ts";
import { checkPossible, drawRest, pickSystematically, worthOf } from "./fillRows.ts";
import type { FlowColumns } from "./givenConditions.ts";
import { blockParticles, inBlocks, partOf, questionKey } from "./logProbsOf.ts";
import { imputeDefaults } from "./questionDefaults.ts";
import type { Imputation, ImputeOptions } from "./questionOptions.ts";
import { MadeDraws, weighRows } from "./weighRows.ts";

/** What filling rows in takes. */
export type FillRowsOptions = Omit<ImputeOptions, "draws"> & {
  readonly draws: number;
  /** Rows of the whole table before these, of which draws depend on the number. */
  readonly rowsBefore: number;
};

/** Rows that were filled in. */
export interface FilledRows {
  /** An array for each column, the given ones first: all draws of the first row, then those of the next. */
  readonly cells: readonly Float64Array[];
  /** By row: as how many independent draws its candidates count; infinite where it is drawn exactly. */
  readonly effectiveSize: Float64Array;
}

/** Draws what is not known of some rows of the conditions. @throws DataError for a row that cannot be, whatever is filled in. */
export type FillRows = (
  evaluation: ColumnsEvaluation,
  conditions: RowConditions,
  rows: readonly number[],
  options: FillRowsOptions,
) => Promise<FilledRows>;

/** The same by candidates in the order of the model. */
export const fillRows: FillRows = async (
  evaluation,
  conditions,
  rows,
  { draws, candidates = imputeDefaults.candidates, seed, rowsBefore, ...engine },
) => {
  const cells = conditions.columns.map(() => new Float64Array(rows.length * draws));
  const effectiveSize = new Float64Array(rows.length);
  const key = split(questionKey(seed), "impute");
  const planOf = planning(evaluation.model.density, conditions, candidates);
  const plannedRows = rows.map((row) => ({ row, plan: planOf(row), key }));
  const madeDraws = new MadeDraws();
  let filledRows = 0;
  for (const block of inBlocks(plannedRows, ({ plan }) => plan.particles + draws, blockParticles)) {
    const weighed = await weighRows(evaluation, conditions, block, madeDraws, engine);
    const picks = block.flatMap(({ row, plan }, i) => {
      const logWeights = partOf(weighed, i);
      checkPossible(logWeights, row);
      effectiveSize[filledRows + i] = worthOf(plan, logWeights);
      const stream = new RandomStream(split(key, rowsBefore + row));
      const rowPicks = pickSystematically(logWeights, draws, stream.uniform());
      return Array.from(stream.permutation(draws), (k) => weighed.starts[i]! + rowPicks[k]!);
    });
    const pickedCells = weighed.cells.map((column) => Float64Array.from(picks, (at) => column[at]!));
    // Behind the last known column there are none yet, and known ones of later rows are as they were.
    await drawRest(
      evaluation,
      conditions,
      {
        cells: pickedCells,
        plans: block.flatMap(({ plan }) => new Array<typeof plan>(draws).fill(plan)),
        numbers: block.flatMap(({ row }) =>
          Array.from({ length: draws }, (_, k) => (rowsBefore + row) * draws + k),
        ),
      },
      key,
      engine,
    );
    cells.forEach((column, c) => {
      column.set(pickedCells[c]!, filledRows * draws);
    });
    filledRows += block.length;
  }
  return { cells, effectiveSize };
};

/**
 * Fills the missing cells of a table.
 * @param source - The table, and the cells of the flow's columns, the given ones first.
 * @throws DataError for a row that cannot be, whatever is filled in.
 */
export async function fillTable(
  evaluation: ColumnsEvaluation,
  { columns, given }: FlowColumns,
  { table, cells }: { readonly table: Table; readonly cells: readonly Float64Array[] },
  { draws = imputeDefaults.draws, ...options }: ImputeOptions,
  fill: FillRows = fillRows,
): Promise<Imputation> {
  const conditions = {
    rows: table.rows,
    columns: cells.map((column, c): ColumnCondition => {
      if (c < given.length || !column.some(Number.isNaN)) return { cells: column };
      // What is filled in is a value.
      return {
        cells: column,
        isKnown: Uint8Array.from(column, (cell) => Number(!Number.isNaN(cell))),
        range: {},
      };
    }),
  };
  const incompleteRows = Array.from({ length: table.rows }, (_, row) => row).filter((row) =>
    conditions.columns.some(({ isKnown }) => isKnown?.[row] === 0),
  );
  const filledCells = Array.from({ length: draws }, () => cells.map((column) => column.slice()));
  const effectiveSize = new Float64Array(table.rows).fill(Number.POSITIVE_INFINITY);
  const rows = await fill(evaluation, conditions, incompleteRows, {
    draws,
    rowsBefore: table.rowsBefore ?? 0,
    ...options,
  });
  incompleteRows.forEach((row, i) => {
    effectiveSize[row] = rows.effectiveSize[i]!;
    filledCells.forEach((drawCells, k) => {
      drawCells.forEach((column, c) => {
        column[row] = rows.cells[c]![i * draws + k]!;
      });
    });
  });
  const schema = [...given, ...columns];
  // Cells that were there stay as they are, whatever decimals others are written with.
  const written = filledCells.map((drawCells) =>
    writtenCells(schema, drawCells).map((column, c) => {
      const { isKnown } = conditions.columns[c]!;
      return column.map((cell, row) => (isKnown?.[row] === 0 ? cell : drawCells[c]![row]!));
    }),
  );
  const tables = written.map((drawCells) => replaceColumns(table, tableOfCells(schema, drawCells)));
  const filled = conditions.columns.reduce(
    (sum, { isKnown }) => sum + (isKnown ? isKnown.reduce((open, known) => open + 1 - known, 0) : 0),
    0,
  );
  return { tables, filled, effectiveSize };
}
