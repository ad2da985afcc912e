/**
 * Why rows have the density 0, or none: cells that a column cannot have.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { quoteCell } from "../../tables/reading/cell.ts";
import type { Cells } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { momentText } from "../../tables/schema/dateTimes.ts";
import { atomsOf, boundsOf, hasLevels, stepOf } from "../columns/column.ts";
import type { ColumnLayout, ColumnsDensity } from "../columns/columnsDensity.ts";
import { type EncodeOptions, encodeCell } from "../columns/encodeRows.ts";

/** A row whose density is 0, with the first cell that says why. */
export interface ImpossibleRow {
  /** Its number, from 1. */
  readonly row: number;
  /** The column of the cell; undefined where no single cell is to blame. */
  readonly column: string | undefined;
  /** The cell, as it stands in the table. */
  readonly cell: string | undefined;
  /** Why, in half a sentence: `color is "mauve", which no row of the fit had`. */
  readonly reason: string;
}

/** Whether a column can have a cell: told by its encoding, which is what scores are made of. */
export function cellTest(
  density: ColumnsDensity,
  layout: ColumnLayout,
  options: EncodeOptions,
): (cell: number) => boolean {
  const scratch = new Float64Array(density.width);
  return (cell) => {
    const offset = encodeCell(layout, cell, scratch, 0, 0, options);
    return !(Number.isNaN(offset) || offset === Number.NEGATIVE_INFINITY);
  };
}

/**
 * Why a column cannot have a cell.
 * @param text - The cell as it stands in the table.
 */
export function whyImpossible(
  { column }: ColumnLayout,
  schema: ColumnSchema,
  cell: number,
  text: string,
): string {
  const written = (value: number): string =>
    column.kind === "date-time" && Number.isFinite(value)
      ? momentText(value, schema.step ?? 1)
      : String(value);
  const name = JSON.stringify(column.name);
  if (Number.isNaN(cell)) return `${name} is missing, which none was in the rows of the fit`;
  if (hasLevels(column)) return `${name} is ${quoteCell(text)}, which no row of the fit had`;
  if (!Number.isFinite(cell)) return `${name} is ${cell}`;
  const [lower, upper] = boundsOf(column);
  const is = `${name} is ${written(cell)}`;
  if (cell < lower) return `${is}, below its lower bound, ${written(lower)}`;
  if (cell > upper) return `${is}, above its upper bound, ${written(upper)}`;
  const step = stepOf(column);
  if (step !== undefined) {
    const unit = column.kind === "date-time" ? " ms" : "";
    return `${is}, off its grid: from ${written(column.from ?? 0)} in steps of ${step}${unit}`;
  }
  const atoms = atomsOf(column);
  if (cell === lower || cell === upper)
    return `${is}, on its bound, which ${atoms.length > 0 ? `is not one of its atoms, ${atoms.join(", ")}` : "no row of the fit was"}`;
  return `the density of ${name} is 0 at ${written(cell)}`;
}

/** What is needed to say which rows cannot be. */
export interface ScoredCells {
  readonly density: ColumnsDensity;
  /** The columns of the cells, the given ones first. */
  readonly schema: readonly ColumnSchema[];
  readonly cells: Cells;
}

/**
 * The rows of some that have a density of 0, each with its first cell, in the table's order, that a column cannot have.
 * @param logProb - Log-densities of the rows with a score.
 * @param scored - Places of these from 0; undefined where they are all rows.
 */
export function impossibleRowsOf(
  { density, schema, cells: { cells, textAt } }: ScoredCells,
  logProb: Float64Array,
  scored: readonly number[] | undefined,
  options: EncodeOptions,
): readonly ImpossibleRow[] {
  const places = Array.from(logProb.keys(), (i) => scored?.[i] ?? i);
  const rows = places.filter((_, i) => logProb[i] === Number.NEGATIVE_INFINITY);
  const columns = [...density.columns].sort((a, b) => a.cell - b.cell);
  const tests = columns.map((column) => cellTest(density, column, options));
  return rows.map((row) => {
    const j = tests.findIndex((canHave, i) => {
      const cell = cells[columns[i]!.cell]![row]!;
      // One that is missing where none was is summed out.
      return !(Number.isNaN(cell) || canHave(cell));
    });
    const name = columns[j];
    if (!name)
      return {
        row: row + 1,
        column: undefined,
        cell: undefined,
        reason: "its density is too small for a number",
      };
    const text = textAt(name.cell, row);
    return {
      row: row + 1,
      column: name.column.name,
      cell: text,
      reason: whyImpossible(name, schema[name.cell]!, cells[name.cell]![row]!, text),
    };
  });
}

/**
 * Refuses what a flow is given where no row of the fit could be so.
 * @param cells - Of the given columns first.
 * @throws {@link DataError} that names the column, and the row.
 */
export function checkGivenCells(
  density: ColumnsDensity,
  schema: readonly ColumnSchema[],
  cells: readonly Float64Array[],
  textAt: Cells["textAt"] = (column, row) => String(cells[column]![row]),
): void {
  density.given.forEach((column, i) => {
    const canHave = cellTest(density, column, {});
    const row = cells[i]!.findIndex((cell) => !canHave(cell));
    if (row < 0) return;
    const why = whyImpossible(column, schema[i]!, cells[i]![row]!, textAt(i, row));
    throw new DataError(
      {
        problem: `row ${row + 1} is given what the model cannot be given: ${why}`,
        expected: "a value that the model can be given",
        received: why,
        remedy: "mend the value",
      },
      { column: column.column.name, row: row + 1 },
    );
  });
}
