/**
 * Where the base has rows of cells.
 *
 * @module
 */

import type { Cells } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { ColumnsEvaluation } from "../columns/columnsModel.ts";
import { cellsOfPoints, type SampleCellsOptions } from "../columns/drawCells.ts";
import { impossibleRows, pointsOfCells } from "../rows/pointsOfCells.ts";
import { checkGivenCells } from "./impossibleCells.ts";

/**
 * The points of the base of rows, row-major; not numbers for rows that cannot be.
 * @param given - What the given columns are.
 * @param cells - Of the given columns, then of the others in the table's order.
 * @throws DataError for a cell that is missing where none was in the rows of the fit, and a given one that none was.
 */
export async function baseOfCells(
  evaluation: ColumnsEvaluation,
  given: readonly ColumnSchema[],
  { cells, textAt }: Cells,
  options: SampleCellsOptions,
): Promise<Float64Array> {
  const { density } = evaluation.model;
  checkGivenCells(density, given, cells, textAt);
  const impossible = impossibleRows(density, cells);
  const numbers = Array.from(cells[0]!.keys()).filter((row) => !impossible.has(row));
  const possible = cells.map((cells) => Float64Array.from(numbers, (row) => cells[row]!));
  const { points } = await pointsOfCells(evaluation, possible, options, numbers);
  if (impossible.size === 0) return points;
  const width = density.columns.length;
  const all = new Float64Array(cells[0]!.length * width).fill(Number.NaN);
  numbers.forEach((row, i) => {
    all.set(points.subarray(i * width, (i + 1) * width), row * width);
  });
  return all;
}

/**
 * The cells of points of the base, row-major.
 * @param given - An array for each given column.
 */
export async function dataOfPoints(
  evaluation: ColumnsEvaluation,
  points: Float64Array,
  given: readonly Float64Array[],
  options: SampleCellsOptions,
): Promise<Float64Array> {
  const width = evaluation.model.density.columns.length;
  const cells = await cellsOfPoints(evaluation, points, given, options);
  return Float64Array.from(points, (_, i) => cells[i % width]![Math.floor(i / width)]!);
}
