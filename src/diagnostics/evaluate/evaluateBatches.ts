/**
 * How good a fitted flow is on rows that need not fit in memory.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import { FittedRows } from "../../models/batches/fittedRows.ts";
import { scoreBatches } from "../../models/batches/scoreBatches.ts";
import { ScoreSummary } from "../../models/batches/scoreSummary.ts";
import type { Flow } from "../../models/flow.ts";
import type { Contributions } from "../../models/scores/contributions.ts";
import { RunningMean } from "../../numerics/meanAndError.ts";
import { checkedOptions, count, wholeNumber } from "../../options.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { sampleOfBatches } from "../../tables/batches/describeBatches.ts";
import { mostCells, type TableBatches, tableOfBatches } from "../../tables/batches/tableBatches.ts";
import { evaluateDefaults, mostCompared } from "../defaults.ts";
import {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  fittedWarning,
  type HeldOutScore,
} from "./evaluate.ts";

/** Options of {@link evaluateBatches} beside those of `evaluate`. */
export interface EvaluateBatchesOptions extends EvaluateOptions {
  /** Cells, of all columns, that are held in memory at most (default 8,388,608): a table of no more is evaluated as `evaluate` does it. */
  readonly cells?: number | undefined;
  /**
   * Rows that are evaluated (default: all): of more so many are drawn at random by the seed, and are held in memory. Whether the model was
   * fitted to the rows is still said of all of them.
   */
  readonly rows?: number | undefined;
}

/** What columns add, over the rows whose density is not 0. */
class ContributionMeans {
  readonly #columns = new Map<string, { readonly mean: RunningMean; outside: number }>();

  add({ columns, logProb }: Contributions): void {
    for (const { column, outcome, value } of columns) {
      const own = this.#columns.get(column) ?? { mean: new RunningMean(), outside: 0 };
      this.#columns.set(column, own);
      value.forEach((each, row) => {
        if (each === Number.NEGATIVE_INFINITY) own.outside++;
        if (Number.isFinite(logProb[row]!)) own.mean.add((outcome?.[row] ?? 0) + each);
      });
    }
  }

  get scores(): NonNullable<Evaluation["contributions"]> {
    return Array.from(this.#columns, ([column, { mean, outside }]) => ({
      column,
      ...scoreOf(mean.mean, mean.standardError, mean.count, outside),
    }));
  }
}

function scoreOf(mean: number, error: number, rows: number, outsideSupport: number): HeldOutScore {
  // Of one row the error cannot be told, as in `evaluate`.
  const standardError = rows === 1 ? Number.POSITIVE_INFINITY : error;
  return { mean, standardError, rows, outsideSupport };
}

/**
 * Says how good a flow is on held-out rows that need not fit in memory. Log-densities and contributions of columns are those of all rows,
 * a batch at a time, and so is whether they are the rows of the fit. What needs rows beside each other (the classifier, distances of columns,
 * pairs, copies) is said of up to 100,000 rows drawn at random by the seed, with no more than `cells` cells; `sampledRows` says how many. Of a table
 * of no more cells it is what `evaluate` says. The table is gone through once.
 *
 * @param batches - Rows that the flow has not seen, ten at least.
 * @throws As `evaluate`; UsageError for what is not a table in batches.
 * @example
 * const { logProb, sampledRows } = await evaluateBatches(flow, await readBatches("test/"));
 */
export async function evaluateBatches(
  flow: Flow,
  batches: TableBatches,
  options: EvaluateBatchesOptions = {},
): Promise<Evaluation> {
  checkBatches("evaluateBatches", batches);
  const { cells = mostCells, rows: wanted, ...given } = options;
  checkedOptions(
    "evaluateBatches",
    { cells, rows: wanted },
    { cells: wholeNumber("a whole number from 1000", 1000), rows: count },
  );
  if (wanted !== undefined && wanted < batches.rows) return await evaluateSome(flow, batches, wanted, given);
  const most = Math.max(10, Math.floor(cells / Math.max(1, batches.records.length)));
  if (batches.rows <= most) return await evaluate(flow, await tableOfBatches(batches), given);
  const { seed = evaluateDefaults.seed, onWarning, train: _, samples: __, ...how } = given;
  const scored = scoreBatches(flow, batches, {
    ...how,
    missing: "empty",
    byColumn: hasMixedColumns(flow.description.kind),
  });
  const summary = new ScoreSummary();
  const means = new ContributionMeans();
  const passed: TableBatches = {
    ...batches,
    async *[Symbol.asyncIterator]() {
      for await (const batch of scored) {
        summary.add(batch);
        if (batch.contributions) means.add(batch.contributions);
        yield batch.table;
      }
    },
  };
  const sample = await sampleOfBatches(passed, Math.min(most, mostCompared), seed);
  const sampled = await evaluate(flow, sample, given);
  if (scored.wereFitted) onWarning?.(fittedWarning);
  const { rows, missing, outsideSupport, possible } = summary.scores;
  const { meanLogProb, standardError } = possible;
  return {
    ...sampled,
    rows,
    sampledRows: sampled.rows,
    fittedToTheseRows: scored.wereFitted,
    logProb: scoreOf(meanLogProb, standardError, rows - missing - outsideSupport, outsideSupport),
    ...(sampled.contributions ? { contributions: means.scores } : {}),
  };
}

/** What `evaluate` says of rows that are drawn, and whether all of them are those of the fit. */
async function evaluateSome(
  flow: Flow,
  batches: TableBatches,
  rows: number,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { seed = evaluateDefaults.seed, signal, onWarning } = options;
  const fitted = new FittedRows(flow);
  const passed: TableBatches = {
    ...batches,
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches) {
        await fitted.add(batch, signal);
        yield batch;
      }
    },
  };
  const evaluation = await evaluate(flow, await sampleOfBatches(passed, rows, seed), options);
  if (evaluation.fittedToTheseRows || !fitted.areThose) return evaluation;
  onWarning?.(fittedWarning);
  return { ...evaluation, fittedToTheseRows: true };
}
