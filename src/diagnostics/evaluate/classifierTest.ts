/**
 * Can a classifier tell samples from held-out rows?
 *
 * Boosted trees are trained on four fifths of both and rank the last fifth, in turn. The area under the curve (AUC) is the probability
 * that a sample gets the higher score of a pair: 0.5 where nothing gives samples away, 1 where all do (D. Lopez-Paz, M. Oquab, "Revisiting
 * classifier two-sample tests", 2017, https://arxiv.org/abs/1610.06545). Standard errors are those of E. DeLong, D. DeLong and
 * D. Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating characteristic curves", 1988.
 *
 * @module
 */

import { binnedRows, boostedLogOdds } from "../../numerics/gradientBoosting.ts";
import { type RandomKey, RandomStream } from "../../random/philox.ts";
import type { ComparedColumn } from "./comparedColumns.ts";

/** What a classifier finds. */
export interface ClassifierTest {
  /** Area under the curve: 0.5 where samples cannot be told from held-out rows, 1 where all can. */
  readonly auc: number;
  /** Of {@link auc}, over rows that the classifier has not seen. */
  readonly standardError: number;
  /** Held-out rows and as many samples. */
  readonly rows: number;
  /** Columns that the classifier went by, with their shares of what it gained; the largest first. */
  readonly columns: readonly {
    /** Name of the column. */
    readonly column: string;
    /** Its share of the gain in likelihood, from 0 to 1. */
    readonly share: number;
  }[];
}

/** Levels that have an indicator each; more are told by how frequent they are. */
const mostIndicators = 16;
/** Rows of each kind at most: beyond them the standard error is small enough. */
const mostRows = 5000;
const folds = 5;
const boosting = { trees: 100, depth: 4, rate: 0.1, leafRows: 5 };

/** Features of a column: numbers and ordered levels as they are, angles by sine and cosine, levels without an order by indicators. */
function featuresOf({ schema, type, test, samples }: ComparedColumn): Float64Array[] {
  const cells = Float64Array.from([...test, ...samples]);
  if (type === "angles") {
    const turn = (2 * Math.PI) / (schema.period ?? 360);
    return [cells.map((cell) => Math.cos(turn * cell)), cells.map((cell) => Math.sin(turn * cell))];
  }
  if (type === "numbers" || schema.kind === "ordinal") return [cells];
  const count = schema.levels!.length;
  if (count === 2) return [cells];
  const rows = new Float64Array(count + 1);
  for (const cell of cells) if (!Number.isNaN(cell)) rows[cell + 1]!++;
  const order = Array.from(rows.keys()).sort((a, b) => rows[b]! - rows[a]!);
  const rank = new Float64Array(count + 1);
  order.forEach((level, place) => {
    rank[level] = place;
  });
  const ranks = cells.map((cell) => (Number.isNaN(cell) ? cell : rank[cell + 1]!));
  const indicated = order.slice(0, mostIndicators).filter((level) => rows[level]! > 0);
  return [
    ranks,
    ...indicated
      .slice(1)
      .map((level) => cells.map((cell) => (Number.isNaN(cell) ? cell : Number(cell + 1 === level)))),
  ];
}

/** The area under the curve, and the variance of it by DeLong's placements. */
export function areaUnderCurve(
  zeros: Float64Array,
  ones: Float64Array,
): { readonly auc: number; readonly variance: number } {
  /** Of each value the share of the others that lie below it, half of those that are equal. */
  const placements = (values: Float64Array, others: Float64Array): Float64Array => {
    const sorted = others.slice().sort();
    const below = (value: number, isEqualToo: boolean): number => {
      let [low, high] = [0, sorted.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle]! < value || (isEqualToo && sorted[middle] === value)) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return values.map((value) => (below(value, false) + below(value, true)) / (2 * sorted.length));
  };
  const spread = (values: Float64Array): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  };
  const [ofOnes, ofZeros] = [placements(ones, zeros), placements(zeros, ones)];
  return {
    auc: ofOnes.reduce((sum, value) => sum + value, 0) / ones.length,
    variance: spread(ofOnes) / ones.length + spread(ofZeros) / zeros.length,
  };
}

/** Some rows in random order, at most {@link mostRows}, counted from `first`. */
const drawn = (rows: number, count: number, first: number, stream: RandomStream): Int32Array =>
  Int32Array.from(stream.permutation(rows).slice(0, count), (row) => row + first);

/**
 * Trains and asks a classifier. Of rows and samples the larger number is cut to the smaller one.
 * @param columns - At least one, with ten rows of each table at least.
 */
export function classifierTest(columns: readonly ComparedColumn[], key: RandomKey): ClassifierTest {
  const features = columns.map(featuresOf);
  const owner = features.flatMap((feature, i) => feature.map(() => i));
  const binned = binnedRows(features.flat());
  const [{ test, samples }] = columns as [ComparedColumn];
  const labels = new Uint8Array(test.length + samples.length).fill(1, test.length);
  const count = Math.min(test.length, samples.length, mostRows);
  const stream = new RandomStream(key);
  const zeros = drawn(test.length, count, 0, stream);
  const ones = drawn(samples.length, count, test.length, stream);
  const gains = new Float64Array(columns.length);
  let [auc, variance] = [0, 0];
  for (let fold = 0; fold < folds; fold++) {
    const [from, to] = [Math.round((fold * count) / folds), Math.round(((fold + 1) * count) / folds)];
    const isHeldOut = (_: number, i: number): boolean => i >= from && i < to;
    const train = [zeros, ones].map((rows) => rows.filter((row, i) => !isHeldOut(row, i)));
    const asked = [zeros, ones].map((rows) => rows.filter(isHeldOut));
    const logOdds = boostedLogOdds(
      binned,
      labels,
      Int32Array.from([...train[0]!, ...train[1]!]),
      Int32Array.from([...asked[0]!, ...asked[1]!]),
      boosting,
    );
    logOdds.gains.forEach((gain, feature) => {
      gains[owner[feature]!]! += gain;
    });
    const area = areaUnderCurve(logOdds.logOdds.slice(0, to - from), logOdds.logOdds.slice(to - from));
    auc += area.auc / folds;
    variance += area.variance / folds ** 2;
  }
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return {
    auc,
    standardError: Math.sqrt(variance),
    rows: count,
    columns: columns
      .map(({ schema }, i) => ({ column: schema.name, share: total > 0 ? gains[i]! / total : 0 }))
      .sort((a, b) => b.share - a.share),
  };
}
