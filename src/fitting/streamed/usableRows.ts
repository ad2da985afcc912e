/**
 * The rows of a table in batches that a fit can use.
 *
 * @module
 */

import { countingRows } from "../../tables/batches/rowNumbers.ts";
import { completenessOf, missingValue } from "../../tables/checks.ts";
import { sharedColumns } from "../../tables/picks.ts";
import { column, type Table } from "../../tables/table.ts";
import type { FitOptions } from "../fitOptions.ts";
import { scaledWeights } from "../rowWeights.ts";

/** A batch, and which of its rows a fit can use. */
export interface UsableBatch {
  /** The used columns. */
  readonly table: Table;
  /** Rows before it. */
  readonly rowsBefore: number;
  /** Whether a row, from 0, can be used. */
  isUsable(row: number): boolean;
  /** Rows that miss a value. */
  readonly incomplete: number;
}

/**
 * A batch with the columns of these names (the weights among them), and which of its rows can be used: those that miss no value, and have a weight.
 * @throws DataError for an infinite value, a negative weight and, unless they are to be left out, a missing value: as a fit to a table in
 *   memory, which names the row.
 */
export async function usableBatch(
  batch: Table,
  names: readonly string[],
  { weights, missing }: Pick<FitOptions, "weights" | "missing">,
): Promise<UsableBatch> {
  const { rowsBefore = 0 } = batch;
  const table = sharedColumns(batch, names);
  const weightOf = weights === undefined ? undefined : column(table, weights);
  const { complete, incomplete, first } = await countingRows(batch, async () => {
    // For the error that a negative weight is.
    if (weightOf?.some((weight) => weight < 0))
      scaledWeights(weights!, weightOf, Array.from(weightOf.keys()));
    return completenessOf(table);
  });
  if (first >= 0 && missing !== "drop")
    throw missingValue(names[first % names.length]!, rowsBefore + Math.floor(first / names.length) + 1);
  return { table, rowsBefore, isUsable: (row) => complete[row] === 1 && weightOf?.[row] !== 0, incomplete };
}

/** One {@link usableBatch} after the other. */
export async function* usableBatches(
  batches: AsyncIterable<Table>,
  names: readonly string[],
  options: Pick<FitOptions, "weights" | "missing">,
): AsyncGenerator<UsableBatch> {
  for await (const batch of batches) yield await usableBatch(batch, names, options);
}

/** Names of the columns that a fit uses: given ones, fitted ones, weights. */
export const usedColumns = (
  { given = [], columns }: { readonly given?: readonly string[]; readonly columns: readonly string[] },
  weights: string | undefined,
): readonly string[] => [...given, ...columns, ...(weights === undefined ? [] : [weights])];
