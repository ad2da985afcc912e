/**
 * How tables are read: options that all commands with a table have.
 *
 * @module
 */

import type { Command } from "commander";
import { type DataError, UsageError } from "../entries/errors.ts";
import { readTableOptionTable } from "../entries/options.ts";
import type { ColumnParse, TableBatches } from "../entries/tables.ts";
import type { ReadTableOptions, Table } from "../index.ts";
import { addOptionFlags, chosenOptions } from "./flags/optionFlags.ts";
import { readFlags } from "./flags/readFlags.ts";
import { positiveInteger } from "./options.ts";
import { counted, formatCount, remark, warn } from "./output.ts";
import { countedBatches, firstPassProgress } from "./scores/rowsProgress.ts";

/** What those options hold. */
export type TableFlags = Omit<ReadTableOptions, "format" | "name" | "signal"> & {
  /** SQL whose answer is the table. */
  readonly query?: string | undefined;
};

/** A method of commander that its types do not name: it throws what it throws of an argument that must be there. */
type MissingArgument = Command & { missingArgument(name: string): never };

/** What the argument of a table holds where a query stands for it. */
const theQuery = "the query";

/** Adds the options to a command. The last argument is the table, where it must be there: then a query may stand for it. */
export function addTableOptions(command: Command): void {
  addOptionFlags(command, readFlags, readTableOptionTable);
  const argument = command.registeredArguments.at(-1);
  if (!argument?.required) return;
  argument.required = false;
  argument.default(undefined);
  command.option(
    "--query <sql>",
    "the table is what DuckDB answers, in place of DATA (npm install @duckdb/node-api)",
  );
  command.hook("preAction", ({ args, registeredArguments, processedArgs }, own) => {
    const hasTable = args.length >= registeredArguments.length;
    const hasQuery = own.getOptionValue("query") !== undefined;
    if (hasTable && hasQuery)
      throw new UsageError({
        problem: `--query gives the table, and "${args.at(-1)}" is one, too`,
        expected: "a query or a table",
        received: "both",
        remedy: "leave one of them out",
      });
    if (!hasTable && !hasQuery) (own as MissingArgument).missingArgument(argument.name());
    if (hasQuery) processedArgs[registeredArguments.length - 1] = theQuery;
  });
}

/** Reads the table that a command is given, as its flags say. */
export async function readData(source: string, flags: TableFlags): Promise<Table> {
  if (flags.query !== undefined && source === theQuery) {
    const { tableOfBatches } = await import("../entries/tables.ts");
    return await tableOfBatches(await readDataBatches(source, flags));
  }
  const { readTable } = await import("../index.ts");
  return await readTable(source, chosenOptions<Omit<TableFlags, "query">>(flags, readFlags));
}

/** Rows that a command takes of its table: so many, or all. */
export interface RowsFlags {
  readonly rows?: number | "all" | undefined;
  readonly cells?: number | undefined;
  readonly seed?: number | undefined;
}

/** Cells that are held in memory unless others are asked for. */
const mostCells = 2 ** 23;
const fewestCells = 1000;

/** Adds the option to a command that holds its rows in memory. */
export function addRowsOption(command: Command): void {
  command.option(
    "--rows <n>",
    "rows to take of the table, drawn at random by the seed: a number, or all (default: as many as have 8 million cells)",
    (text: string) => (text === "all" ? "all" : positiveInteger("--rows")(text)),
  );
  command.option(
    "--cells <n>",
    `cells of the table that are held in memory, from ${fewestCells} (default: ${mostCells})`,
    (text: string) => {
      const cells = positiveInteger("--cells")(text);
      if (cells >= fewestCells) return cells;
      throw new UsageError({
        subject: "--cells",
        expected: `a whole number from ${fewestCells}`,
        received: text,
      });
    },
  );
}

/** Rows of a table in batches that a command takes. */
export interface TakenRows {
  readonly batches: TableBatches;
  /** How many of them, drawn at random where they are not all. */
  readonly rows: number;
}

/** The table that a command is given, and how many of its rows it takes; where these are not all, it says so. */
export async function takenRows(
  source: string,
  { rows: wanted, cells = mostCells, seed: _, ...flags }: TableFlags & RowsFlags,
): Promise<TakenRows> {
  const batches = await readDataBatches(source, flags as TableFlags);
  const usual = Math.max(1, Math.floor(cells / Math.max(1, batches.records.length)));
  const rows = wanted === "all" ? batches.rows : Math.min(wanted ?? usual, batches.rows);
  if (batches.rows > rows) {
    const many = cells === mostCells ? "8 million" : formatCount(cells);
    const why = wanted === undefined ? `, as many as have ${many} cells; --rows all takes all` : "";
    remark(`${formatCount(rows)} of ${counted(batches.rows, "row")}, drawn at random by the seed${why}`);
  }
  return { batches, rows };
}

/** Reads the table that a command is given, or as many of its rows, drawn at random, as it is to hold in memory; which, it says. */
export async function readRows(source: string, flags: TableFlags & RowsFlags): Promise<Table> {
  const { batches, rows } = await takenRows(source, flags);
  const { sampleOfBatches } = await import("../entries/tables.ts");
  return await sampleOfBatches(batches, rows, flags.seed ?? 0);
}

/** Reads the table that a command is given in batches, as its flags say; standard error counts the rows of each pass over it. */
export async function readDataBatches(source: string, flags: TableFlags): Promise<TableBatches> {
  return countedBatches(await readSilently(source, flags));
}

/** {@link readDataBatches} of a table that is gone through beside another one, whose rows are counted. */
export async function readSilently(source: string, flags: TableFlags): Promise<TableBatches> {
  const { queryBatches, readBatches } = await import("../entries/tables.ts");
  const chosen = chosenOptions<Omit<TableFlags, "query">>(flags, readFlags);
  if (flags.query === undefined || source !== theQuery)
    return await readBatches(source, { ...chosen, onFirstPass: firstPassProgress() });
  return await queryBatches(flags.query, chosen);
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
      throw args[at] === undefined ? error : namedAfter(error, source);
    }
  };
}

/**
 * An error about data, with the name of its table before it; any other as it is.
 * @param rowsBefore - Rows of the table before those that were at hand.
 */
export function namedAfter(error: unknown, source: string, rowsBefore: number = 0): unknown {
  if (!isDataError(error) || error.message.startsWith(source)) return error;
  const { row } = error;
  const message =
    row === undefined
      ? error.message
      : error.message.replace(new RegExp(`\\brow ${row}\\b`), `row ${row + rowsBefore}`);
  // The same error, so that it keeps what else it says.
  return Object.assign(error, { message: `${source}: ${message}` }, row && { row: row + rowsBefore });
}

/** By its code: the library's bundle has a class of its own. */
function isDataError(error: unknown): error is DataError {
  return error instanceof Error && (error as DataError).code === "PUSHFORWARD_DATA";
}

/** For JSON: columns in use whose cells carried more than digits, with the first such cell and what it was read as. */
export function parsedColumns(
  table: Pick<Table, "records">,
  used: readonly string[],
): readonly { readonly column: string; readonly parse: readonly ColumnParse[] }[] {
  return table.records
    .filter(({ name, parse }) => parse.length > 0 && used.includes(name))
    .map(({ name, parse, example, inferred = false }) => ({ column: name, parse, ...example, inferred }));
}

/** Tells on standard error how columns in use were read, where that was found out. */
export async function sayHowRead(table: Table | TableBatches, used: readonly string[]): Promise<void> {
  const { readingRemarks } = await import("../entries/tables.ts");
  for (const line of readingRemarks(table, used)) warn(line);
}
