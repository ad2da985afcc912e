/**
 * `pushforward logprob`: the log-density of each row of a table.
 *
 * @module
 */

import type { Command } from "commander";
import type { ColumnMeans, ImpossibleRow, LogProbSummary } from "../../entries/diagnostics.ts";
import { UsageError } from "../../entries/errors.ts";
import { logProbOptionTable } from "../../entries/options.ts";
import type { Flow, LogProbOptions, Table } from "../../index.ts";
import { checkGiven } from "../columnNames.ts";
import { logProbFlags } from "../flags/flagTables.ts";
import { addOptionFlags } from "../flags/optionFlags.ts";
import { defined } from "../options.ts";
import {
  checkOneOutput,
  checkTableOutput,
  formatCount,
  formatFacts,
  formatLogProb,
  warn,
} from "../output.ts";
import { batchesAfter, isFolder, PartFolder } from "../scores/partFolder.ts";
import { asWritten, giveScores, scoreColumns, scoreName, withColumns } from "../scores/scoreTable.ts";
import { describeSolver, FirstRows } from "../solver.ts";
import {
  addTableOptions,
  namingTable,
  readDataBatches,
  sayHowRead,
  type TableFlags,
} from "../tableOptions.ts";

type ScoreFlags = Pick<LogProbOptions, "missing" | "unseen" | "engine" | "wide">;

interface LogprobFlags extends TableFlags, ScoreFlags {
  readonly given?: Readonly<Record<string, number | string>> | undefined;
  readonly byColumn?: boolean | undefined;
  readonly append?: boolean | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `  color  -1.0986  counting`: what each column adds on average. */
function columnLines({ columns }: ColumnMeans): string {
  const name = (column: string): string => JSON.stringify(column).slice(1, -1);
  const facts = columns.map(({ column, measure, step, meanOutcome, meanValue }) => {
    const parts =
      meanOutcome === undefined
        ? formatLogProb(meanValue)
        : `${formatLogProb(meanOutcome + meanValue)}: outcome ${formatLogProb(meanOutcome)}, value ${formatLogProb(meanValue)}`;
    return [name(column), `${parts} (${measure}${step === undefined ? "" : `, step ${step}`})`] as const;
  });
  return `mean contributions, in nats\n${formatFacts(facts)}`;
}

const inSample =
  "the model was fitted to these very rows: their scores are higher than those of new rows, most of all where the fit " +
  "has learnt single rows by heart; score rows that it has not seen, or use crossFit of the library";

async function run(model: string, data: string, flags: LogprobFlags): Promise<void> {
  const { out, json, given, engine, unseen, wide } = flags;
  checkOneOutput(out, json);
  if (flags.append && out === undefined)
    throw new UsageError({
      problem: "--append says what --out FILE holds",
      expected: "--out beside --append",
      received: "no --out",
      remedy: "name the file, or - for standard output",
    });
  const isParts = out !== undefined && out !== "-" && isFolder(out);
  if (isParts) checkParts(data, flags);
  else if (out !== undefined) checkTableOutput(out, [model, data]);
  const { column, load, tableFromColumns } = await import("../../index.ts");
  const { ScoreSummary, scoreBatches } = await import("../../entries/diagnostics.ts");
  const flow = await load(model);
  if (given !== undefined) checkGiven(given, flow);
  const allBatches = await readDataBatches(data, flags);
  const folder = isParts ? await PartFolder.open(out, model, data, scoreChoices(flags)) : undefined;
  const rowsDone = folder?.rowsDone ?? 0;
  const batches = batchesAfter(allBatches, rowsDone);
  await sayHowRead(batches, [...flow.columns, ...(given === undefined ? flow.given : [])]);
  const isMixed = flow.description.kind === "columns";
  // What is not known of a row of mixed columns is summed out.
  const missing = flags.missing ?? (isMixed ? "marginal" : "empty");
  const how = defined({ given, unseen, engine, wide });
  // Of another kind, flow.contributions says why there are none.
  const byColumn = isMixed || (flags.byColumn ?? false);
  const scores = scoreBatches(flow, batches, { ...how, missing, byColumn, onWarning: warn });
  const summary = new ScoreSummary();
  const firstRows = new FirstRows(flow);
  let first: ImpossibleRow | undefined;
  await giveScores({
    async *table() {
      for await (const part of folder?.done() ?? [])
        summary.add({ table: part, logProb: column(part, scoreName(flow)) });
      const whole = flags.append ? await asWritten(data, allBatches, flags) : undefined;
      const wholeBatches =
        !whole || whole === allBatches ? undefined : batchesAfter(whole, rowsDone)[Symbol.asyncIterator]();
      for await (const scored of scores) {
        const { table, logProb, contributions } = scored;
        summary.add(scored);
        await firstRows.add(table);
        if (!first && logProb.includes(Number.NEGATIVE_INFINITY))
          first = await firstImpossible(flow, table, {
            ...how,
            missing: missing === "error" ? missing : "empty",
          });
        const columns = scoreColumns(logProb, flags.byColumn ? contributions : undefined, scoreName(flow));
        if (!whole) yield tableFromColumns(columns);
        else {
          const cells: Table = wholeBatches ? (await wholeBatches.next()).value : table;
          yield withColumns(missing === "drop" ? await scoredRows(flow, cells, table, how) : cells, columns);
        }
      }
      if (scores.wereFitted) warn(inSample);
    },
    name: "scores",
    async summary() {
      const { scores: scored } = summary;
      // Means of columns are of the rows of this run alone: none are better than those of a part.
      const columns = rowsDone > 0 ? undefined : summary.byColumn;
      const solver = await firstRows.solverSummary(defined({ engine, wide }));
      return {
        json: {
          ...scored,
          ...(flow.description.bound ? { bound: true } : {}),
          ...(columns ? { meanLogDensity: columns.meanLogDensity } : {}),
          ...(first ? { firstImpossible: first } : {}),
          ...(flags.byColumn && columns ? { columns: columns.columns } : {}),
          ...(rowsDone > 0 ? { scoredBefore: rowsDone } : {}),
          fittedToTheseRows: scores.wereFitted,
          ...defined({ solver }),
        },
        facts: [
          ["rows", formatCount(scored.rows)],
          ...(rowsDone > 0 ? [["of these scored before", formatCount(rowsDone)] as const] : []),
          ...(scored.missing > 0 ? [["of these without a score", formatCount(scored.missing)] as const] : []),
          ...meanFacts(scored, first, flow.description.bound ? "lower bound" : "log-density"),
          ...(columns?.columns.some(({ step = 1 }) => step !== 1)
            ? [["mean, grids as densities", `${formatLogProb(columns.meanLogDensity)} nats`] as const]
            : []),
          ...(solver ? [["solver", describeSolver(solver)] as const] : []),
        ],
        text: flags.byColumn && columns ? columnLines(columns) : undefined,
      };
    },
    out,
    folder,
    json,
  });
}

/** @throws UsageError for parts of what cannot be gone on with. */
function checkParts(data: string, { missing }: LogprobFlags): void {
  const fault =
    data === "-"
      ? "standard input can be read but once"
      : missing === "drop"
        ? "rows that are dropped have no place in parts, which are known by their rows"
        : undefined;
  if (fault !== undefined)
    throw new UsageError({
      problem: `--out is a folder of parts, and ${fault}`,
      expected: "a file to write, or another choice",
      received: data === "-" ? "standard input" : "drop",
      remedy: "name a file, such as scores.parquet",
    });
}

/** What scores depend on beside the model and the table. */
function scoreChoices({ out: _, json: __, ...flags }: LogprobFlags): object {
  return flags;
}

/** The first row of a batch that cannot be. */
async function firstImpossible(
  flow: Flow,
  table: Table,
  how: LogProbOptions,
): Promise<ImpossibleRow | undefined> {
  const [impossible] = await flow.impossibleRows(table, how);
  return impossible && { ...impossible, row: impossible.row + (table.rowsBefore ?? 0) };
}

/** The rows of a batch that have a score: the others are found by their empty ones. */
async function scoredRows(flow: Flow, cells: Table, table: Table, how: LogProbOptions): Promise<Table> {
  const { pickRows } = await import("../../entries/tables.ts");
  const scores = await flow.logProb(table, { ...how, missing: "empty" });
  return pickRows(
    cells,
    Array.from(scores.keys()).filter((row) => !Number.isNaN(scores[row])),
  );
}

/** Mean, standard error, minimum, and the rows that cannot be. */
function meanFacts(
  { meanLogProb, standardError, minimum, outsideSupport, possible }: LogProbSummary,
  first: ImpossibleRow | undefined,
  what: string,
): readonly (readonly [string, string])[] {
  const rows = `${formatCount(outsideSupport)} ${outsideSupport === 1 ? "row is" : "rows are"}`;
  if (!first)
    return [
      [`mean ${what}`, `${formatLogProb(meanLogProb)} nats`],
      ["standard error", formatLogProb(standardError)],
      ["minimum", formatLogProb(minimum)],
      ["outside support", formatCount(outsideSupport)],
    ];
  return [
    [`mean ${what}`, `minus infinity: ${rows} impossible`],
    ["mean of the rest", `${formatLogProb(possible.meanLogProb)} nats`],
    ["standard error", formatLogProb(possible.standardError)],
    ["outside support", `${formatCount(outsideSupport)}, the first is row ${first.row}: ${first.reason}`],
  ];
}

/** Adds the command. */
export function addLogprob(program: Command): void {
  const command = program
    .command("logprob")
    .summary("log-density of each row")
    .description(
      `Log-density of each row of a table, in nats, in the data's own units: with respect to the Lebesgue measure;
of mixed columns (--flow columns) levels, values on a grid, atoms and missing cells are counted.

Columns are matched by name; further ones are ignored. Without --out, a summary alone. Scores of the very
table that the model was fitted to are not out-of-sample scores: a warning says so.`,
    )
    .argument("<model>", "model to use (.safetensors)")
    .argument("<data>", "table to score; - for CSV on standard input")
    .option(
      "--out <file>",
      "table to write, with the column logProb, or logProbBound of a model that knows a lower bound alone; - for CSV on standard output; FOLDER/ for parts, behind which a run that was ended goes on",
    )
    .option(
      "--by-column",
      "what each column adds, too: the outcome (missing, an atom, a value) and the value apart",
    )
    .option("--append", "write the columns of the input, as they are, before the scores")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward logprob galaxies.safetensors new.csv --out scores.csv
  pushforward logprob people.safetensors new.csv --by-column --append --out scores.csv`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, logProbFlags, logProbOptionTable);
  addTableOptions(command);
}
