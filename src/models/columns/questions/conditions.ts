/**
 * What is known of rows, and how that is answered: exactly, by summing over the cells that are in between, or by draws of them.
 *
 * @module
 */

import type { ColumnsDensity } from "../columnsDensity.ts";
import { allCells, type CellRange, isInRange, isWhole } from "./cellRange.ts";

/** What is known of one column. */
export interface ColumnCondition {
  /** The cells where they are known, NaN for one that is missing; absent where no row has one. */
  readonly cells?: Float64Array | undefined;
  /** 1 for rows whose cell is known; absent where all are. */
  readonly isKnown?: Uint8Array | undefined;
  /** What the cell may be where it is not known; absent: anything, a missing cell too. */
  readonly range?: CellRange | undefined;
}

/** What is known of some rows: a condition for each column, the given ones first, then the others in the table's order. */
export interface RowConditions {
  readonly rows: number;
  readonly columns: readonly ColumnCondition[];
}

/** How a row is answered. */
export interface RowPlan {
  /** Last column, in the order of the model, of which something is known; -1 for none. */
  readonly last: number;
  /** By column in the order of the model: whether its cell is known. */
  readonly isKnown: readonly boolean[];
  /** Columns before the last one whose cells are not known. */
  readonly inner: readonly number[];
  /** All their cells, where they are few enough to sum over. */
  readonly sums: readonly (readonly number[])[] | undefined;
  /** Combinations of cells, or draws. */
  readonly particles: number;
}

/** Combinations of cells that are summed over at most. */
const mostCombinations = 4096;

/** Whether the cell of a row is known. */
export const isCellKnown = ({ cells, isKnown }: ColumnCondition, row: number): boolean =>
  cells !== undefined && (isKnown === undefined || isKnown[row] === 1);

/**
 * Finds the plan of each row; rows of which the same is known share one.
 * @param draws - How often cells are drawn where they are not summed over.
 * @param mostSummed - Combinations that are summed over at most.
 * @param at - A column, in the order of the model, that is asked for: nothing before it is left out.
 */
export function planning(
  density: ColumnsDensity,
  { columns: conditions }: RowConditions,
  draws: number,
  mostSummed: number = mostCombinations,
  at: number = -1,
): (row: number) => RowPlan {
  const { columns } = density;
  const inOrder = columns.map(({ cell }) => conditions[cell]!);
  const rangeOf = (j: number): CellRange | undefined => {
    const { range } = inOrder[j]!;
    return range && !isWhole(columns[j]!, range) ? range : undefined;
  };
  const plans = new Map<string, RowPlan>();
  const make = (isKnown: readonly boolean[]): RowPlan => {
    const last = columns.reduce((latest, _, j) => (isKnown[j] || rangeOf(j) || j === at ? j : latest), -1);
    const inner = Array.from(columns.keys()).filter((j) => j < last && !isKnown[j]);
    let combinations = 1;
    const sums: (readonly number[])[] = [];
    for (const j of inner) {
      const range = inOrder[j]!.range;
      const cells = allCells(columns[j]!, mostSummed)?.filter(
        (cell) => !range || isInRange(columns[j]!, range, cell),
      );
      combinations *= cells?.length ?? Number.POSITIVE_INFINITY;
      sums.push(cells ?? []);
    }
    const isSummed = combinations <= Math.max(1, mostSummed);
    return {
      last,
      isKnown,
      inner,
      sums: isSummed ? sums : undefined,
      particles: isSummed ? combinations : draws,
    };
  };
  return (row) => {
    const isKnown = inOrder.map((condition) => isCellKnown(condition, row));
    const key = isKnown.map(Number).join("");
    const plan = plans.get(key) ?? make(isKnown);
    plans.set(key, plan);
    return plan;
  };
}

/** What is known of a row as text: rows of the same text are one question. */
export function labelOf({ columns }: RowConditions, row: number): string {
  return columns
    .map((condition) => {
      if (isCellKnown(condition, row)) return String(condition.cells![row]);
      return condition.range ? `${condition.range.least}..${condition.range.largest}` : "";
    })
    .join(",");
}
