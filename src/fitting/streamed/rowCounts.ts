/**
 * What one pass over all rows of a table says of a fit that streams them, beside the sample that is drawn in it.
 *
 * @module
 */

import { isTrained } from "../../architectures/kinds.ts";
import { AbortedError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import { inPieces } from "../../platform/pieces.ts";
import { pickRows } from "../../tables/picks.ts";
import { column, numericColumns, type Table } from "../../tables/table.ts";
import { RowsDigest } from "../../tables/tableDigest.ts";
import type { FitOptions } from "../fitOptions.ts";
import { usableBatch, usedColumns } from "./usableRows.ts";

/** The columns of a fit. */
export interface FittedColumns {
  readonly given: readonly string[];
  readonly columns: readonly string[];
}

/** Counts of all rows. */
export class RowCounts {
  readonly #columns: FittedColumns;
  readonly #options: FitOptions;
  readonly #digest: RowsDigest;
  /** Rows that miss a value. */
  dropped = 0;
  /** Rows that can be used, beside those of the sample. */
  others = 0;
  /** Of the sample, those that can be used, and the sum of their weights. */
  sampledRows = 0;
  sampledWeight = 0;

  constructor(columns: FittedColumns, options: FitOptions) {
    this.#columns = columns;
    this.#options = options;
    this.#digest = new RowsDigest([...columns.given, ...columns.columns]);
  }

  /** Rows that can be used. */
  get rows(): number {
    return this.#digest.rows;
  }

  /** Digest of these. */
  get digest(): string {
    return this.#digest.text;
  }

  /** Whether they are those of a fit to these columns. */
  areOf({ given, columns }: FittedColumns): boolean {
    const own = this.#columns;
    const name = (names: readonly string[]): string => JSON.stringify(names);
    return name(own.given) === name(given) && name(own.columns) === name(columns);
  }

  /**
   * Counts the rows of a batch.
   * @param isSampled - Whether a row, from 0, is one of the sample.
   * @throws DataError for a row that cannot be used.
   */
  async add(batch: Table, isSampled: (row: number) => boolean): Promise<void> {
    const { weights, signal } = this.#options;
    const usable = await usableBatch(batch, usedColumns(this.#columns, weights), this.#options);
    const { table, incomplete } = usable;
    const own = weights === undefined ? undefined : column(table, weights);
    this.dropped += incomplete;
    const kept: number[] = [];
    for (let row = 0; row < table.rows; row++) {
      if (!usable.isUsable(row)) continue;
      kept.push(row);
      if (!isSampled(row)) {
        this.others++;
        continue;
      }
      this.sampledRows++;
      if (own) this.sampledWeight += own[row]!;
    }
    const rows = kept.length === table.rows ? table : pickRows(table, kept);
    await inPieces(this.#digest.adding(rows), signal, "The fit");
  }
}

/**
 * Counts in the pass that draws the sample: of the columns that the fit will most likely have. Which these are, and whether a row that cannot be used is
 * an error, the sample decides.
 */
export class EarlyCounts {
  readonly #options: FitOptions;
  #counts: RowCounts | undefined;
  /** Whether nothing is counted: then it would be of no use. */
  #isOver: boolean;

  constructor(options: FitOptions) {
    this.#options = options;
    const { flow, simplex } = options;
    this.#isOver = simplex !== undefined || (typeof flow === "string" && !isTrained(flow));
  }

  /** See {@link RowCounts.add}. */
  async add(batch: Table, isSampled: (row: number) => boolean): Promise<void> {
    if (this.#isOver) return;
    try {
      this.#counts ??= new RowCounts(likelyColumns(batch, this.#options), this.#options);
      await this.#counts.add(batch, isSampled);
    } catch (error) {
      if (error instanceof AbortedError) throw error;
      // Whether it is an error, and of which words, is said where the columns are known.
      this.#isOver = true;
      this.#counts = undefined;
    }
  }

  /** The counts of all rows; undefined where they are of other columns, or none. */
  of(columns: FittedColumns): RowCounts | undefined {
    return this.#counts?.areOf(columns) ? this.#counts : undefined;
  }
}

/** The columns that a fit to a table like this has, unless its cells or a model that is to be read say otherwise. */
function likelyColumns(
  table: Table,
  { from, columns, given, weights, exclude = [], keep = [] }: FitOptions,
): FittedColumns {
  const model = from && Object(from) === from ? (from as Partial<Flow>) : {};
  const own = { given: given ?? model.given ?? [], columns: columns ?? model.columns };
  const others = [...own.given, ...exclude, ...keep, weights];
  return { ...own, columns: own.columns ?? numericColumns(table).filter((name) => !others.includes(name)) };
}
