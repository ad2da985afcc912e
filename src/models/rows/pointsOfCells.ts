/**
 * Where the base has cells.
 *
 * @module
 */

import { badCell } from "../../errors.ts";
import { randomKey, split, uniformsAt } from "../../random/philox.ts";
import { logitBetween, normalOfLogit } from "../columns/columnDistribution.ts";
import type { ColumnsDensity } from "../columns/columnsDensity.ts";
import type { ColumnsEvaluation } from "../columns/columnsModel.ts";
import { columnByColumn, type SampleCellsOptions } from "../columns/drawCells.ts";
import { encodeRows } from "../columns/encodeRows.ts";

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
 * @param numbers - What the rows are numbered by (default: their places): the point of a row depends on its cells, its number and the
 *   seed alone.
 */
export async function pointsOfCells(
  evaluation: ColumnsEvaluation,
  cells: readonly Float64Array[],
  { seed = 0, ...options }: SampleCellsOptions = {},
  numbers?: ArrayLike<number>,
): Promise<BasePoints> {
  const { density } = evaluation.model;
  const { columns, given } = density;
  const rows = cells[0]!.length;
  const key = split(randomKey(seed), "points of cells");
  const size = rows * columns.length;
  const [points, low, high] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const uniform = new Float64Array(columns.length);
  await columnByColumn(evaluation, cells.slice(0, given.length), rows, options, (row, j, distribution) => {
    const columnCells = columns[j]!;
    const cell = cells[columnCells.cell]![row]!;
    const place = columnCells.cell - given.length;
    const at = row * columns.length + place;
    const [below, above] = distribution.interval(cell);
    uniformsAt(key, numbers?.[row] ?? row, columns.length, uniform);
    low[at] = normalOfLogit(below);
    high[at] = normalOfLogit(above);
    points[at] = below === above ? low[at]! : normalOfLogit(logitBetween(below, above, uniform[place]!));
    return cell;
  });
  return { points, low, high };
}

/** Rows that are encoded at a time. */
const blockRows = 8192;

/**
 * Rows that cannot be, such as those with a level that the column does not have. Told by their encoding, without the network.
 * @throws DataError for a cell that is missing where none was in the rows of the fit.
 */
export function impossibleRows(density: ColumnsDensity, cells: readonly Float64Array[]): ReadonlySet<number> {
  const count = density.columns.length;
  const rows = cells[0]!.length;
  const impossible = new Set<number>();
  for (let from = 0; from < rows; from += blockRows) {
    const { offsets, unknown } = encodeRows(density, cells, from, Math.min(rows, from + blockRows));
    const missing = unknown.indexOf(1);
    if (missing >= 0) {
      const { name } = density.columns[missing % count]!.column;
      const row = from + Math.floor(missing / count) + 1;
      throw badCell(name, row, {
        problem: "the cell is missing, which none was in the rows of the fit: it has no point of the base",
        expected: "a value",
        received: "a missing cell",
        remedy: "fill it in, or leave the row out",
      });
    }
    offsets.forEach((offset, i) => {
      if (offset === Number.NEGATIVE_INFINITY) impossible.add(from + Math.floor(i / count));
    });
  }
  return impossible;
}
