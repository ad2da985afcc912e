/**
 * `pushforward logprob`: the log-density of each row of a table.
 *
 * @module
 */

import type { Command } from "commander";
import type { Contributions, ImpossibleRow } from "../../entries/diagnostics.ts";
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
import { asWritten, giveScores, scoreColumns, withColumns } from "../scoreTable.ts";
import { describeSolver, solverSummary } from "../solver.ts";
import { addTableOptions, namingTable, readData, sayHowRead, type TableFlags } from "../tableOptions.ts";

type ScoreFlags = Pick<LogProbOptions, "missing" | "unseen" | "engine" | "wide">;

interface LogprobFlags extends TableFlags, ScoreFlags {
  readonly given?: Readonly<Record<string, number | string>> | undefined;
  readonly byColumn?: boolean | undefined;
  readonly append?: boolean | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What `--json` prints, before minus infinity becomes null. */
export interface LogProbSummary {
  readonly rows: number;
  /** Minus infinity where a row is impossible: see {@link possible}. */
  readonly meanLogProb: number;
  /** Of the mean; NaN for fewer than two rows, or where the mean is not finite. */
  readonly standardError: number;
  readonly minimum: number;
  /** Rows without a score, most of which miss a value: the other numbers are of the rest. */
  readonly missing: number;
  /** Rows whose density is 0. */
  readonly outsideSupport: number;
  /** Mean over the rows whose density is not 0, and its standard error. */
  readonly possible: { readonly meanLogProb: number; readonly standardError: number };
}

function meanOf(values: Float64Array): { readonly mean: number; readonly standardError: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value / count, 0);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / (count - 1), 0);
  return {
    mean: count > 0 ? mean : Number.NaN,
    standardError: count > 1 ? Math.sqrt(variance / count) : Number.NaN,
  };
}

/** Sums up log-densities. */
export function summarize(scores: Float64Array, all: number = scores.length): LogProbSummary {
  const logProb = scores.filter((value) => !Number.isNaN(value));
  const possible = logProb.filter((value) => value !== Number.NEGATIVE_INFINITY);
  const { mean, standardError } = meanOf(logProb);
  const rest = meanOf(possible);
  return {
    rows: all,
    missing: all - logProb.length,
    meanLogProb: mean,
    standardError,
    minimum: logProb.length > 0 ? logProb.reduce((least, value) => Math.min(least, value)) : Number.NaN,
    outsideSupport: logProb.length - possible.length,
    possible: { meanLogProb: rest.mean, standardError: rest.standardError },
  };
}

/** Means over the possible rows, for JSON. */
function byColumn({ columns, logProb, logDensity }: Contributions) {
  const isPossible = Array.from(logProb, Number.isFinite);
  const mean = (values: Float64Array): number => meanOf(values.filter((_, row) => isPossible[row])).mean;
  return {
    meanLogDensity: mean(logDensity),
    columns: columns.map(({ outcome, value, ...measure }) => ({
      ...measure,
      ...(outcome ? { meanOutcome: mean(outcome) } : {}),
      meanValue: mean(value),
    })),
  };
}

/** `  color  -1.0986  counting`: what each column adds on average. */
function columnLines({ columns }: ReturnType<typeof byColumn>): string {
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

/**
 * Scores where those that miss a cell have the one of their other cells; rows that are given what no row of the fit could be stay
 * without one.
 */
async function withSummedOut(
  flow: Flow,
  table: Table,
  scores: Float64Array,
  how: LogProbOptions,
): Promise<Float64Array> {
  if (!scores.some(Number.isNaN)) return scores;
  const { tableToObjects } = await import("../../index.ts");
  const { pickRows } = await import("../../entries/tables.ts");
  const objects = tableToObjects(table);
  const misses = (row: number, names: readonly string[]): boolean =>
    names.map((name) => objects[row]![name]).some((cell) => cell === null || Number.isNaN(cell));
  const isSummedOut = (row: number): boolean =>
    Number.isNaN(scores[row]) && misses(row, flow.columns) && !misses(row, flow.given);
  const rows = Array.from(scores.keys()).filter(isSummedOut);
  if (rows.length === 0) return scores;
  const observed = await flow.logProb(pickRows(table, rows), {
    ...how,
    missing: "marginal",
    onWarning: warn,
  });
  const all = scores.slice();
  rows.forEach((row, i) => {
    all[row] = observed[i]!;
  });
  return all;
}

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
  const flow = await load(model);
  if (given !== undefined) checkGiven(given, flow);
  const table = await readData(data, flags);
  await sayHowRead(table, [...flow.columns, ...(given === undefined ? flow.given : [])]);
  const isMixed = flow.description.kind === "columns";
  // What is not known of a row of mixed columns can be summed out.
  const isSummedOut = isMixed && (flags.missing === undefined || flags.missing === "marginal");
  const missing = isSummedOut ? "empty" : (flags.missing ?? "empty");
  const how = { ...defined({ given, unseen, engine, wide }), missing } as const;
  // Of another kind, flow.contributions says why there are none.
  const contributions =
    isMixed || flags.byColumn ? await flow.contributions(table, { ...how, onWarning: warn }) : undefined;
  let logProb = contributions?.logProb ?? (await flow.logProb(table, how));
  if (isSummedOut && given === undefined) logProb = await withSummedOut(flow, table, logProb, how);
  const wasFitted = given === undefined && flow.wasFittedTo(table);
  if (wasFitted) warn(inSample);
  const { pickRows } = await import("../../entries/tables.ts");
  await giveScores({
    async table() {
      const columns = scoreColumns(logProb, flags.byColumn ? contributions : undefined);
      if (!flags.append) return tableFromColumns(columns);
      const whole = await asWritten(data, table, flags);
      if (missing !== "drop") return withColumns(whole, columns);
      // Rows that are left out are found by their empty scores.
      const allScores = await flow.logProb(table, { ...how, missing: "empty" });
      const kept = Array.from(allScores.keys()).filter((row) => !Number.isNaN(allScores[row]));
      return withColumns(pickRows(whole, kept), columns);
    },
    name: "scores",
    async summary() {
      const summary = summarize(logProb, table.rows);
      const [first] = summary.outsideSupport > 0 ? await flow.impossibleRows(table, how) : [];
      const solver = await solverSummary(flow, table, defined({ engine, wide }));
      const columns = contributions && byColumn(contributions);
      return {
        json: {
          ...summary,
          ...(columns ? { meanLogDensity: columns.meanLogDensity } : {}),
          ...(first ? { firstImpossible: first } : {}),
          ...(flags.byColumn ? { columns: columns!.columns } : {}),
          fittedToTheseRows: wasFitted,
          ...defined({ solver }),
        },
        facts: [
          ["rows", formatCount(summary.rows)],
          ...(summary.missing > 0
            ? [["of these without a score", formatCount(summary.missing)] as const]
            : []),
          ...meanFacts(summary, first),
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
