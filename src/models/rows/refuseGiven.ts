/**
 * The errors about what rows are given.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { describeValue, refuse } from "../../options.ts";

/**
 * Refuses what a column is given.
 * @param row - Place of the value, from 0, where each row has one of its own.
 * @throws UsageError for a value that all rows have, DataError that names the row for one of a list.
 */
export function refuseGiven(
  where: string,
  column: string,
  row: number | undefined,
  expected: string,
  value: unknown,
): never {
  const subject = `given[${JSON.stringify(column)}]`;
  if (row === undefined) refuse(where, subject, expected, value);
  throw new DataError(
    { where, subject: `${subject} (row ${row + 1})`, expected, received: describeValue(value) },
    { column, row: row + 1 },
  );
}
