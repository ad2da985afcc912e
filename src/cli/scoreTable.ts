/**
 * Tables of scores: one column, one for each column of the model, or beside the columns of the input.
 *
 * @module
 */

import type { Contributions } from "../entries/diagnostics.ts";
import { UsageError } from "../entries/errors.ts";
import type { Table } from "../index.ts";
import { readData, type TableFlags } from "./tableOptions.ts";

/** Named columns of numbers. */
export type NumberColumns = readonly (readonly [name: string, values: Float64Array])[];

/** `logProb` and, by column, `logProb.price.outcome` and `logProb.price.value`, or `logProb.color` where all cells are values. */
export function scoreColumns(logProb: Float64Array, contributions: Contributions | undefined): NumberColumns {
  const columns = (contributions?.columns ?? []).flatMap(
    ({ column, outcome, value }): NumberColumns =>
      outcome
        ? [
            [`logProb.${column}.outcome`, outcome],
            [`logProb.${column}.value`, value],
          ]
        : [[`logProb.${column}`, value]],
  );
  return [["logProb", logProb], ...columns];
}

/**
 * The table with further columns behind its own.
 * @throws UsageError for a name that it has already.
 */
export function withColumns(table: Table, columns: NumberColumns): Table {
  const known = new Set([...table.columns, ...(table.texts ?? []).map(({ name }) => name)]);
  const twice = columns.find(([name]) => known.has(name))?.[0];
  if (twice !== undefined)
    throw new UsageError({
      where: "--append",
      problem: `the table has a column ${JSON.stringify(twice)} already`,
      expected: "a table without it",
      received: JSON.stringify(twice),
      remedy: "rename it, or leave out --append",
    });
  const width = table.columns.length;
  const wide = width + columns.length;
  const values = new Float64Array(table.rows * wide);
  for (let row = 0; row < table.rows; row++) {
    values.set(table.values.subarray(row * width, (row + 1) * width), row * wide);
    columns.forEach(([, columnScores], i) => {
      values[row * wide + width + i] = columnScores[row]!;
    });
  }
  const records = columns.map(([name]) => ({ name, readAs: "numbers" as const, parse: [] }));
  return {
    ...table,
    columns: [...table.columns, ...columns.map(([name]) => name)],
    values,
    records: [...table.records, ...records],
  };
}

/**
 * The table with its cells as they are written, where they were read as numbers in another dress, or as truth values: read once more,
 * these columns as text. Standard input can be read but once.
 */
export async function asWritten(source: string, table: Table, flags: TableFlags): Promise<Table> {
  const dressed = table.records.filter(({ parse, readAs }) => parse.length > 0 || readAs === "booleans");
  if (dressed.length === 0 || source === "-") return table;
  const parse = Object.fromEntries(dressed.map(({ name }) => [name, "text" as const]));
  return await readData(source, { ...flags, parse: { ...flags.parse, ...parse } });
}

/** The rows of a table for which something holds. */
export function rowsWhere(table: Table, holds: (row: number) => boolean): Table {
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter(holds);
  const width = table.columns.length;
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    values.set(table.values.subarray(row * width, (row + 1) * width), i * width);
  });
  const texts = table.texts?.map((text) => ({
    ...text,
    codes: Int32Array.from(rows, (row) => text.codes[row]!),
  }));
  return { ...table, rows: rows.length, values, ...(texts ? { texts } : {}) };
}
