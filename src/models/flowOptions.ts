/**
 * Options of what a fitted flow is asked.
 *
 * @module
 */

import {
  anObject,
  callback,
  engineOptions,
  flag,
  integer,
  type OptionKind,
  type OptionTable,
  oneOf,
  signal,
  wholeNumber,
} from "../options.ts";
import type { MissingScore } from "../tables/completeRows.ts";
import type { GivenReport } from "./columns/questions/questionOptions.ts";
import type { EngineOptions } from "./evaluation.ts";

/** Options of evaluations. */
export interface EvaluationOptions extends EngineOptions {
  /** Stops the computation with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** A range of values, both ends included; without an end all on that side. Texts for dates, times and levels in an order. */
export interface GivenRange {
  /** No value is below it. */
  readonly from?: number | string | undefined;
  /** No value is above it. */
  readonly to?: number | string | undefined;
}

/** A value of a given column for all rows, one for each row, or a range. */
export type GivenValue =
  | number
  | string
  | boolean
  | ArrayLike<number>
  | readonly (string | number | boolean | null)[]
  | GivenRange;

/** Options of what takes rows, or points, of a flow that may be conditional. */
export interface GivenOptions extends EvaluationOptions {
  /**
   * Values of the columns that the flow is given, in data units: of each a value for all rows, or one for each row: numbers, for
   * mixed columns texts and truth values, too. Then the rows
   * hold the other columns alone, and a table's own given columns are not looked at.
   */
  readonly given?: Readonly<Record<string, GivenValue>> | undefined;
}

/** Options of `Flow.logProb` and `Flow.score`. */
export interface LogProbOptions extends GivenOptions {
  /**
   * What to do with rows that miss a value: `"error"` (default), `"empty"`, by which their score is NaN, or `"drop"`, by
   * which they have none and the array is as much shorter. Of a flow of mixed columns these are rows that miss a value in a column in
   * which none was missing in the fit; its default is `"marginal"`: the log-density of the cells that are there.
   */
  readonly missing?: MissingScore | undefined;
  /**
   * What a level is that no row of the fit had: `"impossible"` (default), so that the row's log-density is minus infinity; or `"other"`:
   * each column of levels has one more, for all that it has not seen, with the probability u = (s + 1) / (n + 2), where s of the n
   * rows that were fitted have a level which is theirs alone, whatever the rest of the row is. The masses of the other levels
   * are 1 - u times theirs, so that all add up to 1. Later columns do not see such a level.
   */
  readonly unseen?: "impossible" | "other" | undefined;
  /** Told what should be known of the scores, such as levels that no row of the fit had, a line each. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** Options of `Flow.sample`. */
export interface SampleOptions extends EvaluationOptions {
  /** Same seed, same rows (default 0). */
  readonly seed?: number | undefined;
  /**
   * Values of the columns that the flow is given, in data units; needed for a conditional flow. Of each column a value for
   * all rows, or as many values as rows are drawn: then row i is given the i-th. A flow of mixed columns can be given any of its
   * columns, and ranges of them: `{ sex: "female", age: { from: 40, to: 50 } }`.
   */
  readonly given?: Readonly<Record<string, GivenValue>> | undefined;
  /** Told how rows were drawn that are given other columns than those of the fit. */
  readonly onGiven?: ((report: GivenReport) => void) | undefined;
  /**
   * Whether columns that an earlier fit spread over their recorded step are left as they are drawn, continuous. By
   * default (false) they return to the nearest recorded value: the column's grid, within its range.
   */
  readonly continuous?: boolean | undefined;
  /**
   * Rows of the same seed that come before those that are drawn (default 0): `sample(10, { rowsBefore: 90 })` are the last ten of
   * `sample(100)`, where rows do not depend on each other: not of mixed columns given some of these, or `complete`.
   */
  readonly rowsBefore?: number | undefined;
  /**
   * Whether no cell is missing: rows given that all their cells are there (default false: cells are missing as often as in the rows
   * of the fit).
   */
  readonly complete?: boolean | undefined;
}

/** Options of `load`. */
export interface LoadOptions {
  /** Stops the waiting for a named pipe, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

// A score has no use for a seed, but one object of options may serve all methods.
export const evaluationOptionTable: OptionTable<EvaluationOptions & { readonly seed?: number }> = {
  ...engineOptions,
  signal,
  seed: integer,
};
export const givenOptionTable: OptionTable<GivenOptions & { readonly seed?: number }> = {
  ...evaluationOptionTable,
  given: anObject,
};
/** The options of `flow.logProb`. */
export const logProbOptionTable: OptionTable<
  LogProbOptions & {
    /** A score has no use for a seed, but one object of options may serve all methods. */
    readonly seed?: number;
  }
> = {
  ...givenOptionTable,
  missing: oneOf(["error", "empty", "drop", "marginal"]),
  unseen: oneOf(["impossible", "other"]),
  onWarning: callback,
};
/** The options of `flow.sample`. */
export const sampleOptionTable: OptionTable<SampleOptions> = {
  ...evaluationOptionTable,
  seed: integer,
  given: anObject,
  continuous: flag,
  rowsBefore: wholeNumber("a whole number from 0", 0),
  complete: flag,
  onGiven: callback,
};

/** What a flow is made of. */
export const partsOfFlow: OptionKind = {
  expected: "the parts of a fitted flow",
  accepts: (value) =>
    anObject.accepts(value) && ("logProb" in (value as object) || "bijection" in (value as object)),
};
