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
  const [logRemainder, logShare] = [Math.log1p(-share), Math.log(share)];
  const logCdf = logAdd(logRemainder - softplus(-low), logShare - softplus(-high));
  const logSurvival = logAdd(logRemainder - softplus(low), logShare - softplus(high));
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
  const headStart = outcomes > 1 ? outcomes : 0;
  const ofRow = head.parameters - head.shared;
  const parameters = members.map((numbers, k) => {
    const headParameters = new Float64Array(head.parameters);
    headParameters.set(numbers.subarray(headStart, headStart + ofRow));
    if (head.shared > 0)
      headParameters.set(shared[k]!.subarray(sharedStart, sharedStart + head.shared), ofRow);
    return headParameters;
  });
  const ofOutcomes = members.map((numbers) => numbers.slice(0, headStart));
  // Given that there is a value, a member weighs as much as it expected one.
  const ofValue =
    headStart > 0
      ? ofOutcomes.map((logits, k) => weights[k]! * probabilities(logits)[headStart - 1]!)
      : weights;
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
  const masses = meanProbabilities(ofOutcomes, weights);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  /** Mass of the outcomes before each, and of those from it on. */
  const massBefore = new Float64Array(outcomes + 1);
  const massFrom = new Float64Array(outcomes + 1);
  for (let k = 0; k < outcomes; k++) massBefore[k + 1] = massBefore[k]! + masses[k]! / total;
  for (let k = outcomes; k > 0; k--) massFrom[k - 1] = massFrom[k]! + masses[k - 1]! / total;
  const valueOutcome = outcomes - 1;
  const logitBelowOutcome = (k: number): number => Math.log(massBefore[k]!) - Math.log(massFrom[k]!);
  const [logBelow, logRest] = [Math.log(massBefore[valueOutcome]!), Math.log(massFrom[valueOutcome]!)];
  const behindAtoms = (logit: number): number =>
    logAdd(logBelow, logRest - softplus(-logit)) - (logRest - softplus(logit));
  return {
    interval(cell) {
      const outcome = Number.isNaN(cell) ? 0 : missing + atoms.indexOf(cell);
      if (Number.isNaN(cell) || atoms.includes(cell))
        return [logitBelowOutcome(outcome), logitBelowOutcome(outcome + 1)];
      const [low, high] = value.interval(cell);
      return [behindAtoms(low), behindAtoms(high)];
    },
    values(least, largest) {
      const [low, high] = ends(least, largest);
      return [behindAtoms(low), behindAtoms(high)];
    },
    quantile(logit) {
      if (logit < logitBelowOutcome(valueOutcome)) {
        let outcome = valueOutcome - 1;
        while (outcome > 0 && logitBelowOutcome(outcome) > logit) outcome--;
        return missing && outcome === 0 ? Number.NaN : atoms[outcome - missing]!;
      }
      const logSurvival = Math.min(-softplus(logit) - logRest, 0);
      return value.quantile(clamped(Math.log(-Math.expm1(logSurvival)) - logSurvival));
    },
  };
}
