/**
 * Rows that are strange, how strange, and which columns are to blame.
 *
 * Log-densities of mixed rows do not rank: a mass stands beside a density with units, and a missing cell adds nothing. So rows are
 * ranked by distances that are the same measure for all columns, whatever their kind and units, see `columnDistance` and `Neighbours`.
 *
 * Of a table alone, each row is held against rows of the other folds, of which the strangest have been left out: what is strange in them,
 * or many times over, does not become ordinary. With a flow, rows are held against rows that it draws; where its columns are real
 * numbers its log-density counts as much.
 *
 * @module
 */

import type { Flow } from "../../models/flow.ts";
import type { ColumnMeasure } from "../../models/scores/measure.ts";
import { checkedOptions } from "../../options.ts";
import { asBatches, type TableBatches } from "../../tables/batches/tableBatches.ts";
import type { TableSchema } from "../../tables/schema/columnSchema.ts";
import { checkTable, type Table } from "../../tables/table.ts";
import { anomaliesOptionTable } from "./anomaliesOptions.ts";
import { besideFlow } from "./anomalyBatches.ts";
import { rankingOf } from "./anomalyRows.ts";
import { besideOthers } from "./besideOthers.ts";

/** Options of {@link anomalies}. */
export interface AnomaliesOptions {
  /** Columns to look at (default: all but constants, identifiers and free text). Without a flow. */
  readonly columns?: readonly string[] | undefined;
  /** Columns to leave out. Without a flow. */
  readonly exclude?: readonly string[] | undefined;
  /** Kinds of columns, such as `{ age: "integer", shift: "angle:24" }`, as of a fit (default: found out). Without a flow. */
  readonly kinds?: Readonly<Record<string, string>> | undefined;
  /** What the columns are, as `describe` gives it (default: found out). Without a flow. */
  readonly schema?: TableSchema | undefined;
  /** Number of parts that the rows are dealt into, 2 or more (default 5): each is held against rows of the others. Without a flow. */
  readonly folds?: number | undefined;
  /**
   * Share of the reference rows that are left out as too strange to be a measure for others, from 0 and below 0.5 (default 0.2). Without a
   * flow.
   */
  readonly trim?: number | undefined;
  /**
   * Whether rows get log-densities, each by a fit of mixed columns to ordinary rows of the other folds (default true): `folds` fits, which
   * take most of the time. Ranks do not depend on them. Without a flow.
   */
  readonly logProb?: boolean | undefined;
  /**
   * Ordinary rows that the flow has not seen: p-values are against them. Without them p-values are against rows that the flow draws, and
   * as right as it is. With a flow.
   */
  readonly calibration?: Table | undefined;
  /** Rate of false discoveries, between 0 and 1: rows are marked so that at most this share of them is expected to be ordinary. With a flow. */
  readonly fdr?: number | undefined;
  /** Seed of folds, drawn rows and the order of ties (default 0). */
  readonly seed?: number | undefined;
  /** Stops the search with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what should be known of the result, a line each. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** A column that makes a row strange. */
export interface Blame {
  /** Its name. */
  readonly column: string;
  /** Its part of what all columns contribute, above 0; those of a row sum to 1. */
  readonly share: number;
}

/** What is strange about one row. */
export interface Anomaly {
  /** The row of the table, from 1. */
  readonly row: number;
  /** How strange it is: larger is stranger. Without a flow a distance, see `Neighbours`; with one a surprise in nats. */
  readonly score: number;
  /** Probability that an ordinary row is at least as strange, see {@link Anomalies.against}. */
  readonly pValue: number;
  /**
   * Log-density in nats and data units, with respect to {@link Anomalies.measures}: by the flow, or by a fit to ordinary rows that has not
   * seen this one. Undefined where it was not asked for, and for a row that misses a value of a flow of real numbers. It does not rank: a
   * mass stands beside a density with units.
   */
  readonly logProb: number | undefined;
  /** The columns by how much they are to blame, the first most; none for a row that is like others in all of them. */
  readonly blame: readonly Blame[];
  /**
   * For the first of these, those that together make up nine tenths, five at most, the value that rows have which are alike in all other
   * columns, as the column has values; null where most of them miss it.
   */
  readonly expected: Readonly<Record<string, string | number | null>>;
  /** Whether it is among the discoveries; undefined unless `fdr` asks for them. */
  readonly isDiscovery?: boolean | undefined;
}

/** What {@link anomalies} found. */
export interface Anomalies {
  /** One for each row of the table, in its order. */
  readonly rows: readonly Anomaly[];
  /** Places in {@link rows}, the strangest first. */
  readonly ranking: readonly number[];
  /** Columns that were looked at. */
  readonly columns: readonly string[];
  /** With respect to what log-densities are, by column; undefined where there are none. */
  readonly measures?: readonly ColumnMeasure[] | undefined;
  /** Set where the flow knows a lower bound of its log-densities alone. */
  readonly bound?: true | undefined;
  /**
   * What p-values are against. `"themselves"`: the place of a row among all, scored by rows that do not include it. Of ordinary rows
   * P(p <= a) <= a / (1 - s) where a share s of the rows is strange, whatever these are like, and P(p <= a) <= a where none is.
   * `"calibration"`: of ordinary rows P(p <= a) <= a + 1 / (rows + 1). `"drawn"`: rows drawn from the flow, the same bound if it
   * is right.
   */
  readonly against: "themselves" | "calibration" | "drawn";
  /** How many rows p-values are against. */
  readonly calibrationRows: number;
  /** Number of discoveries; undefined unless `fdr` asks for them. */
  readonly discoveries?: number | undefined;
}

/**
 * Ranks the rows of a table by how strange they are, and says of each which columns are to blame and what to expect there.
 *
 * Rows of a table are held against each other, or, with a flow before it, against the flow; then the table may come in batches, one of
 * which is in memory at a time.
 * @throws UsageError for options that do not fit, DataError for a table that cannot be used, AbortedError if the signal fires.
 * @example
 * const { rows, ranking } = await anomalies(table);
 * console.log(rows[ranking[0]].blame[0].column);
 * const found = await anomalies(flow, table, { calibration, fdr: 0.1 });
 */
export async function anomalies(table: Table, options?: AnomaliesOptions): Promise<Anomalies>;
export async function anomalies(
  flow: Flow,
  table: Table | TableBatches,
  options?: AnomaliesOptions,
): Promise<Anomalies>;
export async function anomalies(
  source: Table | Flow,
  second: Table | TableBatches | AnomaliesOptions = {},
  third: AnomaliesOptions = {},
): Promise<Anomalies> {
  // Of a flow of another copy of this package, too.
  if (typeof (source as Partial<Flow> | null | undefined)?.logProb === "function") {
    const batches = asBatches("anomalies", second);
    const options = checkedOptions("anomalies", third, anomaliesOptionTable);
    const found = await besideFlow(source as Flow, batches, options);
    return { ...found, ranking: rankingOf(found.rows) };
  }
  checkTable("anomalies", source);
  return await besideOthers(
    source,
    checkedOptions("anomalies", second as AnomaliesOptions, anomaliesOptionTable),
  );
}
