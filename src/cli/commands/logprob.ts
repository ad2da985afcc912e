/**
 * `pushforward logprob`: the log-density of each row of a table.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import { logProbOptionTable } from "../../entries/options.ts";
import type { LogProbOptions } from "../../index.ts";
import { logProbFlags } from "../flags/flagTables.ts";
import { addOptionFlags } from "../flags/optionFlags.ts";
import { interruptSignal } from "../interrupt.ts";
import { defined } from "../options.ts";
import {
  checkTableOutput,
  formatCount,
  formatFacts,
  formatLogProb,
  print,
  printCsv,
  printJson,
  warn,
} from "../output.ts";
import { describeSolver, solverSummary } from "../solver.ts";
import { addTableOptions, namingTable, readData, sayHowRead, type TableFlags } from "../tableOptions.ts";

interface LogprobFlags extends TableFlags, Pick<LogProbOptions, keyof typeof logProbFlags> {
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What `--json` prints, before minus infinity becomes null. */
export interface LogProbSummary {
  readonly rows: number;
  readonly meanLogProb: number;
  /** Of the mean; NaN for fewer than two rows, or where the mean is not finite. */
  readonly standardError: number;
  readonly minimum: number;
  /** Rows that miss a value: they have no score, and the other numbers are of the rest. */
  readonly missing: number;
  /** Rows whose density is 0. */
  readonly outsideSupport: number;
}

/** Sums up log-densities. */
export function summarize(scores: Float64Array, all: number = scores.length): LogProbSummary {
  const logProb = scores.filter((value) => !Number.isNaN(value));
  const rows = logProb.length;
  const mean = logProb.reduce((sum, value) => sum + value / rows, 0);
  const variance = logProb.reduce((sum, value) => sum + (value - mean) ** 2 / (rows - 1), 0);
  return {
    rows: all,
    missing: all - rows,
    meanLogProb: rows > 0 ? mean : Number.NaN,
    standardError: rows > 1 ? Math.sqrt(variance / rows) : Number.NaN,
    minimum: rows > 0 ? logProb.reduce((least, value) => Math.min(least, value)) : Number.NaN,
    outsideSupport: logProb.reduce((count, value) => count + Number(value === Number.NEGATIVE_INFINITY), 0),
  };
}

const inSample =
  "the model was fitted to these very rows: their scores are higher than those of new rows, most of all where the fit " +
  "has learnt single rows by heart; score rows that it has not seen, or use crossFit of the library";

async function run(model: string, data: string, flags: LogprobFlags): Promise<void> {
  const { out, engine, missing = "empty", wide } = flags;
  if (out === "-" && flags.json) {
    throw new UsageError("--out - and --json both want standard output; give --out a file name.");
  }
  if (out !== undefined) checkTableOutput(out, [model, data]);
  const { load, tableFromColumns, writeTable } = await import("../../index.ts");
  const signal = interruptSignal();
  const flow = await load(model, { signal });
  const table = await readData(data, flags, signal);
  await sayHowRead(table, [...flow.columns, ...flow.given]);
  const logProb = await flow.logProb(table, { ...defined({ engine, wide }), missing, signal });
  const wasFitted = flow.wasFittedTo(table);
  if (wasFitted) warn(inSample);
  const scores = tableFromColumns({ logProb });
  if (out === "-") return await printCsv(scores);
  if (out !== undefined) await writeTable(scores, out);
  const summary = summarize(logProb, table.rows);
  const solver = await solverSummary(flow, table, { ...defined({ engine, wide }), signal });
  if (flags.json)
    return await printJson({ ...summary, fittedToTheseRows: wasFitted, ...defined({ solver }) });
  await print(
    formatFacts([
      ["rows", formatCount(summary.rows)],
      ...(summary.missing > 0 ? [["of these missing values", formatCount(summary.missing)] as const] : []),
      ["mean log-density", `${formatLogProb(summary.meanLogProb)} nats`],
      ["standard error", formatLogProb(summary.standardError)],
      ["minimum", formatLogProb(summary.minimum)],
      ["outside support", formatCount(summary.outsideSupport)],
      ...(solver ? [["solver", describeSolver(solver)] as const] : []),
      ...(out === undefined ? [] : [["scores", out] as const]),
    ]),
  );
}

/** Adds the command. */
export function addLogprob(program: Command): void {
  const command = program
    .command("logprob")
    .summary("log-density of each row")
    .description(
      `Log-density of each row of a table, in nats, in the data's own units.

Columns are matched by name; further ones are ignored. Without --out, a summary alone. Scores of the very
table that the model was fitted to are not out-of-sample scores: a warning says so.`,
    )
    .argument("<model>", "model to use (.safetensors)")
    .argument("<data>", "table to score; - for CSV on standard input")
    .option("--out <file>", "table to write, with the column logProb; - for CSV on standard output")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward logprob galaxies.safetensors new.csv --out scores.csv`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, logProbFlags, logProbOptionTable);
  addTableOptions(command);
}
