/**
 * Columns that are shares of a total: all above 0, with the same sum in each row. Rows of them lie on a simplex, and have a density
 * with respect to all of the shares but one, which the others leave.
 *
 * @module
 */

import { ofRows } from "../counted.ts";
import { DataError } from "../errors.ts";
import { optionText } from "../optionText.ts";
import { measureResolution } from "./recording/resolution.ts";
import { column, type Table } from "./table.ts";

/** Shares, and what they sum to. */
export interface Simplex {
  /** Names of the columns; the last follows from the others. At least two. */
  readonly shares: readonly string[];
  /** What they sum to, above 0. */
  readonly total: number;
  /** How far from it the sum of a row may be: what rounding leaves. */
  readonly tolerance: number;
  /** Step in which they were recorded, over which a fit has spread them, and to which samples return; absent where it has not. */
  readonly step?: number | undefined;
}

/** What single precision leaves of a sum, in parts of it. */
const leastTolerance = 1e-6;

/** Rows whose sum is farther from the total, in parts of it, are not shares of it. */
const farthest = 0.01;

/** The shortest decimal within `tolerance`: a median of 99.98 is 100 where shares were rounded to tenths. */
function shortestWithin(value: number, tolerance: number): number {
  for (let digits = 1; digits < 16; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.abs(rounded - value) <= tolerance) return rounded;
  }
  return value;
}

/** A number without what floating point adds to it. */
const brief = (value: number): number => Number(value.toPrecision(9));

/** Sum of each row. */
function sums(columns: readonly Float64Array[], rows: number): Float64Array {
  const totals = new Float64Array(rows);
  for (const column of columns) for (let row = 0; row < rows; row++) totals[row]! += column[row]!;
  return totals;
}

/**
 * The simplex that columns lie on. The total is the shortest decimal that is the median sum but for rounding: half a recorded step
 * of each column, and what single precision leaves. Rows that are within a hundredth of it are taken with a warning, and the
 * tolerance is then theirs: published percentages are added up wrongly now and then.
 * @throws DataError for a share that is not above 0, and for rows with another sum, with their number and the remedy.
 */
export function simplexOf(
  table: Table,
  shares: readonly string[],
  onWarning?: (line: string) => void,
): Simplex {
  const columns = shares.map((name) => column(table, name));
  columns.forEach((values, i) => {
    const outside = Array.from(values.keys()).filter((row) => !(values[row]! > 0));
    if (outside.length === 0) return;
    const first = outside[0]!;
    throw new DataError(
      {
        where: `column "${shares[i]}" (row ${first + 1})`,
        problem: `${ofRows(outside.length, table.rows, "have")} a share of ${values[first]}${outside.length > 1 ? " or another that is not above 0" : ""}, where a density on the simplex has no place`,
        expected: "shares above 0",
        received: `${values[first]}`,
        remedy: `put a small share in its place, such as half of the smallest one recorded, and take it from the others; or leave such rows out; or leave one share out of ${optionText("columns")} in place of ${optionText("simplex")}`,
      },
      { column: shares[i]!, row: first + 1 },
    );
  });
  const total = sums(columns, table.rows);
  const median = Float64Array.from(total).sort()[table.rows >> 1]!;
  const rounding = columns.reduce((sum, values) => {
    const { lattice, step } = measureResolution(values);
    return sum + (lattice ? 0.5 * step! : 0);
  }, leastTolerance * median);
  // Steps as large as the shares themselves must not make a sum of anything.
  const tolerance = Math.min(rounding, 0.1 * median);
  const sum = shortestWithin(median, tolerance);
  const gaps = total.map((rowTotal) => Math.abs(rowTotal - sum));
  const off = Array.from(gaps.keys()).filter((row) => !(gaps[row]! <= tolerance));
  const largest = gaps.reduce((a, b) => Math.max(a, b), 0);
  if (off.length > 0 && largest <= farthest * sum) {
    onWarning?.(
      `${ofRows(off.length, table.rows, "have")} shares that sum to ${sum} within ${brief(largest)} only, which is more than rounding explains; each row is divided by its sum`,
    );
    return { shares, total: sum, tolerance: largest };
  }
  if (off.length > 0) {
    const first = off[0]!;
    throw new DataError(
      {
        where: `row ${first + 1}`,
        problem: `${ofRows(off.length, table.rows, "have")} shares that do not sum to ${sum}: ${shares.map((name, i) => `${name} ${columns[i]![first]}`).join(", ")} sum to ${brief(total[first]!)}`,
        expected: `a sum of ${sum}, within ${brief(tolerance)}`,
        received: `${brief(total[first]!)}`,
        remedy: `divide the shares of each row by their sum, or leave ${optionText("simplex")} out`,
      },
      { row: first + 1 },
    );
  }
  return { shares, total: sum, tolerance };
}

/**
 * Row-major rows whose shares sum to the total: each share divided by the sum of its row. Rows that are within the tolerance stay
 * as they are, and so do those that are farther off than any that {@link simplexOf} takes.
 */
export function closedTable(table: Table, { shares, total, tolerance }: Simplex): Table {
  const places = shares.map((name) => table.columns.indexOf(name));
  const width = table.columns.length;
  const values = table.values.slice();
  for (let at = 0; at < values.length; at += width) {
    const sum = places.reduce((total, place) => total + values[at + place]!, 0);
    const distance = Math.abs(sum - total);
    if (distance > tolerance && distance <= 2 * farthest * total)
      for (const place of places) values[at + place]! *= total / sum;
  }
  return { ...table, values };
}
