/**
 * Row numbers of a batch as those of its table.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import type { Table } from "../table.ts";

/** Does something with a batch; an error about one of its rows names the row of the whole table. */
export async function countingRows<Result>(
  { rowsBefore = 0, records }: Table,
  work: () => Promise<Result>,
): Promise<Result> {
  return await namingRows((row) => row + rowsBefore, work, records);
}

/**
 * Does something with some rows of a table; an error about one of them names the row of the table.
 * @param rowOf - The row of the table, from 1, by that among the rows at hand.
 * @param records - Columns of the table. An error that says why one of them has no numbers says what its record does, the row of the table
 *   with it.
 */
export async function namingRows<Result>(
  rowOf: (row: number) => number,
  work: () => Promise<Result>,
  records: Table["records"] = [],
): Promise<Result> {
  const isOfRecord = ({ column, received }: DataError): boolean =>
    records.some(({ name, leftOut }) => name === column && leftOut?.reason === received);
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataError && error.row !== undefined && !isOfRecord(error)) {
      const row = rowOf(error.row);
      const message = error.message.replace(new RegExp(`\\brow ${error.row}\\b`), `row ${row}`);
      // The same error, so that it keeps what else it says.
      Object.assign(error, { row, message });
    }
    throw error;
  }
}
