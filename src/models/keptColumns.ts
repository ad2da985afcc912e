/**
 * Columns that a model does not know the density of, but carries along.
 *
 * @module
 */

import { closestName, listNames } from "../closestName.ts";
import { DataError } from "../errors.ts";
import { pickColumns } from "../tables/picks.ts";
import { allColumns, checkTable, type Table } from "../tables/table.ts";
import type { Flow } from "./flow.ts";

/**
 * The columns of a table that a model was told to carry along (option `keep` of `fit`), as they are in the table, text too: what
 * stands beside the scores of its rows.
 * @returns A table of the same rows; undefined where the model has no such columns.
 * @throws DataError for one that the table does not have.
 * @example
 * const kept = keptColumns(flow, table);
 */
export function keptColumns(flow: Flow, table: Table): Table | undefined {
  checkTable("keptColumns", table);
  const { keep = [] } = flow.description.fitted;
  if (keep.length === 0) return undefined;
  const known = allColumns(table);
  const strange = keep.find((name) => !known.includes(name));
  if (strange !== undefined) {
    const closest = closestName(strange, known);
    throw new DataError(
      {
        problem: `there is no column "${strange}", which the model carries along${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
        expected: `a column "${strange}"`,
        received: "none",
        remedy: `the columns are: ${listNames(known)}`,
      },
      { column: strange },
    );
  }
  return pickColumns(table, keep);
}
