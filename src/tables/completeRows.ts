/**
 * Rows without a missing value.
 *
 * @module
 */

import { refuse } from "../options.ts";

/** What to do with rows that miss a value: refuse them, give them an empty score, leave them out, or score what is there. */
export type MissingScore = "error" | "empty" | "drop" | "marginal";

/** @throws UsageError for anything else. */
export function checkMissingScore(missing: MissingScore | undefined): void {
  if (missing !== undefined && !["error", "empty", "drop", "marginal"].includes(missing))
    refuse("logProb", "missing", '"error", "empty", "drop" or "marginal"', missing);
}

/**
 * The rows that miss nothing, one after the other, and their places; undefined where that is all of them.
 *
 * @param values row-major, `width` numbers per row.
 */
export function completeRows(
  values: Float64Array,
  width: number,
): { readonly values: Float64Array; readonly rows: Uint32Array } | undefined {
  let at = 0;
  while (at < values.length && !Number.isNaN(values[at]!)) at++;
  if (at === values.length) return undefined;
  const rows: number[] = [];
  for (let row = 0; row < values.length / width; row++) {
    let isComplete = true;
    for (let i = row * width; i < (row + 1) * width && isComplete; i++)
      isComplete = !Number.isNaN(values[i]!);
    if (isComplete) rows.push(row);
  }
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return { values: data, rows: Uint32Array.from(rows) };
}
