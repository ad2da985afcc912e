/**
 * Rows to fit and rows to test with.
 *
 * @module
 */

import { DataError } from "../errors.ts";
import { checkedOptions, integer, numberOf, type OptionTable } from "../options.ts";
import { RandomStream, randomKey, split } from "../random/philox.ts";
import { checkTable, pickRows, type Table } from "./table.ts";

/** Options of {@link splitTable}. */
export interface SplitTableOptions {
  /** Share of the rows that is kept for the test, between 0 and 1 (default 0.2); one row at least is on each side. */
  readonly test?: number | undefined;
  /** Same seed, same rows (default 0). */
  readonly seed?: number | undefined;
}

/** A table in two parts. */
export interface SplitTables {
  /** The rows to fit. */
  readonly train: Table;
  /** The rows to test with. */
  readonly test: Table;
}

const splitOptionTable: OptionTable<SplitTableOptions> = {
  test: numberOf("a share of the rows between 0 and 1", (share) => share > 0 && share < 1),
  seed: integer,
};

/**
 * Splits a table at random into rows to fit and rows to test with, each in the table's order. Rows that belong together, of one
 * person or near in time, should be split by what joins them instead.
 * @throws UsageError for options that do not fit, {@link DataError} for a table of fewer than two rows.
 * @example const { train, test } = splitTable(table, { test: 0.2, seed: 1 });
 */
export function splitTable(table: Table, options: SplitTableOptions = {}): SplitTables {
  const { test = 0.2, seed = 0 } = checkedOptions("splitTable", options, splitOptionTable);
  checkTable("splitTable", table);
  if (table.rows < 2)
    throw new DataError({
      where: "splitTable",
      subject: "table",
      expected: "of at least two rows",
      received: `${table.rows}`,
    });
  const count = Math.max(1, Math.min(table.rows - 1, Math.round(test * table.rows)));
  const order = new RandomStream(split(randomKey(seed), "split table")).permutation(table.rows);
  return {
    train: pickRows(table, order.slice(count).sort()),
    test: pickRows(table, order.slice(0, count).sort()),
  };
}
