/**
 * The distribution of one column's values, among those that are not missing, as a mean over candidates of what else is not known.
 *
 * @module
 */

import { atomsOf, hasLevels, levelsOf, stepOf } from "../column.ts";
import { type CellDistribution, logitBetween } from "../columnDistribution.ts";
import type { ColumnLayout } from "../columnsDensity.ts";
import { probabilityUpTo } from "./cellRange.ts";

/** A distribution function and its inverse. */
export interface MeanDistribution {
  /** P(value <= y), and its standard error over the candidates, as if they were independent. */
  upTo(value: number): { readonly probability: number; readonly standardError: number };
  /** The least value up to which there is a probability. */
  quantile(probability: number): number;
}

/** A candidate, with its share. */
interface Candidate {
  readonly share: number;
  readonly upTo: (value: number) => number;
}

function meanAt(
  candidates: readonly Candidate[],
  value: number,
): { probability: number; standardError: number } {
  const each = candidates.map(({ upTo }) => upTo(value));
  const probability = Math.min(
    1,
    candidates.reduce((sum, { share }, i) => sum + share * each[i]!, 0),
  );
  const variance = candidates.reduce((sum, { share }, i) => sum + (share * (each[i]! - probability)) ** 2, 0);
  return { probability, standardError: Math.sqrt(variance) };
}

/** Of candidates that have the column's value: values with shares that add up to 1. */
export function distributionOfValues(values: Float64Array, shares: Float64Array): MeanDistribution {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const candidates = order.map((i) => ({ share: shares[i]!, upTo: (y: number) => Number(values[i]! <= y) }));
  return {
    upTo: (value) => meanAt(candidates, value),
    quantile(probability) {
      let sum = 0;
      for (const i of order) {
        sum += shares[i]!;
        // Sums of shares miss by their rounding.
        if (sum >= probability * (1 - 1e-12)) return values[i]!;
      }
      return values[order[order.length - 1]!]!;
    },
  };
}

/** Most halvings of an interval. */
const mostHalvings = 200;
/** Where an interval is as narrow, relative to its place, its upper end is the quantile. */
const leastRelativeWidth = 2 ** -46;

/** Of candidates that give the column a distribution. */
export function distributionOfCandidates(
  layout: ColumnLayout,
  distributions: readonly CellDistribution[],
  shares: Float64Array,
): MeanDistribution {
  const candidates = distributions.map((distribution, i) => ({
    share: shares[i]!,
    upTo: (y: number) => probabilityUpTo(layout, distribution, y),
  }));
  const at = (value: number): number => meanAt(candidates, value).probability;
  const { column } = layout;
  const step = stepOf(column);
  const { from = 0 } = column;
  const quantile = (probability: number): number => {
    const isReached = (value: number): boolean => at(value) >= probability * (1 - 1e-12);
    if (hasLevels(column)) {
      const last = levelsOf(column) - 1;
      let level = 0;
      while (level < last && !isReached(level)) level++;
      return level;
    }
    const tail = 1e-3 * Math.min(probability, 1 - probability);
    /** A quantile of the values alone. */
    const valueAt = (distribution: CellDistribution, share: number): number => {
      const [low, high] = distribution.values(undefined, undefined);
      return distribution.quantile(logitBetween(low, high, share));
    };
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const distribution of distributions) {
      low = Math.min(low, valueAt(distribution, tail));
      high = Math.max(high, valueAt(distribution, 1 - tail));
    }
    if (step !== undefined) {
      let [first, last] = [Math.round((low - from) / step), Math.round((high - from) / step)];
      while (first < last) {
        const middle = Math.floor((first + last) / 2);
        if (isReached(from + step * middle)) last = middle;
        else first = middle + 1;
      }
      return Number((from + step * first).toPrecision(15));
    }
    for (const atom of [...atomsOf(column)].sort((a, b) => a - b)) {
      const below = atom - Math.max(Number.MIN_VALUE, Math.abs(atom) * 2 ** -52);
      if (isReached(atom) && !isReached(below)) return atom;
    }
    for (let round = 0; round < mostHalvings; round++) {
      const middle = 0.5 * low + 0.5 * high;
      if (high - low <= leastRelativeWidth * Math.max(Math.abs(low), Math.abs(high))) break;
      if (isReached(middle)) high = middle;
      else low = middle;
    }
    return high;
  };
  return { upTo: (value) => meanAt(candidates, value), quantile };
}
