/**
 * Row numbers of a batch as those of its table.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import type { Table } from "../table.ts";

/** Does something with a batch; an error about one of its rows names the row of the whole table. */
export async function countingRows<Result>(
  { rowsBefore = 0 }: Table,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (rowsBefore > 0 && error instanceof DataError && error.row !== undefined) {
      const row = error.row + rowsBefore;
      const message = error.message.replace(new RegExp(`\\brow ${error.row}\\b`), `row ${row}`);
      // The same error, so that it keeps what else it says.
      Object.assign(error, { row, message });
    }
    throw error;
  }
}
