/**
 * How many steps of a fit float64 can repeat.
 *
 * A step by step fit moves the rows as it goes on; its model moves them again from the start. Where rows repeat, or columns
 * determine each other, a density has no bound, and slopes grow until they multiply rounding into errors of the size
 * of the data: the model would no longer say what the fit has seen. This finds the last step until which it does.
 *
 * @module
 */

import type { Flow } from "../models/flow.ts";
import type { EvaluationOptions } from "../models/flowOptions.ts";
import type { FitRows } from "./fitData.ts";
import { weightedMean } from "./rowWeights.ts";

/** Largest difference between the model's mean log-density and that of the fit, relative above 1, in nats. */
const tolerance = 1e-6;

/**
 * The largest t of `flow.at(t)` that agrees with the fit, by bisection: what rounding has spoilt stays so.
 * @param heights - Mean log-density of the rows before the first step and after each, in data units.
 * @param known - That of the whole flow, if the rows have been scored already.
 */
export async function soundSteps(
  flow: Flow,
  rows: FitRows,
  heights: readonly number[],
  known: number | undefined,
  options: EvaluationOptions,
): Promise<number> {
  const agrees = (t: number, mean: number): boolean =>
    Math.abs(mean - heights[t]!) <= tolerance * Math.max(1, Math.abs(heights[t]!));
  const isSound = async (t: number): Promise<boolean> => {
    const scores = await flow.at(t).logProb(rows.data, { ...options, precision: "float64" });
    return agrees(t, weightedMean(scores, rows.weights));
  };
  const last = heights.length - 1;
  if (known !== undefined ? agrees(last, known) : await isSound(last)) return last;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await isSound(middle)) low = middle;
    else high = middle;
  }
  return low;
}
