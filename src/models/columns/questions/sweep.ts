/**
 * Rows that are filled in column by column, in the order of the model.
 *
 * @module
 */

import { type CellDistribution, cellDistribution } from "../columnDistribution.ts";
import type { ColumnLayout } from "../columnsDensity.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import { encodeCell } from "../encodeRows.ts";

/** Rows of cells, of which an engine gives the distributions one column at a time. */
export class Sweep {
  readonly #evaluation: ColumnsEvaluation;
  readonly #cells: readonly Float64Array[];
  readonly #options: ColumnsEngineOptions;
  /** The encoded rows. */
  protected readonly encoded: Float64Array;
  readonly #places: readonly number[];

  /**
   * @param cells - An array for each column, the given ones first; they are read when a column is written.
   * @param places - Where the rows are in those arrays.
   */
  constructor(
    evaluation: ColumnsEvaluation,
    cells: readonly Float64Array[],
    places: readonly number[],
    options: ColumnsEngineOptions,
  ) {
    const { density } = evaluation.model;
    this.#evaluation = evaluation;
    this.#cells = cells;
    this.#options = options;
    this.#places = places;
    this.encoded = new Float64Array(places.length * density.width);
    for (const layout of density.given) this.#writeColumn(layout);
  }

  /** Lets later columns see the j-th column of the model's order. */
  write(j: number): void {
    this.#writeColumn(this.#evaluation.model.density.columns[j]!);
  }

  #writeColumn(layout: ColumnLayout): void {
    const { width } = this.#evaluation.model.density;
    const cells = this.#cells[layout.cell]!;
    this.#places.forEach((place, row) => {
      encodeCell(layout, cells[place]!, this.encoded, row * width);
    });
  }

  /** Calls back with the distribution of the j-th column for some rows; all columns before it must be written. */
  async distributions(
    j: number,
    rows: readonly number[],
    visit: (row: number, distribution: CellDistribution) => void,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { density, values } = this.#evaluation.model;
    const { width, features, columns } = density;
    const shared = density.sharedOf(values);
    const executable = await this.#evaluation.get("numbers", this.#options);
    const inputs = new Float64Array(rows.length * features);
    rows.forEach((row, i) => {
      inputs.set(this.encoded.subarray(row * width, row * width + features), i * features);
    });
    const columnMark = new Float64Array(columns.length);
    columnMark[j] = 1;
    const { numbers } = (
      await executable.run(
        { rows: rows.length, inputs: { features: inputs } },
        { ...this.#options, stepInputs: { chosen: columnMark } },
      )
    ).rows;
    rows.forEach((row, i) => {
      visit(row, cellDistribution(columns[j]!, density.numbersOf(numbers!, i), shared));
    });
  }
}
