/**
 * Where the base has cells.
 *
 * @module
 */

import { randomKey, split, uniformsAt } from "../../random/philox.ts";
import { logitBetween, normalOfLogit } from "../columns/columnDistribution.ts";
import type { ColumnsEvaluation } from "../columns/columnsModel.ts";
import { columnByColumn, type SampleCellsOptions } from "../columns/drawCells.ts";

/** Where the base has cells. */
export interface BasePoints {
  /** Standard normal numbers, row-major, in the table's order: for a discrete cell a uniform point of its interval. */
  readonly points: Float64Array;
  /** Ends of the intervals, as standard normal numbers; equal where the column is continuous. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * The points of the base that give some cells: for a discrete cell its interval [F(y-), F(y)], and a seeded uniform point in it, so that
 * points of rows that follow the density are standard normal.
 * @param cells - An array for each column: the given ones, then the others in the table's order. They must be possible.
 */
export async function pointsOfCells(
  evaluation: ColumnsEvaluation,
  cells: readonly Float64Array[],
  { seed = 0, ...options }: SampleCellsOptions = {},
): Promise<BasePoints> {
  const { density } = evaluation.model;
  const { columns, given } = density;
  const rows = cells[0]!.length;
  const key = split(randomKey(seed), "points of cells");
  const size = rows * columns.length;
  const [points, low, high] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const uniform = new Float64Array(columns.length);
  await columnByColumn(evaluation, cells.slice(0, given.length), rows, options, (row, j, distribution) => {
    const own = columns[j]!;
    const cell = cells[own.cell]![row]!;
    const place = own.cell - given.length;
    const at = row * columns.length + place;
    const [below, above] = distribution.interval(cell);
    uniformsAt(key, row, columns.length, uniform);
    low[at] = normalOfLogit(below);
    high[at] = normalOfLogit(above);
    points[at] = below === above ? low[at]! : normalOfLogit(logitBetween(below, above, uniform[place]!));
    return cell;
  });
  return { points, low, high };
}
