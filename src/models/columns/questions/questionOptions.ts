/**
 * What a flow can be asked about any of its columns, and what it answers.
 *
 * @module
 */

import {
  anObject,
  anything,
  count,
  either,
  integer,
  listOf,
  names,
  numberOf,
  type OptionTable,
  required,
  text,
} from "../../../options.ts";
import type { Table } from "../../../tables/table.ts";
import { type EvaluationOptions, evaluationOptionTable, type GivenValue } from "../../flowOptions.ts";

/** Options that all questions have. */
export interface QuestionOptions extends EvaluationOptions {
  /** Same seed, same answers (default 0). An answer depends on the seed and on the question alone. */
  readonly seed?: number | undefined;
  /**
   * Draws of the columns that are not known, where an answer is not exact (default 256 for each row of `marginal`, 1024 for each condition
   * of `quantile` and `cdf`): the standard error falls with their square root.
   */
  readonly draws?: number | undefined;
}

/** Options of `Flow.marginal`. */
export interface MarginalOptions extends QuestionOptions {
  /** The columns that are asked for. */
  readonly columns: readonly string[];
  /**
   * The columns that they are given: names, whose cells are in the rows, or values and ranges, as of `Flow.sample`. Columns that the flow
   * is always given are given here, too.
   */
  readonly given?: readonly string[] | Readonly<Record<string, GivenValue>> | undefined;
}

/** How answers were made, row by row. */
export interface AnswerQuality {
  /** As how many independent draws the weighted ones count; infinite where the answer is exact. Below some 50 do not trust it. */
  readonly effectiveSize: Float64Array;
}

/** What `Flow.marginal` answers. */
export interface Marginal extends AnswerQuality {
  /** Log-density of the asked columns per row, in nats, with respect to the product of their reference measures. */
  readonly logProb: Float64Array;
  /** Standard errors of {@link logProb}; 0 where it is exact. */
  readonly standardError: Float64Array;
  /** Rows in which an asked or given cell is missing though none was in the rows of the fit: it is summed out. */
  readonly summedOut: number;
}

/** Options of `Flow.quantile` and `Flow.cdf`. */
export interface DistributionOptions<At> extends QuestionOptions {
  /** The column whose distribution is asked for: numbers, dates or levels in an order. */
  readonly column: string;
  /** Where: probabilities between 0 and 1 of `quantile`, values of `cdf`. */
  readonly at: readonly At[];
  /** What is given: values, lists with one for each condition, and ranges, as of `Flow.sample`. */
  readonly given?: Readonly<Record<string, GivenValue>> | undefined;
}

/** What `Flow.quantile` answers. */
export interface Quantiles extends AnswerQuality {
  /** A row for each condition, a column for each probability, named by it: in the column's own type. */
  readonly table: Table;
}

/** What `Flow.cdf` answers. */
export interface Probabilities extends AnswerQuality {
  /** P(value <= at) among values that are not missing: one number for each condition and value, row-major by condition. */
  readonly probability: Float64Array;
  /** Standard errors of {@link probability}; 0 where it is exact. */
  readonly standardError: Float64Array;
}

/** Options of `Flow.impute`. */
export interface ImputeOptions extends EvaluationOptions {
  /** How often each table is filled in (default 1). */
  readonly draws?: number | undefined;
  /** Candidates that are weighed per row, where what is missing cannot be drawn exactly (default 1024). */
  readonly candidates?: number | undefined;
  /** Same seed, same draws (default 0); a row depends on the seed, its number and its cells alone. */
  readonly seed?: number | undefined;
}

/** What `Flow.impute` answers. */
export interface Imputation extends AnswerQuality {
  /** One for each draw: all columns of the table, those of the flow without a missing cell, in their own types. */
  readonly tables: readonly Table[];
  /** Cells that were filled in, in each. */
  readonly filled: number;
}

/** How rows were drawn that are given other columns than those of the fit. */
export interface GivenReport {
  /** As how many independent draws the candidates count; infinite where the rows are drawn exactly. The least over all conditions. */
  readonly effectiveSize: number;
  /** Candidates that were weighed; 0 where none were needed. */
  readonly candidates: number;
  /** Share of the candidates that were accepted, where rows were drawn by rejection; undefined where they were not. */
  readonly acceptance: number | undefined;
  /**
   * Logarithm of the probability of what is given, or of its density where a continuous column has a value, of the mean over conditions:
   * of ranges and levels alone, the share of unconditional rows that would be accepted.
   */
  readonly logProbGiven: number;
}

const questionOptionTable: OptionTable<QuestionOptions> = {
  ...evaluationOptionTable,
  seed: integer,
  draws: count,
};

/** The options of `flow.marginal`. */
export const marginalOptionTable: OptionTable<MarginalOptions> = {
  ...questionOptionTable,
  columns: required(names),
  given: either(names, anObject),
};

const probability = numberOf("a probability above 0 and below 1", (x) => x > 0 && x < 1);

/** The options of `flow.quantile`. */
export const quantileOptionTable: OptionTable<DistributionOptions<number>> = {
  ...questionOptionTable,
  column: required(text),
  at: required({
    ...listOf(probability, "an array of probabilities above 0 and below 1, such as [0.05, 0.95]"),
    type: "numbers",
  }),
  given: anObject,
};

/** The options of `flow.cdf`. */
export const cdfOptionTable: OptionTable<DistributionOptions<number | string>> = {
  ...questionOptionTable,
  column: required(text),
  at: required(listOf(anything, "an array of values of the column, such as [30, 40]")),
  given: anObject,
};

/** The options of `flow.impute`. */
export const imputeOptionTable: OptionTable<ImputeOptions> = {
  ...evaluationOptionTable,
  seed: integer,
  draws: count,
  candidates: count,
};
