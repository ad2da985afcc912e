/**
 * Fits to tables that do not fit in memory.
 *
 * Statistics, the choice of a preparation and held-out rows are those of a sample, which is drawn at random and in memory. All other rows
 * are prepared, kept on disk, and gone through in windows ({@link StoredRows}).
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { checkedOptions, type OptionTable, text } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { isNode, nodeModule } from "../../platform/platform.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { drawnRows, type SampledRows } from "../../tables/batches/describeBatches.ts";
import { namingRows } from "../../tables/batches/rowNumbers.ts";
import { mostCells, type TableBatches, tableOfBatches } from "../../tables/batches/tableBatches.ts";
import { type AskedFit, askedFit, fit, fitAsked } from "../fit.ts";
import type { FitOptions } from "../fitOptions.ts";
import type { FitResult } from "../fitReport.ts";
import { fitByGradient } from "../gradient/fitByGradient.ts";
import { EarlyCounts } from "./rowCounts.ts";
import { StreamedRows } from "./streamedRows.ts";

/** Options of {@link fitBatches} beside those of `fit`. */
export interface FitBatchesOptions extends FitOptions {
  /** Rows that are drawn at random, and fitted to; `"all"` (default) for all. */
  readonly rows?: number | "all" | undefined;
  /**
   * Cells, of all columns, that are held in memory (default 8,388,608): a fit to no more is that of `fit`, and of more a quarter of them is the
   * sample.
   */
  readonly cells?: number | undefined;
  /** Folder for the rows that are not in memory, some bytes of each (default: that of the system for temporary files). */
  readonly folder?: string | undefined;
}

/** What {@link fitBatches} gives. */
export interface BatchesFit extends FitResult {
  /** What was gone through where the rows were streamed; absent where they were in memory. */
  readonly streamed?:
    | {
        /** Different rows that the training went through, or may go through. */
        readonly rows: number;
        /** Rows that it could have gone through: those of the table that can be used and are not held out. */
        readonly of: number;
        /** Rows in memory, by which columns are prepared, of which some are held out. */
        readonly sample: number;
      }
    | undefined;
}

/** What the options of a table in batches may be. */
export const batchOptionTable: OptionTable<Pick<FitBatchesOptions, "rows" | "cells" | "folder">> = {
  rows: {
    expected: 'a whole number from 1, or "all"',
    accepts: (value) => value === "all" || (Number.isSafeInteger(value) && (value as number) >= 1),
  },
  cells: {
    expected: "a whole number from 1000",
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1000,
  },
  folder: text,
};

/**
 * Fits a flow to a table that need not fit in memory, as `fit` does to one that does. Kinds that are trained by gradient on columns of
 * numbers go through all rows in flat memory: a sample of them gives the statistics of the columns and the held-out rows, and all
 * others are written to disk once, as the training sees them (4 bytes a number, 8 in float64), no more than it can go through. Each
 * epoch takes blocks of 256 rows in a new order, some hundred at a time, and goes through their rows in an order of its own; same seed, same bits.
 * The file has no name, and is gone when the process is.
 *
 * Other kinds, and shares of a total, are fitted to rows in memory: all that are asked for, which is said, and refused beyond half of
 * the machine's memory. The table is read three times, twice where its sample is enough: for what its columns are, for the sample
 * and counts of all rows, and for the rows that are kept.
 *
 * @throws As `fit`; UsageError for rows that cannot be held; FormatError where the disk has too little room.
 * @example
 * const { flow, streamed } = await fitBatches(await readBatches("events/"), { flow: "nsf-ar", seed: 1 });
 */
export async function fitBatches(
  batches: TableBatches,
  options: FitBatchesOptions = {},
): Promise<BatchesFit> {
  checkBatches("fitBatches", batches);
  const { rows: wanted = "all", cells = mostCells, folder, ...fitOptions } = options;
  checkedOptions("fitBatches", { rows: wanted, cells, folder }, batchOptionTable);
  const rows = wanted === "all" ? batches.rows : Math.min(wanted, batches.rows);
  const { seed = 0 } = fitOptions;
  const width = Math.max(1, batches.records.length);
  if (rows <= Math.max(1, Math.floor(cells / width))) return await fitHeld(batches, rows, fitOptions);
  const early = new EarlyCounts(fitOptions);
  const sampleRows = Math.max(1, Math.floor(cells / width / 4));
  const sample = await drawnRows(batches, sampleRows, seed, undefined, async (batch, isDrawn) => {
    await early.add(batch, isDrawn);
    fitOptions.onPhase?.({ phase: "rows", done: (batch.rowsBefore ?? 0) + batch.rows, total: batches.rows });
  });
  const asked = await askedFit(sample.table, fitOptions);
  if (asked.isByGradient && fitOptions.simplex === undefined)
    return await fitStreamed(batches, rows, { sample, early }, asked, folder);
  checkHeld(rows, batches, asked);
  fitOptions.onWarning?.(
    `${kindInWords(asked)} is fitted to rows in memory: ${(8e-9 * rows * width).toFixed(1)} GB of cells, and as much again several times`,
  );
  return await fitHeld(batches, rows, fitOptions);
}

/** Fits to rows in memory: all, or as many as asked for at random. */
async function fitHeld(batches: TableBatches, rows: number, options: FitOptions): Promise<FitResult> {
  if (rows === batches.rows) return await fit(await tableOfBatches(batches), options);
  const { table, places } = await drawnRows(batches, rows, options.seed ?? 0);
  const { remarks } = batches;
  return await namingRows(
    (row) => places[row - 1]! + 1,
    () => fit({ ...table, ...(remarks ? { remarks } : {}) }, options),
    table.records,
  );
}

async function fitStreamed(
  batches: TableBatches,
  rows: number,
  { sample, early }: { readonly sample: SampledRows; readonly early: EarlyCounts },
  asked: AskedFit,
  folder: string | undefined,
): Promise<BatchesFit> {
  const stream = new StreamedRows(batches, rows, sample, early, asked.checked, folder);
  try {
    const result = await namingRows(
      (row) => (stream.hasBegun ? row : sample.places[row - 1]! + 1),
      () => fitAsked(sample.table, asked, (table, options) => fitByGradient(table, options, stream)),
      sample.table.records,
    );
    return { ...result, streamed: stream.facts };
  } finally {
    stream.close();
  }
}

const kindInWords = ({ flow, checked }: AskedFit): string =>
  checked.simplex === undefined ? String(flow) : "a flow of shares";

/** @throws UsageError where rows would take more than half of the memory. */
function checkHeld(rows: number, { records }: TableBatches, asked: AskedFit): void {
  if (!isNode) return;
  const bytes = 8 * rows * records.length;
  const memory = nodeModule("node:os", "").totalmem();
  if (bytes <= memory / 2) return;
  const inGigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  throw new UsageError({
    where: "fitBatches",
    problem: `${kindInWords(asked)} is fitted to rows in memory, and ${rows} rows of ${records.length} columns are ${inGigabytes(bytes)} of cells, more than half of the ${inGigabytes(memory)} that this machine has`,
    expected: "fewer rows",
    received: `${rows}`,
    remedy: `name fewer ${optionText("rows")}: a million are mostly as good; or a kind that is trained, such as ${optionText("flow", "nsf-ar")}`,
  });
}
