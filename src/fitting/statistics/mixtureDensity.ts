/**
 * A fitted mixture of Gaussians with full covariances, whose components live in units of the standardized columns.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import {
  drawFromMixture,
  mixtureLogDensity,
  mixtureTerms,
  type NormalComponent,
} from "../../numerics/normalDistributions.ts";
import type { RandomStream } from "../../random/philox.ts";
import { selectColumns, type Table } from "../../tables/table.ts";

/** A fitted mixture of Gaussians. */
export class GaussianMixture {
  /** Columns that the density is of, in order. */
  readonly columns: readonly string[];
  /** Weights of the components; they add up to 1. */
  readonly weights: readonly number[];
  /** Means of the components, in the data's units. */
  readonly means: readonly (readonly number[])[];
  /** Mean log-likelihood of the rows that it was fitted to, in nats per row, after each step of EM. */
  readonly history: readonly number[];
  /** Mean log-likelihood of the rows that it was fitted to, in nats per row. */
  readonly trainLogProb: number;
  /** Free parameters: weights, means and covariances. */
  readonly parameterCount: number;
  /** -2 log L + parameters * log n; smaller is better. */
  readonly bic: number;
  readonly #scaling: Scaling;
  readonly #components: readonly NormalComponent[];

  /** @internal Use `fitGaussianMixture`. */
  constructor(
    table: Table,
    scaling: Scaling,
    components: readonly NormalComponent[],
    history: readonly number[],
  ) {
    const width = table.columns.length;
    this.columns = table.columns;
    this.#scaling = scaling;
    this.#components = components;
    this.weights = components.map((component) => component.weight);
    this.means = components.map(({ mean }) =>
      Array.from(mean, (value, place) => scaling.center[place]! + scaling.scale[place]! * value),
    );
    this.history = history.map((value) => value - scaling.logAbsDet);
    this.trainLogProb = this.history[this.history.length - 1]!;
    this.parameterCount = components.length * (1 + width + (width * (width + 1)) / 2) - 1;
    this.bic = -2 * this.trainLogProb * table.rows + this.parameterCount * Math.log(table.rows);
  }

  /** Cholesky factors of the covariances in the data's units: lower triangular, row-major, `d * d` each. */
  get factors(): readonly Float64Array[] {
    const width = this.columns.length;
    return this.#components.map(({ whiten }) => {
      // The inverse of a lower triangular matrix, column by column.
      const factor = new Float64Array(width * width);
      for (let j = 0; j < width; j++)
        for (let i = j; i < width; i++) {
          let value = i === j ? 1 : 0;
          for (let k = j; k < i; k++) value -= whiten[i * width + k]! * factor[k * width + j]!;
          factor[i * width + j] = value / whiten[i * width + i]!;
        }
      return factor.map((value, at) => value * this.#scaling.scale[Math.floor(at / width)]!);
    });
  }

  /** Number of components. */
  get components(): number {
    return this.#components.length;
  }

  /**
   * The log-density of each row, in nats, in the data's units. Columns are matched by name. NaN where a value
   * is missing.
   *
   * @throws DataError if a column is not there.
   */
  logProb(table: Table): Float64Array {
    const rows = standardize(selectColumns(table, this.columns), this.#scaling);
    const width = this.columns.length;
    const terms = mixtureTerms(this.#components.length, width);
    const result = new Float64Array(table.rows);
    for (let row = 0; row < table.rows; row++) {
      const logDensity = mixtureLogDensity(this.#components, rows, row * width, terms);
      result[row] = logDensity - this.#scaling.logAbsDet;
    }
    return result;
  }

  /** Covariances of the components, in the data's units, `columns` squared numbers each. */
  get covariances(): readonly (readonly number[])[] {
    const width = this.columns.length;
    return this.factors.map((factor) =>
      Array.from({ length: width * width }, (_, at) => {
        const i = Math.floor(at / width);
        const j = at % width;
        let sum = 0;
        for (let k = 0; k <= Math.min(i, j); k++) sum += factor[i * width + k]! * factor[j * width + k]!;
        return sum;
      }),
    );
  }

  /** Draws rows, row-major in the order of `columns`, in the data's units. */
  sample(rows: number, stream: RandomStream): Float64Array {
    const width = this.columns.length;
    const out = new Float64Array(rows * width);
    const draw = new Float64Array(width);
    for (let row = 0; row < rows; row++) {
      drawFromMixture(this.#components, stream, draw);
      for (let i = 0; i < width; i++)
        out[row * width + i] = this.#scaling.center[i]! + this.#scaling.scale[i]! * draw[i]!;
    }
    return out;
  }
}

/** One weight a row, of mean 1; undefined where all rows count the same. */
export type Weights = Float64Array | undefined;

/** Means and standard deviations of the columns, and the log-determinant of the scaling. */
export interface Scaling {
  readonly center: Float64Array;
  readonly scale: Float64Array;
  readonly logAbsDet: number;
}

/**
 * The scaling of a table.
 * @throws {@link DataError} for a column that is constant or has missing values.
 */
export function measure(table: Table, weights: Weights): Scaling {
  const width = table.columns.length;
  const center = new Float64Array(width);
  const scale = new Float64Array(width);
  let logAbsDet = 0;
  for (let place = 0; place < width; place++) {
    let mean = 0;
    for (let row = 0; row < table.rows; row++)
      mean += ((weights?.[row] ?? 1) * table.values[row * width + place]!) / table.rows;
    let variance = 0;
    for (let row = 0; row < table.rows; row++) {
      variance += ((weights?.[row] ?? 1) * (table.values[row * width + place]! - mean) ** 2) / table.rows;
    }
    if (!Number.isFinite(variance) || variance === 0) {
      const name = table.columns[place]!;
      const what = variance === 0 ? "is constant" : "has missing or infinite values";
      throw new DataError(
        {
          problem: `column "${name}" ${what}`,
          expected: "finite numbers that differ",
          received: what,
          remedy: "a Gaussian mixture cannot be fitted to it",
        },
        {
          column: name,
        },
      );
    }
    center[place] = mean;
    scale[place] = Math.sqrt(variance);
    logAbsDet += Math.log(scale[place]!);
  }
  return { center, scale, logAbsDet };
}

/** Row-major rows in units of the scaling. */
export function standardize(table: Table, { center, scale }: Scaling): Float64Array {
  const width = table.columns.length;
  return table.values.map((value, at) => (value - center[at % width]!) / scale[at % width]!);
}
