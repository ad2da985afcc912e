/**
 * Rows that are drawn, with the log-densities that they are drawn with; loaded where they are asked for.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { tableFromRows } from "../../tables/table.ts";
import type { SampleWithLogProb } from "../cores/flowCore.ts";
import type { Evaluation } from "../evaluation.ts";
import type { SampleOptions } from "../flowOptions.ts";
import type { Model } from "../model.ts";
import { type Conditions, withConditions } from "./conditions.ts";
import { drawRows } from "./drawRows.ts";
import { logProbOfRows } from "./evaluateRows.ts";
import { joinRows } from "./splitRows.ts";

/**
 * Draws rows as `Flow.sampleWithLogProb` documents it.
 * @throws {@link UsageError} for a map that is not one to one.
 */
export async function drawScoredRows(
  model: Model,
  evaluation: Evaluation,
  n: number,
  conditions: Conditions,
  options: SampleOptions,
): Promise<SampleWithLogProb> {
  if (model.bijection.branches)
    throw new UsageError({
      where: "sampleWithLogProb",
      problem: "the flow's map is not one to one",
      expected: "a map that is one to one",
      received: "one of several branches",
      remedy: "use sample and logProb",
    });
  const logProb = new Float64Array(n);
  const data = await drawRows(model, evaluation, n, conditions, options, logProb);
  const rows = withConditions(data, conditions, n);
  // Where float32 overflows on the way, the density of the row itself is what is meant.
  const lost = Array.from(logProb.keys()).filter((row) => !Number.isFinite(logProb[row]!));
  if (lost.length > 0) {
    const lostRows = joinRows(lost, { data: rows, context: new Float64Array(0), count: n });
    const again = await logProbOfRows(model, evaluation, lostRows, options);
    lost.forEach((row, i) => {
      logProb[row] = again[i]!;
    });
  }
  return { table: tableFromRows([...model.given, ...model.columns], rows), logProb };
}
