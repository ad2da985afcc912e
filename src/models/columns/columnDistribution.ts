/**
 * The conditional distribution of one cell, outcomes and values together: its distribution function and quantiles, which map a standard
 * normal number to the cell and back.
 *
 * The outcomes come first, a missing cell, then the atoms; behind them the values in the order of the head.
 *
 * @module
 */

import { logAdd } from "../../numerics/logisticMixture.ts";
import { normalCdf, normalQuantile, softplus } from "../../numerics/special.ts";
import { atomsOf } from "./column.ts";
import type { ColumnLayout } from "./columnsDensity.ts";
import { meanProbabilities, probabilities } from "./members.ts";

/** Logits beyond this are those of an end. */
const farthestLogit = 700;

/** log F - log(1 - F) of a standard normal number. */
export function logitOfNormal(z: number): number {
  return Math.log(normalCdf(z)) - Math.log(normalCdf(-z));
}

/** The standard normal number of a logit. */
export function normalOfLogit(logit: number): number {
  const size = Math.min(Math.abs(logit), farthestLogit);
  const z = -normalQuantile(Math.exp(-softplus(size)));
  return logit < 0 ? -z : z;
}

/** The logit of a point between two others: below it are those below `low`, and `share` of what lies between. */
export function logitBetween(low: number, high: number, share: number): number {
  const [rest, own] = [Math.log1p(-share), Math.log(share)];
  const logCdf = logAdd(rest - softplus(-low), own - softplus(-high));
  const logSurvival = logAdd(rest - softplus(low), own - softplus(high));
  return logCdf - logSurvival;
}

/** The distribution of one cell. */
export interface CellDistribution {
  /** Logits of the distribution function below a cell and at it; equal for a value of a continuous column. */
  interval(cell: number): readonly [number, number];
  /** The cell whose interval holds a logit. */
  quantile(logit: number): number;
  /**
   * Logits of the distribution function below the least and at the largest of some values that are no atoms, in the order of the head;
   * undefined for an end of all values.
   */
  values(least: number | undefined, largest: number | undefined): readonly [number, number];
}

/**
 * The distribution of a cell for what the network gives.
 * @param members - What the network of each member gives: the outcomes' logits, where there are several, then the head's parameters that
 *   depend on the row.
 * @param shared - What all rows share, of all columns, by member.
 */
export function cellDistribution(
  { column, head, outcomes, shared: sharedStart, members: weights = [1] }: ColumnLayout,
  members: readonly Float64Array[],
  shared: readonly (Float64Array | undefined)[],
): CellDistribution {
  const first = outcomes > 1 ? outcomes : 0;
  const ofRow = head.parameters - head.shared;
  const parameters = members.map((numbers, k) => {
    const own = new Float64Array(head.parameters);
    own.set(numbers.subarray(first, first + ofRow));
    if (head.shared > 0) own.set(shared[k]!.subarray(sharedStart, sharedStart + head.shared), ofRow);
    return own;
  });
  const ofOutcomes = members.map((numbers) => numbers.slice(0, first));
  // Given that there is a value, a member weighs as much as it expected one.
  const ofValue =
    first > 0 ? ofOutcomes.map((own, k) => weights[k]! * probabilities(own)[first - 1]!) : weights;
  const sum = ofValue.reduce((a, b) => a + b, 0);
  const value = head.distribution(parameters, sum > 0 ? ofValue.map((weight) => weight / sum) : weights);
  const clamped = (logit: number): number => Math.max(-farthestLogit, Math.min(farthestLogit, logit));
  const ends = (least: number | undefined, largest: number | undefined): readonly [number, number] => [
    least === undefined ? Number.NEGATIVE_INFINITY : value.interval(least)[0],
    largest === undefined ? Number.POSITIVE_INFINITY : value.interval(largest)[1],
  ];
  if (outcomes === 1)
    return {
      interval: (cell) => value.interval(cell),
      quantile: (logit) => value.quantile(clamped(logit)),
      values: ends,
    };
  const missing = column.missing ? 1 : 0;
  const atoms = atomsOf(column);
  const masses = Array.from(meanProbabilities(ofOutcomes, weights));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  /** Mass of the outcomes before each, and of those from it on. */
  const before = masses.map((_, k) => masses.slice(0, k).reduce((sum, mass) => sum + mass, 0) / total);
  const after = masses.map((_, k) => masses.slice(k).reduce((sum, mass) => sum + mass, 0) / total);
  const last = outcomes - 1;
  const edge = (k: number): number => Math.log(before[k]!) - Math.log(after[k]!);
  const [logBelow, logRest] = [Math.log(before[last]!), Math.log(after[last]!)];
  const shifted = (logit: number): number =>
    logAdd(logBelow, logRest - softplus(-logit)) - (logRest - softplus(logit));
  return {
    interval(cell) {
      const outcome = Number.isNaN(cell) ? 0 : missing + atoms.indexOf(cell);
      if (Number.isNaN(cell) || atoms.includes(cell)) return [edge(outcome), edge(outcome + 1)];
      const [low, high] = value.interval(cell);
      return [shifted(low), shifted(high)];
    },
    values(least, largest) {
      const [low, high] = ends(least, largest);
      return [shifted(low), shifted(high)];
    },
    quantile(logit) {
      if (logit < edge(last)) {
        let outcome = last - 1;
        while (outcome > 0 && edge(outcome) > logit) outcome--;
        return missing && outcome === 0 ? Number.NaN : atoms[outcome - missing]!;
      }
      const logSurvival = Math.min(-softplus(logit) - logRest, 0);
      return value.quantile(clamped(Math.log(-Math.expm1(logSurvival)) - logSurvival));
    },
  };
}
