/**
 * What a column of a table is: its kind, the values that it can have, and what becomes of it.
 *
 * @module
 */

import type { SingleForm } from "../recording/singlePrecision.ts";
import type { DateOrder } from "./dateTimes.ts";

/** The kinds of columns. */
export const columnKinds = [
  "continuous",
  "positive",
  "interval",
  "integer",
  "ordinal",
  "categorical",
  "boolean",
  "angle",
  "date-time",
  "constant",
  "identifier",
  "text",
] as const;

/**
 * Kind of a column. `continuous`: any number; `positive`: above 0; `interval`: between two bounds; `integer`: whole numbers;
 * `ordinal`: levels in an order; `categorical`: levels without one; `boolean`: two levels, false and true; `angle`: a
 * number that comes round after a period; `date-time`: moments. The rest are not fitted: `constant`: one value; `identifier`:
 * another value in each row, which names it; `text`: free text.
 */
export type ColumnKind = (typeof columnKinds)[number];

/** Kinds that have no density. */
export const unfittedKinds: readonly ColumnKind[] = ["constant", "identifier", "text"];

/** What a column is, as plain data: a line of a schema file. */
export interface ColumnSchema {
  /** Name of the column. */
  readonly name: string;
  /** What it is. */
  readonly kind: ColumnKind;
  /**
   * What becomes of it: `fit`; `exclude`: left out; `keep`: not fitted, but carried along to every output. Those that are
   * constant, an identifier or text are `exclude` unless told otherwise.
   */
  readonly use: "fit" | "exclude" | "keep";
  /**
   * Of numbers and date-times: the step at which they were recorded, in the column's units (milliseconds of date-times); values
   * are {@link from} and whole numbers of steps. Absent where they were not recorded in steps.
   */
  readonly step?: number | undefined;
  /** With {@link step}: one of the recorded values. */
  readonly from?: number | undefined;
  /**
   * Of numbers that were not recorded in steps: the decimals with which they are written, to which samples are rounded. Their density is
   * that of a continuous column.
   */
  readonly decimals?: number | undefined;
  /**
   * With {@link step} or {@link decimals}: how single precision has rounded the values in the table, 0.8 to 0.800000011920929 or
   * 0.80000001. The steps, the bounds and the density are those of the decimals; samples are rounded as the table is.
   */
  readonly rounded?: SingleForm | undefined;
  /** No value is below it. Of an angle: where its turn begins (default 0). */
  readonly lower?: number | undefined;
  /** No value is above it. */
  readonly upper?: number | undefined;
  /** Of `angle`: what it comes round after, in its units. */
  readonly period?: number | undefined;
  /** Of `ordinal`, `categorical` and `boolean`: the levels as they are written, in their order; of boolean false, then true. */
  readonly levels?: readonly (string | number)[] | undefined;
  /**
   * Of dates, the order of year, month and day in which they are written, or `named-month` where the month stands by its English name; of
   * times of day `time-of-day`.
   */
  readonly written?: DateOrder | "time-of-day" | undefined;
  /** Values that many rows share, beside a continuous part: they have a probability of their own, such as 0 or a cap. */
  readonly atoms?: readonly number[] | undefined;
  /** Whether cells are missing; `marginal` in a model whose density is that of the cells that are there. */
  readonly missing?: boolean | "marginal" | undefined;
}

/** What the columns of a table are, in its order. */
export interface TableSchema {
  /** One schema for each column. */
  readonly columns: readonly ColumnSchema[];
}
