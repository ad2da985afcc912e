/**
 * From base to cells and back, column by column: each cell is the conditional quantile of a standard normal number.
 *
 * @module
 */

import { normalsAt, type RandomKey, randomKey, split } from "../../random/philox.ts";
import { cellDistribution, logitOfNormal } from "./columnDistribution.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "./columnsModel.ts";
import { encodeCell } from "./encodeRows.ts";

/** Rows of a block. */
const blockRows = 4096;

/** Options of {@link sampleCells}. */
export interface SampleCellsOptions extends ColumnsEngineOptions {
  /** Same seed, same rows (default 0); a row depends on the seed and its number alone. */
  readonly seed?: number | undefined;
  /** Rows of the same seed that come before these (default 0). */
  readonly rowsBefore?: number | undefined;
}

/**
 * Runs through rows in the model's order, filling in the features of each column before the next one.
 * @param cellOf - The cell of a row, given its distribution; its column's place in the model's order.
 */
export async function columnByColumn(
  evaluation: ColumnsEvaluation,
  given: readonly Float64Array[],
  rows: number,
  options: ColumnsEngineOptions,
  cellOf: (row: number, j: number, distribution: ReturnType<typeof cellDistribution>) => number,
): Promise<void> {
  const { density } = evaluation.model;
  const { width, features, columns } = density;
  const shared = density.sharedOf(evaluation.model.values);
  const executable = await evaluation.get("numbers", options);
  for (let from = 0; from < rows; from += blockRows) {
    const count = Math.min(blockRows, rows - from);
    const encoded = new Float64Array(count * width);
    const inputs = new Float64Array(count * features);
    density.given.forEach((layout) => {
      for (let row = 0; row < count; row++)
        encodeCell(layout, given[layout.cell]![from + row]!, encoded, row * width);
    });
    for (const [j, layout] of columns.entries()) {
      for (let row = 0; row < count; row++)
        inputs.set(encoded.subarray(row * width, row * width + features), row * features);
      const columnMark = new Float64Array(columns.length);
      columnMark[j] = 1;
      const { numbers } = (
        await executable.run(
          { rows: count, inputs: { features: inputs } },
          { ...options, stepInputs: { chosen: columnMark } },
        )
      ).rows;
      for (let row = 0; row < count; row++) {
        const distribution = cellDistribution(layout, density.numbersOf(numbers!, row), shared);
        encodeCell(layout, cellOf(from + row, j, distribution), encoded, row * width);
      }
    }
  }
}

/** An array for each column. */
const arrays = (count: number, rows: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(rows));

/**
 * Cells for points of the base.
 * @param points - `rows` times the number of columns, row-major, in the table's order: standard normal numbers.
 * @param given - An array for each given column.
 * @returns An array for each column, in the table's order. Cost: one pass through the network per column.
 */
export async function cellsOfPoints(
  evaluation: ColumnsEvaluation,
  points: Float64Array,
  given: readonly Float64Array[],
  options: ColumnsEngineOptions = {},
): Promise<Float64Array[]> {
  const { density } = evaluation.model;
  const { columns } = density;
  const rows = points.length / columns.length;
  const cells = arrays(columns.length, rows);
  await columnByColumn(evaluation, given, rows, options, (row, j, distribution) => {
    const place = columns[j]!.cell - density.given.length;
    const cell = distribution.quantile(logitOfNormal(points[row * columns.length + place]!));
    cells[place]![row] = cell;
    return cell;
  });
  return cells;
}

/** Samples: `n` rows, an array for each column in the table's order. */
export async function sampleCells(
  evaluation: ColumnsEvaluation,
  n: number,
  given: readonly Float64Array[],
  { seed = 0, rowsBefore = 0, ...options }: SampleCellsOptions = {},
): Promise<Float64Array[]> {
  const count = evaluation.model.density.columns.length;
  const key: RandomKey = split(randomKey(seed), "sample");
  const points = new Float64Array(n * count);
  for (let row = 0; row < n; row++) normalsAt(key, rowsBefore + row, count, points, row * count);
  return cellsOfPoints(evaluation, points, given, options);
}
