/**
 * Several kinds of model on the rows of a table that need not fit in memory.
 *
 * @module
 */

import { isTrained } from "../../architectures/kinds.ts";
import { fit } from "../../fitting/fit.ts";
import type { FitResult } from "../../fitting/fitReport.ts";
import { batchOptionTable, fitBatches } from "../../fitting/streamed/fitBatches.ts";
import { usableBatches, usedColumns } from "../../fitting/streamed/usableRows.ts";
import { callback, checkedOptions, type OptionTable } from "../../options.ts";
import { checkSignal } from "../../platform/pieces.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { checkBatches } from "../../tables/batches/checkBatches.ts";
import { drawnRows, sampleOfBatches } from "../../tables/batches/describeBatches.ts";
import { namingRows } from "../../tables/batches/rowNumbers.ts";
import { mostCells, type TableBatches, tableOfBatches } from "../../tables/batches/tableBatches.ts";
import { fewestRows } from "../../tables/checks.ts";
import { pickRows } from "../../tables/picks.ts";
import { column, selectColumns, type Table } from "../../tables/table.ts";
import {
  type CheckedComparison,
  type ComparedData,
  type CompareOptions,
  type Comparison,
  checkedComparison,
  comparedData,
  comparisonInMemory,
  comparisonOf,
  splitsOf,
} from "./compare.ts";
import { type ComparedRows, compareKinds, type FittedKindOptions, type HeldOutRows } from "./compareKinds.ts";

/** Options of {@link compareBatches} beside those of `compare`. */
export interface CompareBatchesOptions extends CompareOptions {
  /** Rows that are compared, drawn at random; `"all"` (default) for all. */
  readonly rows?: number | "all" | undefined;
  /**
   * Cells, of all columns, that are held in memory (default 8,388,608): a comparison of no more is that of `compare`, and of more a quarter of
   * them is the sample that kinds without gradients are fitted to.
   */
  readonly cells?: number | undefined;
  /** Folder for the rows that a training goes through (default: that of the system for temporary files). */
  readonly folder?: string | undefined;
  /** Told how many rows of a pass over the table are done. */
  readonly onRows?: ((done: number, total: number) => void) | undefined;
}

const ownOptions: OptionTable<Pick<CompareBatchesOptions, "rows" | "cells" | "folder" | "onRows">> = {
  ...batchOptionTable,
  onRows: callback,
};

/**
 * Fits several kinds of model to the same rows of a table that need not fit in memory, and scores the same other rows, as `compare` does.
 * All rows that are not held out are there to be fitted to, and all that are held out are scored, a batch at a time: means, differences row by row and
 * their errors are exact. Kinds that are trained by gradient go through the rows as {@link fitBatches} does; the others are fitted to a
 * sample of them. `fittedRows` of each kind says to how many. Of no more rows than are held in memory it is what `compare` gives.
 *
 * Columns are chosen by a sample. Shares of a total (`simplex`) are compared by the rows of a sample alone, which a warning says. The table is read twice, once more for each
 * fold, and up to three times for each kind that is trained.
 *
 * @throws As `compare`; UsageError for what is not a table in batches; FormatError where the disk has too little room.
 * @example
 * const { best, flows } = await compareBatches(await readBatches("events/"), { flows: ["gaussian", "nsf-ar"], seed: 1 });
 */
export async function compareBatches(
  batches: TableBatches,
  given: CompareBatchesOptions = {},
): Promise<Comparison> {
  checkBatches("compareBatches", batches);
  const { rows: wanted = "all", cells = mostCells, folder, onRows, ...rest } = given;
  checkedOptions("compareBatches", { rows: wanted, cells, folder, onRows }, ownOptions);
  const options = checkedComparison("compareBatches", rest);
  const { seed = 0, simplex, onWarning } = options;
  const rows = wanted === "all" ? batches.rows : Math.min(wanted, batches.rows);
  const most = Math.max(fewestRows, Math.floor(cells / Math.max(1, batches.records.length)));
  if (rows > most && simplex)
    onWarning?.(`shares of a total are compared in memory: by ${most} of ${rows} rows, drawn at random`);
  if (rows <= most || simplex)
    return await comparisonInMemory(await heldData(batches, Math.min(rows, most), options), options);
  const sampleRows = Math.max(fewestRows, Math.floor(most / 4));
  const sample = await drawnRows(batches, sampleRows, seed);
  const compared = await namingRows(
    (row) => sample.places[row - 1]! + 1,
    () => comparedData(sample.table, options),
    sample.table.records,
  );
  const { columns } = compared.data;
  const usable = new UsableRows(batches, usedColumns({ columns }, options.weights), options, onRows);
  await usable.count();
  const parts = new RowParts(usable, rows, options);
  const streamed = new StreamedRows(parts, columns, options, { sampleRows, cells, folder, onRows });
  const flows = await compareKinds(streamed, options);
  const data = { ...compared.data, rows: parts.rows, dropped: usable.dropped };
  return comparisonOf(flows, { ...compared, data }, parts.heldOutRows, parts.folds);
}

/** What is compared of rows in memory: all, or so many at random. The table that they come in is given up. */
async function heldData(
  batches: TableBatches,
  rows: number,
  options: CheckedComparison,
): Promise<ComparedData> {
  if (rows === batches.rows) return await comparedData(await tableOfBatches(batches), options);
  const { table, places } = await drawnRows(batches, rows, options.seed ?? 0);
  const { remarks } = batches;
  return await namingRows(
    (row) => places[row - 1]! + 1,
    () => comparedData({ ...table, ...(remarks ? { remarks } : {}) }, options),
    table.records,
  );
}

/** The rows of a table that can be used. */
class UsableRows {
  readonly #batches: TableBatches;
  readonly #names: readonly string[];
  readonly #options: CompareOptions;
  readonly #onRows: CompareBatchesOptions["onRows"];
  /** How many there are. */
  rows = 0;
  /** Rows that miss a value. */
  dropped = 0;

  constructor(
    batches: TableBatches,
    names: readonly string[],
    options: CompareOptions,
    onRows: CompareBatchesOptions["onRows"],
  ) {
    this.#batches = batches;
    this.#names = names;
    this.#options = options;
    this.#onRows = onRows;
  }

  /**
   * Counts them.
   * @throws DataError for a row that is none, as `compare`.
   */
  async count(): Promise<void> {
    for await (const { table, rowsBefore, isUsable, incomplete } of this.#usable()) {
      this.dropped += incomplete;
      for (let row = 0; row < table.rows; row++) if (isUsable(row)) this.rows++;
      this.#onRows?.(rowsBefore + table.rows, this.#batches.rows);
    }
  }

  /** Those of which `isWanted` is true, called once for each that can be used, in their order. */
  batchesOf(rows: number, isWanted: () => () => boolean): TableBatches {
    const columns = this.#names;
    const records = this.#batches.records.filter(({ name }) => columns.includes(name));
    const usable = (): AsyncIterable<{ table: Table; isUsable(row: number): boolean }> => this.#usable();
    return {
      columns,
      rows,
      records,
      async *[Symbol.asyncIterator]() {
        const isNextWanted = isWanted();
        let rowsBefore = 0;
        for await (const { table, isUsable } of usable()) {
          const places: number[] = [];
          for (let row = 0; row < table.rows; row++) if (isUsable(row) && isNextWanted()) places.push(row);
          if (places.length === 0) continue;
          yield { ...pickRows(table, places), records, ...(rowsBefore > 0 ? { rowsBefore } : {}) };
          rowsBefore += places.length;
        }
      },
    };
  }

  async *#usable(): ReturnType<typeof usableBatches> {
    for await (const batch of usableBatches(this.#batches, this.#names, this.#options)) {
      checkSignal(this.#options.signal, "The comparison");
      yield batch;
    }
  }
}

/** Rows in parts at random: those that are held out together, and those that are not compared. */
class RowParts {
  readonly #usable: UsableRows;
  /** Rows of each; the last are not compared. */
  readonly #sizes: readonly number[];
  readonly #seed: number;
  readonly rows: number;
  /** Rows that are held out, of all folds. */
  readonly heldOutRows: number;
  /** Parts that are held out, one after the other. */
  readonly folds: number;

  constructor(usable: UsableRows, rows: number, options: CompareOptions) {
    this.#usable = usable;
    this.#seed = options.seed ?? 0;
    this.rows = Math.min(rows, usable.rows);
    const held = splitsOf(this.rows, options).map(({ test }) => test.to - test.from);
    this.heldOutRows = held.reduce((sum, size) => sum + size, 0);
    this.folds = held.length;
    this.#sizes = [...held, this.rows - this.heldOutRows, usable.rows - this.rows];
  }

  /** The rows that are held out together. */
  heldOut(fold: number): TableBatches {
    return this.#usable.batchesOf(this.#sizes[fold]!, () => {
      const part = this.#parts();
      return () => part() === fold;
    });
  }

  /** The compared rows beside them. */
  without(fold: number): TableBatches {
    const unused = this.#sizes.length - 1;
    return this.#usable.batchesOf(this.rows - this.#sizes[fold]!, () => {
      const part = this.#parts();
      return () => {
        const own = part();
        return own !== fold && own !== unused;
      };
    });
  }

  /** The part of one row after the other: each way to divide them is as probable as any other. */
  #parts(): () => number {
    const stream = new RandomStream(split(split(randomKey(this.#seed), "compare"), "parts"));
    const left = [...this.#sizes];
    let total = this.#usable.rows;
    return () => {
      let place = stream.uniform() * total--;
      let part = 0;
      while (part < left.length - 1 && place >= left[part]!) place -= left[part++]!;
      left[part]!--;
      return part;
    };
  }
}

/** How rows are streamed. */
interface Streaming {
  readonly sampleRows: number;
  readonly cells: number;
  readonly folder: string | undefined;
  readonly onRows: CompareBatchesOptions["onRows"];
}

/** Rows that come in batches. */
class StreamedRows implements ComparedRows {
  readonly columns: readonly string[];
  readonly folds: number;
  readonly #parts: RowParts;
  readonly #weights: string | undefined;
  readonly #seed: number | undefined;
  readonly #streaming: Streaming;

  constructor(
    parts: RowParts,
    columns: readonly string[],
    { weights, seed }: CompareOptions,
    streaming: Streaming,
  ) {
    this.columns = columns;
    this.folds = parts.folds;
    this.#parts = parts;
    this.#weights = weights;
    this.#seed = seed;
    this.#streaming = streaming;
  }

  async fit(fold: number, options: FittedKindOptions): Promise<FitResult> {
    const train = this.#parts.without(fold);
    const { sampleRows, cells, folder, onRows } = this.#streaming;
    if (!isTrained(options.flow))
      return await fit(await sampleOfBatches(train, sampleRows, this.#seed), options);
    return await fitBatches(train, {
      ...options,
      cells,
      folder,
      onPhase: ({ phase, done, total }) => phase === "rows" && onRows?.(done, total),
    });
  }

  async *heldOut(fold: number): AsyncGenerator<HeldOutRows> {
    const batches = this.#parts.heldOut(fold);
    let done = 0;
    for await (const table of batches) {
      yield {
        values: selectColumns(table, this.columns).values,
        weights: this.#weights === undefined ? undefined : column(table, this.#weights),
      };
      done += table.rows;
      this.#streaming.onRows?.(done, batches.rows);
    }
  }
}
