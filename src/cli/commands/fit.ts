/**
 * `pushforward fit`: fits a flow to a table and writes the model.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import type { Command } from "commander";
import { AbortedError, UsageError } from "../../entries/errors.ts";
import { isSameFile } from "../../entries/files.ts";
import type { BatchesFit, ColumnNote } from "../../entries/fitting.ts";
import { fitOptionTable, hasEpochs, modelKinds } from "../../entries/options.ts";
import type { FitOptions, FitPhase, Flow, ModelKind } from "../../index.ts";
import { checkDisjoint, checkKnown } from "../columnNames.ts";
import { fitFlags } from "../flags/flagTables.ts";
import { addFormerFlags, addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { withFlags } from "../flags.ts";
import { checkTrainingFlags } from "../kinds.ts";
import { defined } from "../options.ts";
import {
  checkOutput,
  checkWritable,
  counted,
  formatCount,
  formatFacts,
  formatLogProb,
  formatSeconds,
  print,
  printJson,
} from "../output.ts";
import { canAsk, confirm, interrupts } from "../process/interrupt.ts";
import { progressDisplay } from "../progress.ts";
import {
  addRowsOption,
  addTableOptions,
  namingTable,
  parsedColumns,
  type RowsFlags,
  type TableFlags,
  takenRows,
} from "../tableOptions.ts";

interface FitFlags extends TableFlags, Pick<RowsFlags, "rows" | "cells">, Omit<FitOptions, "flow" | "from"> {
  readonly flow?: ModelKind | typeof sphere | undefined;
  readonly from?: string | undefined;
  readonly out: string;
  readonly json?: boolean | undefined;
}

/** The flow of unit vectors, which the library has as an architecture. */
const sphere = "sphere";

/** What may be named: kinds, and that flow. */
const flow: typeof fitOptionTable.flow = {
  ...fitOptionTable.flow,
  choices: [...modelKinds, sphere],
  accepts: () => true,
};

/** Of flags the options, with the architecture that is named in place of its sizes. */
async function optionsOf({ flow, ...flags }: FitFlags): Promise<FitOptions> {
  if (flow !== sphere) return chosenOptions<FitOptions>({ flow, ...flags }, fitFlags);
  const { sphereFlow } = await import("../../entries/architectures.ts");
  const { transforms, hidden, ...options } = flags;
  return {
    ...chosenOptions<FitOptions>(options, fitFlags),
    flow: sphereFlow(defined({ transforms, hidden })),
  };
}

const description = `Fit a normalizing flow to a table.

DATA is a .csv, .tsv, .json, .jsonl, .npy, .parquet or .arrow file (also .gz), or - for CSV on standard input.
Without options, the flow and its size follow from the data.`;

const example = `
Example:
  pushforward fit galaxies.csv --out galaxies.safetensors --seed 1`;

/** Checks that need no file but those that are written. */
function checkFlags(flags: FitFlags): void {
  // A flow of unit vectors is trained as others are.
  checkTrainingFlags(flags.flow === sphere ? "nsf-ar" : flags.flow, flags as FitOptions);
  checkDisjoint(["--columns", flags.columns], ["--given", flags.given]);
  const weights = flags.weights === undefined ? undefined : [flags.weights];
  checkDisjoint(["--columns", flags.columns], ["--weights", weights]);
  checkDisjoint(["--given", flags.given], ["--weights", weights]);
  if (flags.budget !== undefined && flags.epochs !== undefined)
    throw new UsageError({
      problem: "--budget and --epochs both say how long to train",
      expected: "--budget or --epochs",
      received: "both",
      remedy: "leave one of them out",
    });
  if (flags.resume && flags.checkpoint === undefined) {
    throw new UsageError({
      problem: "--resume needs --checkpoint FILE, the file to go on from",
      expected: "--checkpoint beside --resume",
      received: "no --checkpoint",
    });
  }
  checkOutput(flags.out, [".safetensors"], "a model");
  if (flags.from !== undefined && isSameFile(flags.from, flags.out))
    throw new UsageError({
      problem: `--from and --out both name "${flags.out}": the model that training starts at would be lost`,
      expected: "two names",
      received: `"${flags.out}" twice`,
      remedy: "give them two names",
    });
  if (flags.checkpoint === undefined) return;
  checkWritable("--checkpoint", flags.checkpoint);
  if (isSameFile(flags.checkpoint, flags.out))
    throw new UsageError({
      problem: `--checkpoint and --out both name "${flags.out}"`,
      expected: "two names",
      received: `"${flags.out}" twice`,
      remedy: "give them two names",
    });
}

/** The end of a fit that was stopped and wrote no model, with what helps the next time. */
function stopped({ keepOnAbort, checkpoint }: FitFlags, isTraining: boolean): AbortedError {
  if (!isTraining) return new AbortedError("The fit was aborted");
  const resume =
    checkpoint === undefined
      ? "--checkpoint and --resume go on where it stopped"
      : "--resume goes on from the checkpoint";
  const how = keepOnAbort
    ? `The fit was aborted before it had a model to keep (${resume})`
    : `The fit was aborted (--keep-on-abort writes the best model so far; ${resume})`;
  return new AbortedError(how);
}

/** Nats per row, from rows of the fit to held-out ones, from which on more rows would show. */
const shownGap = 0.05;

/** What a fit to some of the rows means: what rows of the fit have beyond others is what more rows would take away. */
function drawnInWords(rows: number, all: number, gap: number): string {
  const how = `${formatCount(rows)} of ${formatCount(all)} rows, at random`;
  if (!Number.isFinite(gap)) return how;
  return gap < shownGap
    ? `${how}; held-out rows score as those of the fit, so that more would not change the result`
    : `${how}; held-out rows score ${gap.toFixed(2)} nats lower than those of the fit: more (--rows) would help`;
}

/** What a training went through whose rows are not in memory. */
function streamedInWords({ rows, of, sample }: NonNullable<BatchesFit["streamed"]>): string {
  const all = rows < of ? `${formatCount(rows)} of ${formatCount(of)} rows` : `all ${formatCount(of)} rows`;
  const why = rows < of ? ", as many as the training can go through (--budget, --epochs)" : "";
  return `${all} from disk${why}; columns are prepared by ${formatCount(sample)}`;
}

/** The columns that have a density; of mixed ones with their kinds. */
function columnsInWords({ columns, description }: Flow): string {
  const kinds = new Map(description.schema?.columns.map(({ name, kind }) => [name, kind]));
  return columns.map((name) => (kinds.has(name) ? `${name} ${kinds.get(name)}` : name)).join(", ");
}

/** One line for each column: its name, its kind, what of it, and what else it may be. */
export function columnLines(notes: readonly ColumnNote[]): string {
  const rows = notes.map(({ name, kind, use, values, remedy }) => [
    name,
    use === "fit" || use === "exclude" ? kind : `${kind} (${use})`,
    remedy === undefined ? values : withFlags(`${values}; ${remedy}`),
  ]);
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map(([name, kind, text]) => `  ${name!.padEnd(widths[0]!)}  ${kind!.padEnd(widths[1]!)}  ${text}\n`)
    .join("");
}

/** Flags where `--keep` without names, which keeps no columns, keeps the model. */
function withLoneKeep({ keep, ...others }: FitFlags): FitFlags {
  return (keep as unknown) === true ? { ...others, keepOnAbort: true } : { ...others, ...defined({ keep }) };
}

async function run(data: string, read: FitFlags): Promise<void> {
  const flags = withLoneKeep(read);
  checkFlags(flags);
  const started = performance.now();
  const { fitBatches } = await import("../../entries/fitting.ts");
  const isTraining = flags.flow === undefined || hasEpochs(flags.flow);
  const keepOnAbort = isTraining && (flags.keepOnAbort || canAsk()) ? true : undefined;
  const { signal, hear } = interrupts({
    lingers: keepOnAbort === true,
    ending: () => withFlags(`${stopped(flags, isTraining).message}; no output file was changed`),
  });
  const { batches, rows } = await takenRows(data, flags);
  const source = data === "-" ? "standard input" : basename(data);
  const known = batches.records.map(({ name }) => name);
  checkKnown("--columns", flags.columns, known, source);
  checkKnown("--given", flags.given, known, source);
  checkKnown("--weights", flags.weights === undefined ? [] : [flags.weights], known, source);
  checkKnown("--simplex", flags.simplex, known, source);
  const display = progressDisplay(isTraining ? "epoch" : "step");
  let notes: readonly ColumnNote[] = [];
  const onColumns = (columnNotes: readonly ColumnNote[], chosen?: string): void => {
    notes = columnNotes;
    const why = chosen === undefined ? "" : `, as ${withFlags(chosen)}`;
    display.prepare(`${source}: a flow of mixed columns${why}`);
    display.prepare(columnLines(columnNotes).trimEnd());
    display.prepare("");
  };
  const onPhase = ({ phase, done, total }: FitPhase): void => {
    // Between the trials and the training all rows are prepared, which may take a while in which nothing is heard.
    const isBetween = phase === "preparation" && done === total;
    hear(!isBetween);
    if (phase === "preparation" && !isBetween)
      display.prepare(`choosing the preparation ${done + 1}/${total}`);
  };
  try {
    const {
      flow: fitted,
      report,
      streamed,
    } = await fitBatches(batches, {
      ...(await optionsOf(flags)),
      rows,
      ...defined({ cells: flags.cells }),
      folder: dirname(flags.out),
      ...defined({ keepOnAbort }),
      signal,
      onProgress: (progress) => display.update(progress),
      // What is fitted without gradients has no phases.
      ...(isTraining ? { onPhase } : {}),
      onColumns,
      onWarning(line) {
        // What the lines of the columns say already is not said again.
        if (!notes.some(({ warning }) => warning === line)) display.warn(line);
      },
    });
    display.stop();
    hear(false);
    const { interrupted } = report;
    if (signal.aborted && !flags.keepOnAbort) {
      // A request to terminate is nobody to answer.
      const done = `${interrupted ? "Interrupted" : "The training was over"} after ${counted(report.epochs, "epoch")}`;
      const question = `${done}. Write the best model so far to ${flags.out}?`;
      if (signal.reason !== "SIGINT" || !(await confirm(question))) throw stopped(flags, isTraining);
    }
    await fitted.save(flags.out);
    const seconds = (performance.now() - started) / 1000;
    const { trainLogProb, validationLogProb, startLogProb, parameters } = report;
    const start: [string, string][] =
      flags.from === undefined
        ? []
        : [["started from", `${flags.from}, validation ${formatLogProb(startLogProb!)} nats per row`]];
    if (flags.json) {
      const rounded = Math.round(seconds * 1000) / 1000;
      await printJson({
        trainLogProb,
        validationLogProb,
        ...defined({ startLogProb }),
        epochs: report.epochs,
        stillImproving: report.stillImproving,
        seconds: rounded,
        parameters,
        interrupted,
        ...(report.chosen === undefined ? {} : { flow: fitted.description.kind, chosen: report.chosen }),
        ...(notes.length > 0 ? { columns: notes } : {}),
        leftOut: report.leftOut,
        parsed: parsedColumns(batches, [...fitted.columns, ...fitted.given]),
        ...(rows < batches.rows ? { drawnFrom: batches.rows } : {}),
        ...defined({ streamed }),
        out: flags.out,
      });
      return;
    }
    const trained = hasEpochs(fitted.description.kind);
    const dropped = report.dropped > 0 ? `, ${formatCount(report.dropped)} left out for missing values` : "";
    const condition: [string, string][] = fitted.given.length > 0 ? [["given", fitted.given.join(", ")]] : [];
    const end = interrupted
      ? `, interrupted after ${counted(report.epochs, "epoch")}: the best model so far`
      : "";
    await print(
      `fitted ${counted(report.rows, "row")} of ${source}${dropped}${end}\n${formatFacts([
        ["columns", columnsInWords(fitted)],
        ...condition,
        ...(report.chosen === undefined
          ? []
          : ([["flow", `${fitted.description.kind}, as ${withFlags(report.chosen)}`]] as [string, string][])),
        ["architecture", fitted.facts.architecture!],
        ["parameters", formatCount(parameters)],
        ...start,
        ["train", `${formatLogProb(trainLogProb)} nats per row`],
        ["validation", `${formatLogProb(validationLogProb)} nats per row`],
        ["time", formatSeconds(seconds) + (trained ? `, ${counted(report.epochs, "epoch")}` : "")],
        ...(streamed
          ? ([["streamed", streamedInWords(streamed)]] as [string, string][])
          : rows < batches.rows
            ? ([["drawn", drawnInWords(rows, batches.rows, trainLogProb - validationLogProb)]] as [
                string,
                string,
              ][])
            : []),
        ...(report.stillImproving
          ? ([["at the end", "still improving: train longer (--budget, --epochs)"]] as [string, string][])
          : []),
        ["model", flags.out],
      ])}`,
    );
  } catch (error) {
    throw (error as { code?: unknown }).code === "PUSHFORWARD_ABORTED" ? stopped(flags, isTraining) : error;
  } finally {
    hear(false);
    display.stop();
  }
}

/** Adds the command. */
export function addFit(program: Command): void {
  const command = program
    .command("fit")
    .summary("fit a flow to a table")
    .description(description)
    .argument("<data>", "table to fit; - for CSV on standard input")
    .requiredOption("--out <file>", "model to write (.safetensors)")
    .option("--json", "print one JSON document")
    .addHelpText("after", example)
    .action(namingTable(0, run));
  addOptionFlags(command, fitFlags, { ...fitOptionTable, flow });
  addFormerFlags(command);
  addRowsOption(command);
  addTableOptions(command);
}
