/**
 * Samples of a flow, block by block.
 *
 * @module
 */

import { NumericalError } from "../../errors.ts";
import { normalsAt, randomKey, split } from "../../random/philox.ts";
import type { Evaluation } from "../evaluation.ts";
import type { SampleOptions } from "../flowOptions.ts";
import type { Model } from "../model.ts";
import { type Conditions, conditionRows } from "./conditions.ts";

/** Rows of which noise is drawn at a time. */
const rowsDrawn = 8192;

/**
 * Refuses samples that are not numbers, whose iteration has not met its tolerance, and infinite ones: a number of the model is beyond
 * reason, or of the precision.
 */
function checkArrived(values: Float64Array, rows: number, columns: readonly string[]): void {
  const width = columns.length;
  let missing = 0;
  let infinite = 0;
  let first = -1;
  for (let row = 0; row < rows; row++) {
    const rowValues = values.subarray(row * width, (row + 1) * width);
    const place = rowValues.findIndex((value) => !Number.isFinite(value));
    if (place < 0) continue;
    if (rowValues.some(Number.isNaN)) missing++;
    else {
      infinite++;
      if (first < 0) first = place;
    }
  }
  if (infinite > 0 && missing === 0)
    throw new NumericalError({
      where: "sample",
      problem: `${infinite} of ${rows} rows are infinite, the first in column "${columns[first]}": its values are beyond the numbers of the precision`,
      expected: "finite numbers",
      received: `${infinite} infinite rows`,
      remedy: 'ask for precision "float64", or check the model, which may be damaged',
    });
  if (missing > 0)
    throw new NumericalError({
      where: "sample",
      problem: `${missing} of ${rows} rows are not numbers: the map from base to data left the finite numbers, or did not meet its tolerance`,
      expected: "finite numbers",
      received: `${missing} rows that are not numbers`,
      remedy: 'allow it more iterations or a larger tolerance, or ask for precision "float64"',
    });
}

/**
 * Samples of the columns, row-major; noise is drawn while the engine is at the block before.
 *
 * @param conditions - What the rows are given.
 * @param logProb - Where the log-densities of the rows go, in nats and data units, if they are asked for.
 */
export async function drawRows(
  model: Model,
  evaluation: Evaluation,
  n: number,
  conditions: Conditions,
  options: SampleOptions,
  logProb?: Float64Array,
): Promise<Float64Array> {
  if (n === 0) return new Float64Array(0);
  const width = model.columns.length;
  const numbers = model.base.noise;
  const key = split(randomKey(options.seed ?? 0), "sample");
  const core = await evaluation.get(logProb ? "draw" : "sample", options);
  const restore = await evaluation.get("restore", options);
  const { rowsBefore = 0 } = options;
  const data = new Float64Array(n * width);
  const block = async (start: number, rows: number, noise: Float64Array): Promise<void> => {
    const context = conditionRows(conditions, start, rows);
    const inputs = { noise, ...(await evaluation.prepareContext(context, rows, options)) };
    const drawn = (await core.run({ rows, inputs }, options)).rows;
    checkArrived(drawn.value!, rows, model.columns);
    const restored = (await restore.run({ rows, inputs: { data: drawn.value! } }, options)).rows;
    checkArrived(restored.value!, rows, model.columns);
    data.set(restored.value!, start * width);
    if (logProb)
      for (let row = 0; row < rows; row++)
        logProb[start + row] = drawn.logProb![row]! - restored.logAbsDet![row]!;
  };
  let before: Promise<void> | undefined;
  for (let start = 0; start < n; start += rowsDrawn) {
    const rows = Math.min(rowsDrawn, n - start);
    const noise = new Float64Array(rows * numbers);
    for (let row = 0; row < rows; row++)
      normalsAt(key, rowsBefore + start + row, numbers, noise, row * numbers);
    await before;
    before = block(start, rows, noise);
    // Awaited in the next round: a failure meanwhile is not one that nobody hears of.
    before.catch(() => undefined);
  }
  await before;
  return data;
}
