/**
 * The ratio of two densities, row by row.
 *
 * @module
 */

import type { Flow } from "../../models/flow.ts";
import type { EvaluationOptions, LogProbOptions } from "../../models/flowOptions.ts";
import type { RowsLike } from "../../models/rows/splitRows.ts";
import { tableOfRows } from "../../models/rows/tableOfRows.ts";
import { checkedOptions } from "../../options.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { countingRows } from "../../tables/batches/rowNumbers.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import { densityRatioOptionTable } from "./divergenceOptions.ts";
import { checkSameMeasure } from "./sameMeasure.ts";

/** Options of {@link densityRatio}. */
export interface DensityRatioOptions extends EvaluationOptions {
  /** Values of the columns that both flows are given, as of `Flow.logProb`; then the rows hold the other columns alone. */
  readonly given?: LogProbOptions["given"];
  /** What to do with rows that miss a value, as of `Flow.logProb`: `"error"` (default), `"empty"` (NaN), or `"drop"`. */
  readonly missing?: LogProbOptions["missing"];
  /** Taken, and not used: one object of options serves all functions. */
  readonly seed?: number | undefined;
  /** Called with one line where rows are impossible under one flow or under both. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** What {@link densityRatio} gives. */
export interface DensityRatio {
  /**
   * log p - log q of each row, in nats: infinity where the row is impossible under q alone, minus infinity where under p alone, NaN
   * where under both, as there is no ratio of 0 to 0.
   */
  readonly logRatio: Float64Array;
  /** Rows that are impossible, their density being 0: under p alone, under q alone, under both. `Flow.impossibleRows` says why. */
  readonly impossible: {
    /** Under p alone. */
    readonly p: number;
    /** Under q alone. */
    readonly q: number;
    /** Under both. */
    readonly both: number;
  };
}

/** `1 of 20 rows is`, `3 of 20 rows are`. */
export const countOfRows = (count: number, rows: number, noun: string): string =>
  `${count} of ${rows} ${noun} ${count === 1 ? "is" : "are"}`;

/**
 * The logarithm of p / q at each row: above 0 where the row is more frequent under p. Cost: a pass of each flow.
 *
 * @param p - A flow of any kind.
 * @param q - A flow of the same columns with the same reference measures: see `Flow.description.measures`.
 * @param rows - As of `Flow.logProb`; rows without names are in the order of p's columns.
 * @throws UsageError if the flows are of different columns or measures; as `Flow.logProb`.
 * @example const { logRatio } = await densityRatio(thisYear, lastYear, table); // Math.exp(logRatio[0]): times as frequent
 */
export async function densityRatio(
  p: Flow,
  q: Flow,
  rows: RowsLike,
  options: DensityRatioOptions = {},
): Promise<DensityRatio> {
  const { onWarning, ...how } = checkedOptions("densityRatio", options, densityRatioOptionTable);
  checkSameMeasure("densityRatio", p, q);
  const found = await ratioOfRows(p, q, rows, how);
  for (const line of impossibleLines(found.impossible, found.logRatio.length)) onWarning?.(line);
  return found;
}

/**
 * The logarithm of p / q at each row of a table that comes in batches: of each batch what {@link densityRatio} gives. What should be known of
 * it is told once, after the last batch. A batch is scored when it is asked for, so that one alone is in memory.
 *
 * @throws As {@link densityRatio}, while the batches are asked for.
 * @example for await (const { logRatio } of densityRatioBatches(p, q, await readBatches("events.parquet"))) console.log(logRatio[0]);
 */
export async function* densityRatioBatches(
  p: Flow,
  q: Flow,
  batches: TableBatches,
  options: DensityRatioOptions = {},
): AsyncGenerator<DensityRatio, void> {
  checkBatches("densityRatioBatches", batches);
  const { onWarning, ...how } = checkedOptions("densityRatioBatches", options, densityRatioOptionTable);
  checkSameMeasure("densityRatioBatches", p, q);
  const all = { p: 0, q: 0, both: 0 };
  let rows = 0;
  for await (const batch of batches) {
    const found = await countingRows(batch, () => ratioOfRows(p, q, batch, how));
    for (const under of ["p", "q", "both"] as const) all[under] += found.impossible[under];
    rows += found.logRatio.length;
    yield found;
  }
  for (const line of impossibleLines(all, rows)) onWarning?.(line);
}

async function ratioOfRows(
  p: Flow,
  q: Flow,
  rows: RowsLike,
  { missing, ...how }: DensityRatioOptions,
): Promise<DensityRatio> {
  // By name, as q may have the columns in another order.
  const names = how.given === undefined ? [...p.given, ...p.columns] : p.columns;
  const table = await tableOfRows("densityRatio", names, rows);
  // Dropped below, as one flow may have scores where the other has none.
  const scored: LogProbOptions = { ...how, missing: missing === "drop" ? "empty" : missing };
  const allOfP = await p.logProb(table, scored);
  const allOfQ = await q.logProb(table, scored);
  const isKept = (_: number, row: number): boolean =>
    missing !== "drop" || !(Number.isNaN(allOfP[row]!) || Number.isNaN(allOfQ[row]!));
  const [ofP, ofQ] = [allOfP.filter(isKept), allOfQ.filter(isKept)];
  const impossible = { p: 0, q: 0, both: 0 };
  const logRatio = ofP.map((logP, row) => {
    const [noP, noQ] = [logP === Number.NEGATIVE_INFINITY, ofQ[row] === Number.NEGATIVE_INFINITY];
    if (noP && noQ) impossible.both++;
    else if (noP) impossible.p++;
    else if (noQ) impossible.q++;
    return noP && noQ ? Number.NaN : logP - ofQ[row]!;
  });
  return { logRatio, impossible };
}

/** What should be known of impossible rows, a line each. */
function impossibleLines({ p, q, both }: DensityRatio["impossible"], rows: number): readonly string[] {
  return (
    [
      [q, "q alone", "infinity"],
      [p, "p alone", "minus infinity"],
      [both, "both flows", "not a number"],
    ] as const
  ).flatMap(([count, under, value]) =>
    count === 0
      ? []
      : [
          `${countOfRows(count, rows, "rows")} impossible under ${under}, so that the log ratio there is ${value}; \`impossibleRows\` says why.`,
        ],
  );
}
