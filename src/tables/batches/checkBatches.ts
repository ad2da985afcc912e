/**
 * The check of a table in batches, apart from what makes them: a page that reads none does not load that.
 *
 * @module
 */

import { refuse } from "../../options.ts";
import type { TableBatches } from "./tableBatches.ts";

/** @throws UsageError for what is not a table in batches. */
export function checkBatches(where: string, value: unknown): asserts value is TableBatches {
  const { columns, records, rows } = (value ?? {}) as Partial<TableBatches>;
  const isIterable = typeof (value as Partial<TableBatches> | null)?.[Symbol.asyncIterator] === "function";
  if (isIterable && Array.isArray(columns) && Array.isArray(records) && Number.isSafeInteger(rows)) return;
  refuse(where, "batches", "a table in batches as readBatches gives it", value);
}
