/**
 * How tables are read: options that all commands with a table have.
 *
 * @module
 */

import type { Command } from "commander";
import { DataError, UsageError } from "../errors.ts";
import type { ReadTableOptions, Table } from "../index.ts";
import { type ColumnParse, checkColumnParse, overflowLines } from "../tables/columnRecord.ts";
import { assignments, defined, nameList } from "./options.ts";
import { warn } from "./output.ts";

/** What those options hold. */
export interface TableFlags {
  readonly na?: readonly string[] | undefined;
  readonly parse?: Readonly<Record<string, readonly ColumnParse[]>> | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly header?: boolean | undefined;
  readonly limit?: Readonly<Record<string, number>> | undefined;
  readonly array?: readonly string[] | undefined;
}

/** Marks with commas between; given twice, all of them. */
function marks(text: string, before: readonly string[] = []): readonly string[] {
  const own = text.split(",").map((mark) => mark.trim());
  if (own.some((mark) => mark === ""))
    throw new UsageError(
      `--na must be marks of missing values with a comma between two, such as "?,.", got ${JSON.stringify(text)}.`,
    );
  return [...before, ...own];
}

/** `price=currency,share=percent+decimal-comma`: the name ends at the last `=`; a part without one belongs to the next name. */
function parses(
  text: string,
  before: Readonly<Record<string, readonly ColumnParse[]>> = {},
): Readonly<Record<string, readonly ColumnParse[]>> {
  const found = new Map(Object.entries(before));
  let open = "";
  for (const part of text.split(",")) {
    const whole = open + part;
    const at = whole.lastIndexOf("=");
    open = at < 0 ? `${whole},` : "";
    if (at < 0) continue;
    const name = whole.slice(0, at).trim();
    const kinds = whole
      .slice(at + 1)
      .split("+")
      .map((kind) => kind.trim());
    if (name === "") open = whole;
    else found.set(name, checkColumnParse(name, [...(found.get(name) ?? []), ...kinds]));
  }
  if (open !== "")
    throw new UsageError(
      `--parse must be such as price=currency,share=percent, got ${JSON.stringify(text)}.`,
    );
  return Object.fromEntries(found);
}

/** Adds the options to a command. */
export function addTableOptions(command: Command): void {
  command
    .option("--na <marks>", 'further marks of missing values, such as "?,."', marks)
    .option(
      "--parse <kinds>",
      "how to read columns: price=currency,x=unit:m+decimal-comma (see docs/tables.md)",
      parses,
    )
    .option("--encoding <label>", "encoding of text that is not UTF-8, such as latin1")
    .option("--delimiter <char>", "what stands between cells: a character, tab or blank")
    .option("--header", "the first line names the columns, even if it looks like data")
    .option("--no-header", "the first line is data: columns c1, c2, ...")
    .option("--array <names>", "of a .npz archive, the arrays that make up the table", nameList("--array"))
    .option(
      "--limit <values>",
      "what the file may have at most, such as columns=200000 (see docs/binary-tables.md)",
      assignments("--limit"),
    );
}

/** Those of a command's flags that say how to read a table. */
export function readOptions({
  na,
  parse,
  encoding,
  delimiter,
  header,
  limit,
  array,
}: TableFlags): ReadTableOptions {
  return defined({ missingMarks: na, parse, encoding, delimiter, header, limits: limit, arrays: array });
}

/** Reads the table that a command is given, as its flags say. */
export async function readData(source: string, flags: TableFlags, signal: AbortSignal): Promise<Table> {
  const { readTable } = await import("../index.ts");
  return await readTable(source, { ...readOptions(flags), signal });
}

/**
 * A command whose errors about data name the table: what is found after reading knows columns and rows alone.
 *
 * @param at which of the command's arguments the table is.
 */
export function namingTable<Arguments extends readonly unknown[]>(
  at: number,
  run: (...args: Arguments) => Promise<void>,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      const source = args[at] === "-" ? "standard input" : String(args[at]);
      if (!isDataError(error) || args[at] === undefined || error.message.startsWith(source)) throw error;
      const { message, column, row } = error;
      throw new DataError(`${source}: ${message}`, { ...defined({ column, row }) });
    }
  };
}

/** By its code: the library's bundle has a class of its own. */
function isDataError(error: unknown): error is DataError {
  return error instanceof Error && (error as DataError).code === "PUSHFORWARD_DATA";
}

/** For JSON: columns in use whose cells carried more than digits, with the first such cell and what it was read as. */
export function parsedColumns(
  table: Table,
  used: readonly string[],
): readonly { readonly column: string; readonly parse: readonly ColumnParse[] }[] {
  return table.records
    .filter(({ name, parse }) => parse.length > 0 && used.includes(name))
    .map(({ name, parse, example, inferred = false }) => ({ column: name, parse, ...example, inferred }));
}

/** Tells on standard error how columns in use were read, where that was found out. */
export async function sayHowRead(table: Table, used: readonly string[]): Promise<void> {
  const { readingLines } = await import("../tables/reading/readingLines.ts");
  const records = table.records.filter(({ name }) => used.includes(name));
  for (const line of [...readingLines(table, [], used), ...overflowLines(records)]) warn(line);
}
