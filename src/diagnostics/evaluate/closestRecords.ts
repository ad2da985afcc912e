/**
 * Are samples nearer to the training rows than held-out rows are?
 *
 * The distance of two rows is the mean over the columns of: numbers, their difference in ranges of the middle 90 % of the training
 * cells, at most 1; angles, their difference in half turns; levels, 0 or 1; a missing cell against another one 1, two missing ones 0
 * (J. Gower, "A general coefficient of similarity", 1971). A model that has learnt rows by heart draws samples that lie nearer to
 * training rows than new rows do.
 *
 * @module
 */

import { type RandomKey, RandomStream, split } from "../../random/philox.ts";
import { areaUnderCurve } from "./classifierTest.ts";
import { type ComparedColumn, pickCells, present, turnOf } from "./comparedColumns.ts";

/** What samples have to do with the rows of the fit. */
export interface ClosestRecords {
  /** Share of the samples that equal a training row in all columns. */
  readonly copies: number;
  /** Share of the held-out rows that do: where columns are few and discrete, rows repeat by themselves. */
  readonly testCopies: number;
  /** Median distance of samples to their closest training row, from 0 to 1. */
  readonly samples: number;
  /** Median distance of held-out rows to theirs. */
  readonly test: number;
  /** Probability that a sample is nearer to its closest training row than a held-out row is, ties half: 0.5 where samples are as new. */
  readonly nearer: number;
  /** Of {@link nearer}. */
  readonly standardError: number;
  /** Training rows that distances were taken to. */
  readonly trainingRows: number;
}

/** Training rows, and rows of each kind that are looked at, at most: their product is what it costs. */
const mostTraining = 10_000;
const mostAsked = 1000;

/** Cells in units of the distance. */
type Scaled = readonly Float64Array[];

function scales(columns: readonly ComparedColumn[], train: readonly Float64Array[]): number[] {
  return columns.map(({ type, schema }, i) => {
    if (type === "levels") return 1;
    if (type === "angles") return turnOf(schema) / 2;
    const sorted = present(train[i]!).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
    // Of a column that is nearly constant, what it varies at all.
    return at(0.95) - at(0.05) || at(1) - at(0) || 1;
  });
}

/** Distance of each row to the closest of others. O(rows others columns). */
function closest(
  columns: readonly ComparedColumn[],
  rows: Scaled,
  others: Scaled,
  scale: readonly number[],
): Float64Array {
  const count = others[0]!.length;
  const sums = new Float64Array(count);
  return Float64Array.from({ length: rows[0]!.length }, (_, row) => {
    sums.fill(0);
    columns.forEach(({ type }, i) => {
      const cell = rows[i]![row]!;
      const column = others[i]!;
      const unit = 1 / scale[i]!;
      if (Number.isNaN(cell)) for (let k = 0; k < count; k++) sums[k]! += Number(!Number.isNaN(column[k]!));
      else if (type === "levels") for (let k = 0; k < count; k++) sums[k]! += Number(column[k] !== cell);
      else
        for (let k = 0; k < count; k++) {
          let distance = Math.abs(column[k]! - cell) * unit;
          if (type === "angles") distance = Math.abs(distance - 2 * Math.round(distance / 2));
          // What is missing is as far as can be.
          sums[k]! += Number.isNaN(distance) ? 1 : Math.min(distance, 1);
        }
    });
    return sums.reduce((least, sum) => Math.min(least, sum), Number.POSITIVE_INFINITY) / columns.length;
  });
}

/** One text for each row, the same for rows that are equal. */
function* keysOf(cells: readonly Float64Array[]): Generator<string> {
  for (let row = 0; row < cells[0]!.length; row++) yield cells.map((own) => own[row]! + 0).join(" ");
}

const median = (values: Float64Array): number => values.slice().sort()[Math.floor(values.length / 2)]!;

/**
 * Compares samples and held-out rows with the training rows.
 * @param train - Cells of the training rows, an array per column.
 */
export function closestRecords(
  columns: readonly ComparedColumn[],
  train: readonly Float64Array[],
  key: RandomKey,
): ClosestRecords {
  const [tests, samples] = [columns.map(({ test }) => test), columns.map((column) => column.samples)];
  // Of the two sides the training rows may be many more: the others are kept in mind.
  const asked = new Set([samples, tests].flatMap((rows) => [...keysOf(rows)]));
  const known = new Set<string>();
  for (const row of keysOf(train)) if (asked.has(row)) known.add(row);
  const copies = (rows: readonly Float64Array[]): number => {
    let count = 0;
    for (const row of keysOf(rows)) count += Number(known.has(row));
    return count / rows[0]!.length;
  };
  const some = (cells: readonly Float64Array[], maximum: number, what: string): Scaled => {
    const order = new RandomStream(split(key, what)).permutation(cells[0]!.length).slice(0, maximum);
    return cells.map((cells) => pickCells(cells, order));
  };
  const scale = scales(columns, train);
  const records = some(train, mostTraining, "train");
  const ofSamples = closest(columns, some(samples, mostAsked, "samples"), records, scale);
  const ofTests = closest(columns, some(tests, mostAsked, "test"), records, scale);
  const { auc, variance } = areaUnderCurve(ofSamples, ofTests);
  return {
    copies: copies(samples),
    testCopies: copies(tests),
    samples: median(ofSamples),
    test: median(ofTests),
    nearer: auc,
    standardError: Math.sqrt(variance),
    trainingRows: records[0]!.length,
  };
}
