/**
 * How strange rows are beside reference rows: how far the nearest of these are, and which columns are to blame.
 *
 *     t_j(x, r)              distance of column j, the same measure for all columns (see `columnDistance`)
 *     D(x, r) = sum_j t_j(x, r)
 *     score(x) = mean of D over the farther half of the k reference rows that are nearest to x
 *
 * A column is to blame by how far it is from those rows that are nearest in all other columns: b_j = mean of t_j over the k rows of the
 * smallest D - t_j. So a value that is ordinary by itself, but not beside the others, is found; `expected` is what those rows have there.
 * Strange rows that are alike, fewer than k / 2 of them, do not vouch for one another: they are the nearer half.
 *
 * The mean distance to near neighbors: F. Angiulli, C. Pizzuti, "Fast outlier detection in high dimensional spaces", PKDD 2002,
 * https://doi.org/10.1007/3-540-45681-3_2
 *
 * O((rows + reference rows) * reference rows * columns).
 *
 * @module
 */

import { AbortedError, NumericalError } from "../../errors.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { type ColumnDistance, columnDistance } from "./columnDistance.ts";

/** What is strange about one row. */
export interface RowStrangeness {
  readonly score: number;
  /** How far each column is from rows that are alike in the others. */
  readonly byColumn: Float64Array;
  /** What these have in its place, of the columns that are farthest; not a number where most are missing there, and of the other columns. */
  readonly expected: Float64Array;
}

/** Of how many columns it is found out what to expect. */
export const mostExpected = 5;
/** Comparisons between two turns of the event loop, some 50 ms of them. */
const comparisonsATurn = 5e6;

/** Reference rows that others are held against. */
export class Neighbours {
  readonly #columns: readonly ColumnDistance[];
  readonly #rows: number;
  readonly #nearestCount: number;
  /** Of one row: distances by column and reference row, and their sums. */
  readonly #distances: Float64Array;
  readonly #totals: Float64Array;
  /** Places of the nearest rows, and of those that are nearest in all columns but each. */
  readonly #nearestPlaces: Uint32Array;
  readonly #nearestWithout: readonly Uint32Array[];
  readonly #selection: Selection;

  constructor(schema: readonly ColumnSchema[], reference: readonly Float64Array[], nearest: number) {
    this.#columns = schema.map((column, j) => columnDistance(column, reference[j]!));
    this.#rows = reference[0]!.length;
    // A reference row is not its own neighbor.
    this.#nearestCount = Math.min(nearest, this.#rows - 1);
    this.#distances = new Float64Array(schema.length * this.#rows);
    this.#totals = new Float64Array(this.#rows);
    this.#nearestPlaces = new Uint32Array(this.#nearestCount);
    this.#nearestWithout = schema.map(() => new Uint32Array(this.#nearestCount));
    this.#selection = new Selection(this.#rows);
  }

  /** Scores of the reference rows themselves, each held against the others. */
  async scoresAmong(
    reference: readonly Float64Array[],
    signal: AbortSignal | undefined,
  ): Promise<Float64Array> {
    const scores = new Float64Array(this.#rows);
    await this.#eachRow(reference, signal, (row) => {
      this.#totals[row] = Number.POSITIVE_INFINITY;
      scores[row] = this.#score();
    });
    return scores;
  }

  /** Scores of rows. */
  async scores(cells: readonly Float64Array[], signal: AbortSignal | undefined): Promise<Float64Array> {
    const scores = new Float64Array(cells[0]!.length);
    await this.#eachRow(cells, signal, (row) => {
      scores[row] = this.#score();
    });
    return scores;
  }

  /** Scores of rows and what is to blame for them. */
  async explain(cells: readonly Float64Array[], signal: AbortSignal | undefined): Promise<RowStrangeness[]> {
    const explained: RowStrangeness[] = [];
    await this.#eachRow(cells, signal, () => explained.push(this.#explain()));
    return explained;
  }

  async #eachRow(
    cells: readonly Float64Array[],
    signal: AbortSignal | undefined,
    visit: (row: number) => void,
  ): Promise<void> {
    const rowsATurn = Math.max(1, Math.floor(comparisonsATurn / this.#distances.length));
    for (let row = 0; row < cells[0]!.length; row++) {
      if (row % rowsATurn === 0) {
        await new Promise((resolve) => setTimeout(resolve));
        if (signal?.aborted) throw new AbortedError("the search for anomalies was stopped");
      }
      this.#measure(cells, row);
      visit(row);
    }
  }

  /** Distances of one row from all reference rows. */
  #measure(cells: readonly Float64Array[], row: number): void {
    const [rows, totals, distances] = [this.#rows, this.#totals, this.#distances];
    totals.fill(0);
    this.#columns.forEach((column, j) => {
      const start = j * rows;
      column.distances(cells[j]![row]!, distances, start);
      for (let i = 0; i < rows; i++) totals[i]! += distances[start + i]!;
    });
  }

  /**
   * The mean of the farther half of the nearest distances, to seven digits: rows that are equally far have the same score in any units,
   * which change the last digits.
   */
  #score(): number {
    this.#selection.smallest(this.#totals, Number.POSITIVE_INFINITY, this.#nearestPlaces);
    const sorted = Float64Array.from(this.#nearestPlaces, (i) => this.#totals[i]!).sort();
    const farther = sorted.subarray(sorted.length >> 1);
    return Math.fround(farther.reduce((sum, distance) => sum + distance / farther.length, 0));
  }

  #explain(): RowStrangeness {
    const score = this.#score();
    const farthestOfNearest = this.#nearestPlaces.reduce(
      (largest, i) => Math.max(largest, this.#totals[i]!),
      0,
    );
    const byColumn = new Float64Array(this.#columns.length);
    const expected = new Float64Array(this.#columns.length).fill(Number.NaN);
    const [rows, distances] = [this.#rows, this.#distances];
    this.#nearestWithout.forEach((nearestPlaces, j) => {
      const columnDistances = distances.subarray(j * rows, (j + 1) * rows);
      // Without a column no row is farther: so many are within the same limit.
      this.#selection.smallest(this.#totals, farthestOfNearest, nearestPlaces, columnDistances);
      let sum = 0;
      for (const i of nearestPlaces) sum += columnDistances[i]!;
      byColumn[j] = sum / nearestPlaces.length;
    });
    const farthest = Array.from(byColumn.keys()).sort((a, b) => byColumn[b]! - byColumn[a]! || a - b);
    for (const j of farthest.slice(0, mostExpected))
      expected[j] = this.#columns[j]!.typical(this.#nearestWithout[j]!);
    return { score, byColumn, expected };
  }
}

/** Finds the smallest of some numbers. */
class Selection {
  readonly #values: Float64Array;
  readonly #sorted: Float64Array;
  readonly #places: Uint32Array;

  /** @param largest - Numbers at most. */
  constructor(largest: number) {
    this.#values = new Float64Array(largest);
    this.#sorted = new Float64Array(largest);
    this.#places = new Uint32Array(largest);
  }

  /**
   * Writes the places of the smallest numbers, of those that are equal the first.
   * @param limit - None of them is larger.
   * @param subtracted - What is taken from each number first.
   */
  smallest(
    numbers: Float64Array,
    limit: number,
    nearestPlaces: Uint32Array,
    subtracted?: Float64Array,
  ): void {
    const [values, places] = [this.#values, this.#places];
    let candidates = 0;
    for (let i = 0; i < numbers.length; i++) {
      const value = subtracted ? numbers[i]! - subtracted[i]! : numbers[i]!;
      if (value <= limit) {
        values[candidates] = value;
        places[candidates++] = i;
      }
    }
    const bound = kthSmallest(this.#sorted, values.subarray(0, candidates), nearestPlaces.length);
    let count = 0;
    for (let i = 0; i < candidates; i++) if (values[i]! < bound) nearestPlaces[count++] = places[i]!;
    for (let i = 0; i < candidates && count < nearestPlaces.length; i++)
      if (values[i] === bound) nearestPlaces[count++] = places[i]!;
    if (count < nearestPlaces.length)
      throw new NumericalError({
        where: "anomalies",
        problem: "how far two rows are apart is not a number",
        expected: "a number",
        received: "NaN",
      });
  }
}

/** The k-th smallest of some numbers, by Hoare's selection in a copy. */
function kthSmallest(scratch: Float64Array, numbers: Float64Array, k: number): number {
  scratch.set(numbers);
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const pivot = scratch[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (scratch[i]! < pivot) i++;
      while (scratch[j]! > pivot) j--;
      if (i > j) break;
      const swapped = scratch[i]!;
      scratch[i++] = scratch[j]!;
      scratch[j--] = swapped;
    }
    if (k - 1 <= j) high = j;
    else if (k - 1 >= i) low = i;
    else break;
  }
  return scratch[k - 1]!;
}
