/**
 * Whether pairs of columns go together in the samples as they do in held-out rows.
 *
 * Numbers: Spearman's correlation of ranks, from -1 to 1. Levels: Cramér's V, from 0 to 1. Levels and numbers: the correlation ratio, the
 * square root of the share of the ranks' variance that lies between levels, from 0 to 1. Angles count as levels: eighths of a turn. Pairs
 * of which a cell is missing are passed over.
 *
 * @module
 */

import { countBelow } from "../../numerics/countBelow.ts";
import { type RandomKey, RandomStream } from "../../random/philox.ts";
import { type ComparedColumn, pickCells, turnOf } from "./comparedColumns.ts";

/** How a pair of columns goes together. */
export interface PairAssociation {
  /** Names of the two columns, in the table's order. */
  readonly columns: readonly [string, string];
  /** What is measured. */
  readonly measure: "Spearman" | "Cramér's V" | "correlation ratio";
  /** In the held-out rows; undefined where too few have both cells, or one of them does not vary. */
  readonly test: number | undefined;
  /** In the samples. */
  readonly samples: number | undefined;
}

/** All pairs. */
export interface Associations {
  /** The pairs, those whose measures differ most first. */
  readonly pairs: readonly PairAssociation[];
  /** Mean of the absolute differences; undefined where no pair could be measured. */
  readonly meanDifference: number | undefined;
  /** What {@link meanDifference} is on average where both are dealt at random from the same rows. */
  readonly byChance: number | undefined;
}

/** Times that the rows are dealt anew. */
const deals = 5;
const fewestRows = 10;

/** Ranks of numbers; equal ones share the mean of their ranks. */
export function ranksOf(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  return values.map((value) => (countBelow(sorted, value, false) + countBelow(sorted, value, true) - 1) / 2);
}

/** Ranks of columns that miss no cell, which stand in many pairs. */
class KnownRanks {
  readonly #ranks = new Map<Float64Array, Float64Array>();

  /** @param column - What the values are some of. */
  of(values: Float64Array, column: Float64Array): Float64Array {
    if (values.length < column.length) return ranksOf(values);
    const ranks = this.#ranks.get(column) ?? ranksOf(values);
    this.#ranks.set(column, ranks);
    return ranks;
  }
}

/** Pearson's correlation; undefined where one does not vary. */
function correlation(x: Float64Array, y: Float64Array): number | undefined {
  const n = x.length;
  const [meanX, meanY] = [x, y].map((values) => values.reduce((sum, value) => sum + value / n, 0)) as [
    number,
    number,
  ];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i]! - meanX) ** 2;
    yy += (y[i]! - meanY) ** 2;
    xy += (x[i]! - meanX) * (y[i]! - meanY);
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : undefined;
}

/** Spearman's correlation of ranks; undefined where one does not vary. */
export const spearman = (x: Float64Array, y: Float64Array): number | undefined =>
  correlation(ranksOf(x), ranksOf(y));

const countsOf = (levels: Float64Array): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + 1);
  return counts;
};

/** Cramér's V of two columns of levels; undefined where one has a single level. */
export function cramersV(x: Float64Array, y: Float64Array): number | undefined {
  const [ofX, ofY] = [countsOf(x), countsOf(y)];
  const least = Math.min(ofX.size, ofY.size) - 1;
  if (least < 1) return undefined;
  const cells = new Map<number, Map<number, number>>();
  x.forEach((level, i) => {
    const row = cells.get(level) ?? new Map<number, number>();
    cells.set(level, row.set(y[i]!, (row.get(y[i]!) ?? 0) + 1));
  });
  // Chi square over n: the sum of the squared counts over what independence expects, less 1.
  let sum = 0;
  for (const [level, row] of cells)
    for (const [other, count] of row) sum += count ** 2 / (ofX.get(level)! * ofY.get(other)!);
  return Math.sqrt(Math.max(0, Math.min(1, (sum - 1) / least)));
}

/** The correlation ratio of the ranks of numbers by level; undefined where one does not vary. */
export const correlationRatio = (levels: Float64Array, numbers: Float64Array): number | undefined =>
  ratioOfRanks(levels, ranksOf(numbers));

function ratioOfRanks(levels: Float64Array, ranks: Float64Array): number | undefined {
  const n = ranks.length;
  const mean = (n - 1) / 2;
  const total = ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0);
  const counts = countsOf(levels);
  if (total === 0 || counts.size < 2) return undefined;
  const sums = new Map<number, number>();
  levels.forEach((level, i) => sums.set(level, (sums.get(level) ?? 0) + ranks[i]! - mean));
  let between = 0;
  for (const [level, sum] of sums) between += sum ** 2 / counts.get(level)!;
  return Math.sqrt(Math.min(1, between / total));
}

type Cells = Float64Array;

/** Cells of a column as what pairs are measured of. */
const measured = ({ type, schema }: ComparedColumn, cells: Cells): Cells =>
  type === "angles"
    ? cells.map((cell) => {
        const turns = cell / turnOf(schema);
        return Math.floor(8 * (turns - Math.floor(turns)));
      })
    : cells;

function measureOf(a: ComparedColumn, b: ComparedColumn): PairAssociation["measure"] {
  const numbers = [a, b].filter(({ type }) => type === "numbers").length;
  return numbers === 2 ? "Spearman" : numbers === 1 ? "correlation ratio" : "Cramér's V";
}

/** The cells of two columns in the rows that miss neither: the columns themselves where these are all. */
function wholePairs(x: Cells, y: Cells): readonly [Cells, Cells] {
  if (!x.some(Number.isNaN) && !y.some(Number.isNaN)) return [x, y];
  const isWhole = (_: number, i: number): boolean => !Number.isNaN(x[i]!) && !Number.isNaN(y[i]!);
  return [x.filter(isWhole), y.filter(isWhole)];
}

function associationOf(
  a: ComparedColumn,
  b: ComparedColumn,
  x: Cells,
  y: Cells,
  known: KnownRanks,
): number | undefined {
  const [first, second] = wholePairs(x, y);
  if (first.length < fewestRows) return undefined;
  switch (measureOf(a, b)) {
    case "Spearman":
      return correlation(known.of(first, x), known.of(second, y));
    case "Cramér's V":
      return cramersV(first, second);
    case "correlation ratio":
      return a.type === "numbers"
        ? ratioOfRanks(second, known.of(first, x))
        : ratioOfRanks(first, known.of(second, y));
  }
}

const differenceOf = ({ test, samples }: Pick<PairAssociation, "test" | "samples">): number | undefined =>
  test === undefined || samples === undefined ? undefined : Math.abs(test - samples);

function meanDifference(pairs: readonly Pick<PairAssociation, "test" | "samples">[]): number | undefined {
  const known = pairs.map(differenceOf).filter((each) => each !== undefined);
  return known.length > 0 ? known.reduce((sum, each) => sum + each / known.length, 0) : undefined;
}

/** Associations of all pairs. O(columns rows log rows) for ranks, O(columns^2 rows) for pairs. */
export function associations(columns: readonly ComparedColumn[], key: RandomKey): Associations {
  const tests = columns.map((column) => measured(column, column.test));
  const samples = columns.map((column) => measured(column, column.samples));
  const pairsOf = (first: readonly Cells[], second: readonly Cells[]): PairAssociation[] => {
    const known = new KnownRanks();
    return columns.flatMap((a, i) =>
      columns.slice(i + 1).map((b, k): PairAssociation => {
        const j = i + 1 + k;
        return {
          columns: [a.schema.name, b.schema.name],
          measure: measureOf(a, b),
          test: associationOf(a, b, first[i]!, first[j]!, known),
          samples: associationOf(a, b, second[i]!, second[j]!, known),
        };
      }),
    );
  };
  const pairs = pairsOf(tests, samples);
  const all = tests.map((test, i) => Float64Array.from([...test, ...samples[i]!]));
  const stream = new RandomStream(key);
  const rows = columns[0]?.test.length ?? 0;
  const dealt = Array.from({ length: pairs.length > 0 ? deals : 0 }, () => {
    const order = stream.permutation(all[0]!.length);
    const mixed = all.map((cells) => pickCells(cells, order));
    return meanDifference(
      pairsOf(
        mixed.map((cells) => cells.slice(0, rows)),
        mixed.map((cells) => cells.slice(rows)),
      ),
    );
  }).filter((each) => each !== undefined);
  return {
    pairs: pairs.sort((a, b) => (differenceOf(b) ?? -1) - (differenceOf(a) ?? -1)),
    meanDifference: meanDifference(pairs),
    byChance: dealt.length > 0 ? dealt.reduce((sum, each) => sum + each / dealt.length, 0) : undefined,
  };
}
