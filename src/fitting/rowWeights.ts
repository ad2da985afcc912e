/**
 * Weights of rows.
 *
 * @module
 */

import { DataError } from "../errors.ts";

/** A share of the mean weight below this is 0 in float32. */
const leastWeight = 1e-30;

/**
 * The weights above 0, scaled to a mean of 1.
 * @param rows - Number of each row, from 0, for messages.
 * @throws {@link DataError} for a weight that is negative, missing or too small or large beside the others.
 */
export function scaledWeights(name: string, weights: Float64Array, rows: ArrayLike<number>): Float64Array {
  const bad = weights.findIndex((weight) => weight < 0);
  if (bad >= 0)
    throw new DataError(
      {
        where: `column "${name}" (row ${rows[bad]! + 1})`,
        subject: "a weight",
        expected: "0 or more",
        received: `${weights[bad]}`,
      },
      {
        column: name,
        row: rows[bad]! + 1,
      },
    );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0))
    throw new DataError(
      {
        where: `column "${name}"`,
        problem: "all weights are 0",
        expected: "a weight above 0",
        received: "none",
      },
      { column: name },
    );
  const largest = weights.reduce((maximum, weight) => Math.max(maximum, weight), 0);
  if (!Number.isFinite(total * weights.length))
    throw new DataError(
      {
        where: `column "${name}"`,
        problem: `the sum of the weights, which go up to ${largest}, is beyond the range of numbers`,
        expected: "weights with a finite sum",
        received: `weights up to ${largest}`,
        remedy: `divide them all by ${largest}`,
      },
      { column: name },
    );
  const positive = weights.filter((weight) => weight > 0);
  const scaled = positive.map((weight) => (weight * positive.length) / total);
  const lost = positive.findIndex((_, i) => !(scaled[i]! >= leastWeight));
  if (lost >= 0) {
    const row = rows[weights.indexOf(positive[lost]!)]! + 1;
    throw new DataError(
      {
        where: `column "${name}" (row ${row})`,
        problem: `the weight ${positive[lost]} is nothing beside the largest, ${largest}`,
        expected: `a weight that counts beside ${largest}`,
        received: `${positive[lost]}`,
        remedy: "set it to 0 to leave the row out",
      },
      { column: name, row },
    );
  }
  return scaled;
}

/** Mean with weights, or without. */
export function weightedMean(values: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, i) => {
    const weight = weights?.[i] ?? 1;
    if (weight === 0) return;
    sum += weight * value;
    total += weight;
  });
  return sum / total;
}

/** What rows count. */
export function countsOf(weights: Float64Array | undefined, rows: number): Float64Array {
  return weights ?? new Float64Array(rows).fill(1);
}
