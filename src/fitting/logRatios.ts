/**
 * Shares of a total as a fit sees them: log-ratios to the last share, which have no bounds and one column less.
 *
 * @module
 */

import { chain } from "../bijections/combinators/chain.ts";
import { additiveLogistic } from "../bijections/domains/additiveLogistic.ts";
import { UsageError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { optionText } from "../optionText.ts";
import { type RandomKey, split, uniformsAt } from "../random/philox.ts";
import { diagnoseColumns } from "../tables/checks.ts";
import { measureResolution } from "../tables/recording/resolution.ts";
import { type Simplex, simplexOf } from "../tables/simplex.ts";
import { selectColumns, type Table } from "../tables/table.ts";

/** A table with log-ratios in place of shares. */
export interface LogRatios {
  /** The same columns; each share but the last is the logarithm of its ratio to the last. */
  readonly table: Table;
  readonly simplex: Simplex;
  /** Of each row: logarithm of the density of the log-ratios, over that of the shares but the last, in nats. */
  readonly logAbsDet: Float64Array;
}

/** Checks that shares are fitted columns. @throws UsageError that names the one that is not. */
export function checkShares(shares: readonly string[], columns: readonly string[]): void {
  const twice = shares.find((name, i) => shares.indexOf(name) !== i);
  if (twice !== undefined || shares.length < 2)
    throw new UsageError({
      where: "fit",
      problem:
        twice === undefined
          ? "simplex needs two shares at least"
          : `column "${twice}" is named twice in simplex`,
      expected: "two columns or more, each once",
      received: shares.join(", ") || "none",
      remedy: `name the columns that sum to a constant, as in ${optionText("simplex", ["a", "b", "c"])}`,
    });
  const other = shares.find((name) => !columns.includes(name));
  if (other !== undefined)
    throw new UsageError({
      where: "fit",
      problem: `column "${other}" is a share and not among the fitted columns`,
      expected: `shares among ${columns.join(", ")}`,
      received: `"${other}"`,
      remedy: `name a fitted column, or name it in ${optionText("columns")}, too`,
    });
}

/** The step that shares were recorded in, where it shows: in values that repeat, all of them whole numbers of it. */
function stepOfShares(table: Table, shares: readonly string[]): number | undefined {
  const shareTable = selectColumns(table, shares);
  if (diagnoseColumns(shareTable).length === 0) return undefined;
  const { lattice, step } = measureResolution(shareTable.values);
  return lattice ? step : undefined;
}

/** Adds uniform noise of a step, centered, to a column of row-major values. */
function addNoise(values: Float64Array, width: number, place: number, step: number, key: RandomKey): void {
  const noise = new Float64Array(values.length / width);
  uniformsAt(key, 0, noise.length, noise);
  noise.forEach((rowNoise, row) => {
    values[row * width + place]! += (rowNoise - 0.5) * step;
  });
}

/**
 * Log-ratios of the shares of a table. Each row is closed first: divided by its sum, which rounding makes differ from the total.
 * Shares that repeat values, since they were recorded in steps, are spread over the step that they have in common by noise; samples
 * return to it.
 * @throws As {@link simplexOf}.
 */
export function logRatios(
  table: Table,
  shares: readonly string[],
  key: RandomKey,
  onWarning?: (line: string) => void,
): LogRatios {
  const shareSum = simplexOf(selectColumns(table, shares), shares, onWarning);
  const step = stepOfShares(table, shares);
  const simplex: Simplex = step === undefined ? shareSum : { ...shareSum, step };
  const places = shares.map((name) => table.columns.indexOf(name));
  const last = places.pop()!;
  const width = table.columns.length;
  const values = table.values.slice();
  if (step !== undefined)
    for (const place of [...places, last])
      addNoise(values, width, place, step, split(key, table.columns[place]!));
  const logAbsDet = new Float64Array(table.rows);
  for (let row = 0, at = 0; row < table.rows; row++, at += width) {
    const sum = places.reduce((total, place) => total + values[at + place]!, values[at + last]!);
    const logLast = Math.log(values[at + last]!);
    let logShares = logLast;
    for (const place of places) {
      const logShare = Math.log(values[at + place]!);
      logShares += logShare;
      values[at + place] = logShare - logLast;
    }
    // Of closed shares, each total / sum of what was recorded.
    logAbsDet[row] = Math.log(simplex.total) - logShares - shares.length * Math.log(simplex.total / sum);
  }
  return { table: { ...table, values }, simplex, logAbsDet };
}

/** A model of log-ratios as one of shares. @param columns - All fitted columns of the table, the last share among them. */
export function onSimplex(model: Model, simplex: Simplex, columns: readonly string[]): Model {
  const shares = model.columns.flatMap((name, i) => (simplex.shares.includes(name) ? [i] : []));
  const map = additiveLogistic({ features: model.columns.length, shares, total: simplex.total });
  return {
    ...model,
    preparation: chain([model.preparation, map]),
    values: Object.fromEntries(
      Object.entries(model.values).map(([name, values]) => [
        name.replace(/^preparation\./, "preparation.0."),
        values,
      ]),
    ),
    simplex: { ...simplex, columns },
  };
}
