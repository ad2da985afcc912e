/**
 * The columns of two tables side by side, as numbers, for what compares them.
 *
 * @module
 */

import { filtered } from "../../tables/filtered.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { Table } from "../../tables/table.ts";

/** A column of two tables. */
export interface ComparedColumn {
  /** What it is. */
  readonly schema: ColumnSchema;
  /** Whether its cells are numbers, places of levels, or angles. */
  readonly type: "numbers" | "levels" | "angles";
  /** Cells of the held-out rows; not a number where they are missing. */
  readonly test: Float64Array;
  /** Cells of the samples. */
  readonly samples: Float64Array;
}

function typeOf({ kind }: ColumnSchema): ComparedColumn["type"] {
  if (kind === "categorical" || kind === "ordinal" || kind === "boolean") return "levels";
  return kind === "angle" ? "angles" : "numbers";
}

/** The columns of two tables. */
export function comparedColumns(
  schema: readonly ColumnSchema[],
  test: Table,
  samples: Table,
): readonly ComparedColumn[] {
  const [first, second] = [cellsOf(test, schema).cells, cellsOf(samples, schema).cells];
  return schema.map((column, i) => ({
    schema: column,
    type: typeOf(column),
    test: first[i]!,
    samples: second[i]!,
  }));
}

/** Cells that are not missing. */
export const present = (cells: Float64Array): Float64Array => filtered(cells, (cell) => !Number.isNaN(cell));

/** Share of the cells that are missing. */
export const missingShare = (cells: Float64Array): number =>
  cells.reduce((count, cell) => count + Number(Number.isNaN(cell)), 0) / cells.length;

/** Some rows of cells. */
export const pickCells = (cells: Float64Array, rows: ArrayLike<number>): Float64Array =>
  Float64Array.from(rows, (row) => cells[row]!);

/** Turn of an angle. */
export const turnOf = ({ period = 360 }: ColumnSchema): number => period;
