/**
 * Tables of scores: one column, one for each column of the model, or beside the columns of the input.
 *
 * @module
 */

import type { Contributions } from "../../entries/diagnostics.ts";
import { UsageError } from "../../entries/errors.ts";
import type { TableBatches } from "../../entries/tables.ts";
import type { Flow, Table } from "../../index.ts";
import { formatFacts, print, printCsv, printJson } from "../output.ts";
import { readSilently, type TableFlags } from "../tableOptions.ts";
import type { PartFolder } from "./partFolder.ts";

/** Named columns of numbers. */
export type NumberColumns = readonly (readonly [name: string, values: Float64Array])[];

/** What the column of scores is called: a bound by its name. */
export function scoreName({ description }: Flow): string {
  return description.bound ? "logProbBound" : "logProb";
}

/** The scores and, by column, `logProb.price.outcome` and `logProb.price.value`, or `logProb.color` where all cells are values. */
export function scoreColumns(
  logProb: Float64Array,
  contributions: Contributions | undefined,
  name: string,
): NumberColumns {
  const columns = (contributions?.columns ?? []).flatMap(
    ({ column, outcome, value }): NumberColumns =>
      outcome
        ? [
            [`logProb.${column}.outcome`, outcome],
            [`logProb.${column}.value`, value],
          ]
        : [[`logProb.${column}`, value]],
  );
  return [[name, logProb], ...columns];
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
export async function asWritten(
  source: string,
  table: TableBatches,
  flags: TableFlags,
): Promise<TableBatches> {
  const dressed = table.records.filter(({ parse, readAs }) => parse.length > 0 || readAs === "booleans");
  if (dressed.length === 0 || source === "-") return table;
  const parse = Object.fromEntries(dressed.map(({ name }) => [name, "text" as const]));
  return await readSilently(source, { ...flags, parse: { ...flags.parse, ...parse } });
}

/** A command's scores, and what it says of them. */
export interface Scores {
  /** The table to write, or its batches: what is said of scores is asked for after the last one. */
  readonly table: () => Table | AsyncIterable<Table>;
  /** What it is called in the facts: `scores`. */
  readonly name: string;
  /** What is said; not of scores that go to standard output. */
  readonly summary: () => Summary | Promise<Summary>;
  readonly out: string | undefined;
  /** Where {@link out} is a folder of parts. */
  readonly folder?: PartFolder | undefined;
  readonly json: boolean | undefined;
}

/** What is said of scores. */
export interface Summary {
  /** With `--json`. */
  readonly json: object;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Behind the facts. */
  readonly text?: string | undefined;
}

/** Writes scores to a file or standard output, where they are wanted, and says what they are, in lines or as JSON. */
export async function giveScores({ table, name, summary, out, folder, json }: Scores): Promise<void> {
  const made = table();
  const tables = async function* (): AsyncGenerator<Table> {
    if (Symbol.asyncIterator in made) yield* made;
    else yield made;
  };
  if (out === "-") return await printCsv(tables());
  if (out === undefined) for await (const _ of tables());
  else if (folder) await folder.write(tables());
  else await (await import("../../entries/tables.ts")).writeBatches(tables(), out);
  const said = await summary();
  if (json) return await printJson(said.json);
  await print(formatFacts(out === undefined ? said.facts : [...said.facts, [name, out]]));
  if (said.text !== undefined) await print(said.text);
}
