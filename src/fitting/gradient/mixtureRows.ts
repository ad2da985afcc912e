/**
 * Rows drawn from a Gaussian mixture that was fitted to the training rows: a teacher for small tables.
 *
 * A flow that sees a share of them does not overfit where rows are few, and still goes beyond the mixture where the
 * rows say so. The number of components is the one with the best log-likelihood on the held-out rows, or where these
 * are few the one with the best BIC. In that second case the mixture is fitted to the held-out rows as well, so that
 * with fewer than a hundred of them the validation score of the flow is a little too kind.
 *
 * @module
 */

import { turnBetween } from "../../platform/pieces.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";
import { type Table, tableFromRows } from "../../tables/table.ts";
import { concatenated, type FitData, joinedRows } from "../fitData.ts";
import { fitGaussianMixture } from "../statistics/gaussianMixture.ts";
import type { GaussianMixture } from "../statistics/mixtureDensity.ts";

/** Rows that the mixture is fitted to at most: more would cost time, not components. */
const mostRows = 2000;
/** Held-out rows below which they are too few to choose the number of components by. */
const fewHeldRows = 100;
/** Products of a step of EM, rows times components times columns squared, that are worth their time. */
const mostWork = 3e7;
/** Rows drawn for each row of training. */
const drawsPerRow = 10;
/** Rows drawn between two turns of the event loop. */
const drawsATurn = 2000;

/** Mixture rows, split into fitted and given columns; undefined where no mixture is better than nothing. */
export async function mixtureRows(
  fitData: FitData,
  key: RandomKey,
  signal?: AbortSignal,
): Promise<{ readonly data: Float64Array; readonly context: Float64Array } | undefined> {
  const { train, validation, columns, given } = fitData;
  if (!validation) return undefined;
  const names = [...given, ...columns];
  const heldOut = tableFromRows(names, joinedRows(validation, fitData, mostRows));
  const isFew = heldOut.rows < fewHeldRows;
  // Held-out rows that are too few to choose by are not too few to learn from.
  const own = joinedRows(train, fitData, mostRows);
  const table = tableFromRows(names, isFew ? concatenated(own, heldOut.values) : own);
  const most = Math.min(
    Math.floor(table.rows / (3 * (names.length + 2))),
    Math.floor(mostWork / (table.rows * names.length ** 2)),
  );
  // A column that is constant among these rows has no mixture; the fit goes without.
  if (hasConstantColumn(table)) return undefined;
  let best: { mixture: GaussianMixture; score: number } | undefined;
  let worse = 0;
  for (const components of [1, 2, 3, 4, 6, 8, 12, 16]) {
    if (components > Math.max(1, most) || worse >= 2) break;
    const mixture = await fitGaussianMixture(table, components, {
      seed: split(key, components).k0,
      iterations: 60,
      tolerance: 1e-4,
      signal,
    });
    const scores = mixture.logProb(heldOut);
    // Few held-out rows decide nothing; there the information criterion does.
    const score = isFew ? -mixture.bic : scores.reduce((sum, value) => sum + value, 0) / scores.length;
    if (!best || score > best.score) {
      best = { mixture, score };
      worse = 0;
    } else worse++;
  }
  if (!best || !Number.isFinite(best.score)) return undefined;
  const count = Math.min(20000, drawsPerRow * train.rows);
  const stream = new RandomStream(split(key, "draws"));
  const data = new Float64Array(count * columns.length);
  const context = new Float64Array(count * given.length);
  for (let first = 0; first < count; first += drawsATurn) {
    await turnBetween(signal, "The fit");
    const rows = Math.min(drawsATurn, count - first);
    const drawn = best.mixture.sample(rows, stream);
    for (let row = 0; row < rows; row++) {
      const start = row * names.length;
      context.set(drawn.subarray(start, start + given.length), (first + row) * given.length);
      data.set(drawn.subarray(start + given.length, start + names.length), (first + row) * columns.length);
    }
  }
  return { data, context };
}

function hasConstantColumn({ values, columns, rows }: Table): boolean {
  const width = columns.length;
  return columns.some((_, i) => {
    for (let row = 1; row < rows; row++) if (values[row * width + i] !== values[i]) return false;
    return true;
  });
}

/** Row-major rows on the base side of a preparation, with a number for each of them. */
interface PreparedRows {
  readonly data: Float64Array;
  readonly context: Float64Array;
  readonly logAbsDet: Float64Array;
}

/**
 * Training rows with those mixture rows behind them that are, in each column, at most `reach` times as far out as the
 * farthest training row.
 * @param ownRows - Number of training rows, which come first.
 */
export function withoutFarRows(prepared: PreparedRows, ownRows: number, reach: number): PreparedRows {
  const { data, context, logAbsDet } = prepared;
  if (reach === Number.POSITIVE_INFINITY) return prepared;
  const rows = logAbsDet.length;
  const width = data.length / rows;
  const largest = new Float64Array(width);
  for (let i = 0; i < ownRows * width; i++)
    largest[i % width] = Math.max(largest[i % width]!, Math.abs(data[i]!));
  const nearRows = Array.from(logAbsDet.keys()).filter(
    (row) => row < ownRows || largest.every((far, i) => Math.abs(data[row * width + i]!) <= reach * far),
  );
  const pick = (values: Float64Array): Float64Array => {
    const size = values.length / rows;
    const picked = new Float64Array(nearRows.length * size);
    for (const [i, row] of nearRows.entries())
      picked.set(values.subarray(row * size, (row + 1) * size), i * size);
    return picked;
  };
  return { data: pick(data), context: pick(context), logAbsDet: pick(logAbsDet) };
}
