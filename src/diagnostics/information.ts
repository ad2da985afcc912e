/**
 * What the columns of a table hold, alone and of each other: what can be asked, and what comes.
 *
 * @module
 */

import type { FitOptions } from "../fitting/fitOptions.ts";
import { checkFormerOptions } from "../fitting/flowOption.ts";
import { checkedOptions } from "../options.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import { checkTable, type Table } from "../tables/table.ts";
import { informationOptionTable } from "./informationOptions.ts";

/** Options of {@link information}. */
export interface InformationOptions
  extends Pick<FitOptions, "columns" | "weights" | "simplex" | "seed" | "signal" | "onWarning"> {
  /** What to do with rows that lack a value in a used column: an error (default), or leave them out and count them in `dropped`. */
  readonly missing?: "error" | "drop" | undefined;
  /**
   * Groups of columns whose mutual information is wanted, disjoint, at least two; without `columns` they are all that
   * is looked at.
   */
  readonly between?: readonly (readonly string[])[] | undefined;
  /** Parts that the rows are dealt into, from 2 (default 5, from 20,000 rows on 2). Time grows with it. */
  readonly folds?: number | undefined;
  /** Called after each flow. */
  readonly onProgress?: ((progress: { readonly done: number; readonly of: number }) => void) | undefined;
}

/** A number in nats with its standard error, which does not cover what the flows cannot follow. */
export interface Estimate {
  /** Half way between the means over rows that the flows have seen, and have not. */
  readonly value: number;
  /** Standard error of the mean over rows that they have not. */
  readonly standardError: number;
}

/** What {@link information} gives, in nats. */
export interface InformationResult {
  /** Columns looked at, in order. */
  readonly columns: readonly string[];
  /** Rows used. */
  readonly rows: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
  /** Columns of the table that are not used, with the reason and the remedy; empty where columns were named. */
  readonly leftOut: readonly LeftOutColumn[];
  /** Of all columns together, in the data's units; of shares of a total with respect to all but the last. */
  readonly entropy: Estimate;
  /** Against a normal distribution of the same covariance, shares of a total as log-ratios; does not depend on units. */
  readonly negentropy: Estimate;
  /** Of all columns, shares of a total as one of them; 0 exactly for one. */
  readonly totalCorrelation: Estimate;
  /** Entropy of each column alone, in its own units. */
  readonly marginalEntropies: Readonly<Record<string, Estimate>>;
  /** Between the groups that were named. */
  readonly mutualInformation: Estimate | undefined;
  /** Those groups. */
  readonly between: readonly (readonly string[])[] | undefined;
}

/**
 * Estimates the information that a table's columns hold, alone and of each other. One flow a fold for all columns, one
 * a column, one a group: some seconds for 10,000 rows of 5 columns.
 *
 * @throws {@link UsageError} for groups that overlap or name no column, DataError for data that cannot be used,
 *   AbortedError if the signal fires.
 * @example const { mutualInformation } = await information(table, { between: [["age"], ["income", "rent"]] });
 */
export async function information(
  table: Table,
  options: InformationOptions = {},
): Promise<InformationResult> {
  checkFormerOptions("information", options);
  const checked = checkedOptions("information", options, informationOptionTable);
  checkTable("information", table);
  // Who fits tables does without the rest.
  const { measureInformation } = await import("./measureInformation.ts");
  return await measureInformation(table, checked);
}
