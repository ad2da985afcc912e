/**
 * `pushforward logprob`: the log-density of each row of a table.
 *
 * @module
 */

import type { Command } from "commander";
import type { ImpossibleRow } from "../../entries/diagnostics.ts";
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
import { type ColumnMeans, type LogProbSummary, ScoreSummary } from "../scoreSummary.ts";
import { asWritten, giveScores, scoreColumns, withColumns } from "../scoreTable.ts";
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
  if (out !== undefined) checkTableOutput(out, [model, data]);
  const { load, tableFromColumns } = await import("../../index.ts");
  const { scoreBatches } = await import("../../entries/diagnostics.ts");
  const flow = await load(model);
  if (given !== undefined) checkGiven(given, flow);
  const batches = await readDataBatches(data, flags);
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
      const whole = flags.append ? await asWritten(data, batches, flags) : undefined;
      const wholeBatches = whole === batches ? undefined : whole?.[Symbol.asyncIterator]();
      for await (const scored of scores) {
        const { table, logProb, contributions } = scored;
        summary.add(scored);
        await firstRows.add(table);
        if (!first && logProb.includes(Number.NEGATIVE_INFINITY))
          first = await firstImpossible(flow, table, {
            ...how,
            missing: missing === "error" ? missing : "empty",
          });
        const columns = scoreColumns(logProb, flags.byColumn ? contributions : undefined);
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
      const { byColumn: columns, scores: scored } = summary;
      const solver = await firstRows.solverSummary(defined({ engine, wide }));
      return {
        json: {
          ...scored,
          ...(columns ? { meanLogDensity: columns.meanLogDensity } : {}),
          ...(first ? { firstImpossible: first } : {}),
          ...(flags.byColumn ? { columns: columns!.columns } : {}),
          fittedToTheseRows: scores.wereFitted,
          ...defined({ solver }),
        },
        facts: [
          ["rows", formatCount(scored.rows)],
          ...(scored.missing > 0 ? [["of these without a score", formatCount(scored.missing)] as const] : []),
          ...meanFacts(scored, first),
          ...(columns?.columns.some(({ step = 1 }) => step !== 1)
            ? [["mean, grids as densities", `${formatLogProb(columns.meanLogDensity)} nats`] as const]
            : []),
          ...(solver ? [["solver", describeSolver(solver)] as const] : []),
        ],
        text: flags.byColumn ? columnLines(columns!) : undefined,
      };
    },
    out,
    json,
  });
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
): readonly (readonly [string, string])[] {
  const rows = `${formatCount(outsideSupport)} ${outsideSupport === 1 ? "row is" : "rows are"}`;
  if (!first)
    return [
      ["mean log-density", `${formatLogProb(meanLogProb)} nats`],
      ["standard error", formatLogProb(standardError)],
      ["minimum", formatLogProb(minimum)],
      ["outside support", formatCount(outsideSupport)],
    ];
  return [
    ["mean log-density", `minus infinity: ${rows} impossible`],
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
    .option("--out <file>", "table to write, with the column logProb; - for CSV on standard output")
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
