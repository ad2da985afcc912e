/** Rows of a table. */
import { splitTable, tableFromObjects, tableToObjects } from "../../dist/index.js";

/** At most `rows` rows at random, and a share of them for testing. */
export function selectedRows(table, { rows, seed, test }) {
  const all = table.rows > rows ? splitTable(table, { test: rows / table.rows, seed }).test : table;
  return { all, ...splitTable(all, { test, seed: seed + 1 }) };
}

/** The rows of a table that a test keeps. */
export function rowsOf(table, keeps) {
  const objects = tableToObjects(table);
  const kept = objects.filter((_, row) => keeps(row));
  return kept.length === objects.length ? table : tableFromObjects(kept);
}
