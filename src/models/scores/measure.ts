/**
 * With respect to what the log-density of a column is.
 *
 * @module
 */

import { atomsOf, type DensityColumn, isContinuous, stepOf } from "../columns/column.ts";

/**
 * The reference measure of a column. `counting`: every value has a probability, of levels and of values on a grid; `Lebesgue`: a
 * density per unit of the column; `Lebesgue and atoms`: a probability of each of some values, such as 0, and a density of the rest.
 */
export type ReferenceMeasure = "counting" | "Lebesgue" | "Lebesgue and atoms";

/** A column with its reference measure; that of a row is their product. */
export interface ColumnMeasure {
  /** Name of the column. */
  readonly column: string;
  /** With respect to what its log-density is. */
  readonly measure: ReferenceMeasure;
  /** Of numbers on a grid: its step, in the column's units (milliseconds of date-times). The log-density is log mass - log step. */
  readonly step?: number | undefined;
  /** Values with a probability of their own. */
  readonly atoms?: readonly number[] | undefined;
  /** Whether a missing cell is one of the outcomes, with a probability of its own. */
  readonly missing?: true | undefined;
}

/** The reference measure of a column. */
export function measureOf(column: DensityColumn): ColumnMeasure {
  const atoms = atomsOf(column);
  const step = stepOf(column);
  return {
    column: column.name,
    measure: isContinuous(column) ? (atoms.length > 0 ? "Lebesgue and atoms" : "Lebesgue") : "counting",
    ...(step === undefined ? {} : { step }),
    ...(atoms.length > 0 ? { atoms } : {}),
    ...(column.missing ? { missing: true as const } : {}),
  };
}
