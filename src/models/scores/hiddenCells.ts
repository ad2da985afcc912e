/**
 * Cells that are missing in a column which never was: what is known of the others.
 *
 * @module
 */

import { badCell } from "../../errors.ts";
import type { ColumnsEvaluation } from "../columns/columnsModel.ts";
import type { EncodedRows } from "../columns/encodeRows.ts";

/** Refuses a missing cell before an observed one in the model's order. */
export function checkSuffix(
  { model: { density } }: ColumnsEvaluation,
  { rows, unknown }: EncodedRows,
  from: number,
): void {
  const { columns } = density;
  for (let row = 0; row < rows; row++) {
    // The network has learnt to do without cells that are masked.
    const first = columns.findIndex(
      ({ column }, j) => unknown[row * columns.length + j] === 1 && !column.masked,
    );
    if (first < 0) continue;
    for (let j = first + 1; j < columns.length; j++) {
      if (unknown[row * columns.length + j] === 1) continue;
      const { column } = columns[first]!;
      throw badCell(column.name, from + row + 1, {
        problem: `the cell is missing, which none was in the rows of the fit, and ${JSON.stringify(columns[j]!.column.name)} comes after it in the model's order: the density of the other cells is not known exactly`,
        expected: "a value",
        received: "a missing cell",
        remedy: "fill it in, or leave the row out",
      });
    }
  }
}
