/**
 * Dequantization: spreads values that were recorded in steps over the step, so that they have a density.
 *
 * @module
 */

import { DataError } from "../errors.ts";
import { type RandomKey, split, uniformsAt } from "../random/philox.ts";
import { diagnoseColumns } from "./checks.ts";
import { measureResolution } from "./resolution.ts";
import { column, selectColumns, type Table } from "./table.ts";

/** A table with noise, and how wide it is. */
export interface Dequantized {
  readonly table: Table;
  /** Width of the noise by column, in the column's units; the columns that were spread, and no others. */
  readonly resolutions: ReadonlyMap<string, number>;
}

/** The width of the noise for a column that was named. */
function widthOf(table: Table, name: string): number {
  const { count, distinct, lattice, step } = measureResolution(column(table, name));
  if (step === undefined || (distinct === count && !lattice)) {
    const why =
      step === undefined ? "has fewer than two distinct values" : "has no repeated values and no grid";
    throw new DataError(
      {
        problem: `column "${name}" ${why}: there is no step to spread it by`,
        expected: "values recorded in steps",
        received: `a column that ${why}`,
        remedy: "do not dequantize it",
      },
      {
        column: name,
      },
    );
  }
  return step;
}

/**
 * Adds uniform noise of one recorded step, centered on the recorded value, to columns. The noise is a function of
 * the key, the column's name and the row alone: other columns, and rows after it, do not change it. Missing
 * values stay missing, infinite ones infinite. The table that is given is left as it is.
 *
 * For whole numbers the step is the greatest that they all share, otherwise the smallest gap between distinct
 * values, rounding errors aside.
 *
 * @param names the columns, or `"all"`: those that `diagnoseColumns` warns of, possibly none.
 * @throws DataError if a named column is not there, holds text, or has no step (all values distinct and not on a
 *   grid, or fewer than two of them).
 */
export function dequantize(table: Table, names: readonly string[] | "all", key: RandomKey): Dequantized {
  const resolutions = new Map<string, number>();
  if (names === "all") {
    for (const warning of diagnoseColumns(table)) resolutions.set(warning.column, warning.resolution);
  } else {
    // The same errors for unknown names and text as everywhere.
    if (names.length > 0) selectColumns(table, names);
    for (const name of names) resolutions.set(name, widthOf(table, name));
  }
  const values = table.values.slice();
  const width = table.columns.length;
  const noise = new Float64Array(1);
  for (const [name, step] of resolutions) {
    const columnKey = split(key, name);
    const place = table.columns.indexOf(name);
    for (let row = 0, at = place; row < table.rows; row++, at += width) {
      uniformsAt(columnKey, row, 1, noise);
      values[at]! += (noise[0]! - 0.5) * step;
    }
  }
  return { table: { ...table, values }, resolutions };
}
