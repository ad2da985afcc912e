/**
 * What a column of a mixed table is: what its cells may be, and with respect to what its density is.
 *
 * A cell is a number: a level its place from 0, a boolean 0 or 1, a date-time its milliseconds since 1970 (UTC), a missing cell NaN.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import type { ColumnKind } from "../../tables/schema/columnSchema.ts";

/** Kinds of columns that have a density. */
export type DensityKind = Exclude<ColumnKind, "constant" | "identifier" | "text">;

/** A column as a density needs to know it. */
export interface DensityColumn {
  /** Its name. */
  readonly name: string;
  /** What its values are. */
  readonly kind: DensityKind;
  /**
   * Step of the grid that it is recorded on: then it is discrete, on `from` plus whole multiples of it. Integers have the step 1 unless
   * another is given, date-times that of a millisecond.
   */
  readonly step?: number | undefined;
  /** A point of the grid (default 0). */
  readonly from?: number | undefined;
  /** Least value that is possible. A column without a step does not reach it: values on it are atoms. */
  readonly lower?: number | undefined;
  /** Largest value that is possible. */
  readonly upper?: number | undefined;
  /** Number of levels, of a categorical or ordinal column. */
  readonly levels?: number | undefined;
  /** Turn of an angle (default 360). */
  readonly period?: number | undefined;
  /** Values that have a probability of their own. */
  readonly atoms?: readonly number[] | undefined;
  /** Whether a missing cell is one of the outcomes. */
  readonly missing?: boolean | undefined;
  /**
   * Whether cells were missing in training and said nothing: neither has such a cell a probability, nor do later columns see one. Not
   * with {@link missing}.
   */
  readonly masked?: boolean | undefined;
}

/** Whether the values are levels: places from 0. */
export function hasLevels({ kind }: DensityColumn): boolean {
  return kind === "categorical" || kind === "ordinal" || kind === "boolean";
}

/** Number of levels of a column that has them. */
export function levelsOf(column: DensityColumn): number {
  return column.kind === "boolean" ? 2 : column.levels!;
}

/** The step of a column, undefined where it is not discrete. */
export function stepOf({ kind, step }: DensityColumn): number | undefined {
  return step ?? (kind === "integer" || kind === "date-time" ? 1 : undefined);
}

/** Whether the density of the values that are not atoms is with respect to the Lebesgue measure; else they are counted. */
export function isContinuous(column: DensityColumn): boolean {
  return !hasLevels(column) && stepOf(column) === undefined;
}

/**
 * The atoms that are outcomes of their own: those of a continuous column. On a grid every value has a mass, and frequent ones are
 * point masses of the head.
 */
export function atomsOf(column: DensityColumn): readonly number[] {
  return isContinuous(column) ? (column.atoms ?? []) : [];
}

/** Ends of what the column may be. */
export function boundsOf({ kind, lower, upper }: DensityColumn): readonly [number, number] {
  const least = kind === "positive" ? 0 : Number.NEGATIVE_INFINITY;
  return [lower ?? least, upper ?? Number.POSITIVE_INFINITY];
}

/**
 * Refuses a description that contradicts itself.
 * @throws {@link UsageError} that names the column.
 */
export function checkColumn(column: DensityColumn): void {
  const { name, kind, step, from, levels, period, atoms, missing, masked } = column;
  const refuse = (problem: string, expected: string, received: unknown): never => {
    const where = `column ${JSON.stringify(name)}`;
    throw new UsageError({ where, problem, expected, received: describeValue(received) });
  };
  const must = (subject: string, expected: string, received: unknown): never =>
    refuse(`${subject} must be ${expected}, got ${received}`, expected, received);
  if (missing && masked)
    refuse("a missing cell is an outcome or it is masked, not both", "missing or masked", "both");
  if (hasLevels(column)) {
    const count = levelsOf(column);
    if (!Number.isSafeInteger(count) || count < 1)
      refuse(`a ${kind} column needs its number of levels, at least 1`, "a whole number from 1 on", levels);
    if (step !== undefined || (atoms?.length ?? 0) > 0)
      refuse(
        `a ${kind} column has levels; it takes neither a step nor atoms`,
        "neither a step nor atoms",
        step ?? atoms,
      );
    return;
  }
  if (levels !== undefined) refuse(`a ${kind} column has no levels`, "no levels", levels);
  if (step !== undefined && !(Number.isFinite(step) && step > 0)) must("the step", "above 0", step);
  if (from !== undefined && !Number.isFinite(from)) must("from", "a finite number", from);
  const [lower, upper] = boundsOf(column);
  if (!(lower < upper))
    refuse(
      `the lower bound, ${lower}, must be below the upper one, ${upper}`,
      "a lower bound below the upper one",
      [lower, upper],
    );
  if (kind === "interval" && !(Number.isFinite(lower) && Number.isFinite(upper)))
    refuse("an interval needs a lower and an upper bound", "two finite bounds", [lower, upper]);
  if (kind === "angle") {
    const turn = period ?? 360;
    if (!(Number.isFinite(turn) && turn > 0)) must("the period", "above 0", period);
    if (step !== undefined && Math.abs(Math.round(turn / step) * step - turn) > 1e-9 * turn)
      refuse(
        `a turn of ${turn} must be a whole number of steps of ${step}`,
        `a whole number of steps of ${step}`,
        turn,
      );
  }
  for (const atom of atoms ?? []) if (!Number.isFinite(atom)) must("an atom", "a finite number", atom);
  if (new Set(atoms).size !== (atoms?.length ?? 0))
    refuse("two atoms are equal", "atoms that are all different", atoms);
}
