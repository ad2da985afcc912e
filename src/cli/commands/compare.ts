/**
 * `pushforward compare`: several kinds of model on the same rows, as one table.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import { compareOptionTable } from "../../entries/options.ts";
import type { ComparedFlow, CompareOptions, CompareProgress, Comparison } from "../../index.ts";
import { checkDisjoint, checkKnown } from "../columnNames.ts";
import { compareFlags } from "../flags/flagTables.ts";
import { addFormerFlags, addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { defined } from "../options.ts";
import { counted, formatCount, formatLogProb, formatSeconds, print, printJson, warn } from "../output.ts";
import {
  addRowsOption,
  addTableOptions,
  namingTable,
  parsedColumns,
  type RowsFlags,
  type TableFlags,
  takenRows,
} from "../tableOptions.ts";

interface CompareFlags extends TableFlags, Pick<RowsFlags, "rows" | "cells">, CompareOptions {
  readonly json?: boolean | undefined;
}

/** Says which kind is being fitted: a line each, or on a terminal one line that says where it stands, too. */
function progressLines(): { update(progress: CompareProgress): void; stop(): void } {
  const { isTTY } = process.stderr;
  let open = false;
  const close = (): void => {
    if (open) process.stderr.write("\r\x1b[K");
    open = false;
  };
  return {
    update({ flow, fold, folds, fit }) {
      if (!isTTY) {
        if (!fit && fold === 1)
          process.stderr.write(`fitting ${flow}${folds > 1 ? `, ${folds} folds` : ""}\n`);
        return;
      }
      const what = folds > 1 ? `fitting ${flow}, fold ${fold}/${folds}` : `fitting ${flow}`;
      close();
      process.stderr.write(fit ? `${what}: ${fit.epoch}/${fit.epochs}` : what);
      open = true;
    },
    stop: close,
  };
}

/** A signed number with four decimals, or a word where it is not finite. */
function formatScore(value: number | undefined): string {
  if (value === undefined) return "-";
  return Number.isFinite(value) || Number.isNaN(value) ? formatLogProb(value) : String(value);
}

/** `12.34 ± 0.05`, the numbers under each other. */
function withError(value: number | undefined, error: number | undefined): string {
  return value === undefined ? "-" : `${formatScore(value)} ± ${formatScore(error)}`;
}

/** The table, lines of equal columns. */
function formatTable(flows: readonly ComparedFlow[]): string {
  const count = (number: number | undefined): string => (number === undefined ? "-" : formatCount(number));
  const fitted = new Set(flows.flatMap(({ fittedRows }) => fittedRows ?? []));
  const rows = [
    [
      "flow",
      "nats per row",
      "less the best",
      "time",
      "parameters",
      ...(fitted.size > 1 ? ["fitted to"] : []),
    ],
    ...flows.map((own, i) => [
      own.flow,
      withError(own.logProb, own.standardError),
      i === 0 && own.logProb !== undefined ? "" : withError(own.difference, own.differenceError),
      formatSeconds(own.seconds),
      count(own.parameters),
      ...(fitted.size > 1 ? [`${count(own.fittedRows)} rows`] : []),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)));
      return `  ${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** What follows from the table, in one sentence. */
function verdict({ best, tied, flows, dependent }: Comparison): string {
  if (flows.filter(({ error }) => error === undefined).length < 2) return "";
  if (best === undefined)
    return `no winner can be called: ${dependent.map(({ column, rule }) => `${column} = ${rule}`).join("; ")}, so that likelihoods grow without bound.\n`;
  if (tied.length === 0) return `${best} wins.\n`;
  const others =
    tied.length === 1 ? tied[0]! : `${tied.slice(0, -1).join(", ")} and ${tied[tied.length - 1]}`;
  return `${best} is first, but ${others} ${tied.length === 1 ? "is" : "are"} within one standard error of it: these rows do not tell them apart.\n`;
}

async function run(data: string, flags: CompareFlags): Promise<void> {
  if (flags.test !== undefined && flags.folds !== undefined)
    throw new UsageError({
      problem: "--test and --folds exclude each other: folds hold out each row once",
      expected: "--test or --folds",
      received: "both",
      remedy: "leave one of them out",
    });
  const named = flags.weights === undefined ? undefined : [flags.weights];
  checkDisjoint(["--columns", flags.columns], ["--weights", named]);
  const { compareBatches } = await import("../../entries/diagnostics.ts");
  const { batches, rows } = await takenRows(data, flags);
  const source = data === "-" ? "standard input" : basename(data);
  const known = batches.records.map(({ name }) => name);
  checkKnown("--columns", flags.columns, known, source);
  checkKnown("--weights", named, known, source);
  checkKnown("--simplex", flags.simplex, known, source);
  const progress = progressLines();
  let result: Comparison;
  try {
    result = await compareBatches(batches, {
      ...chosenOptions<CompareOptions>(flags, compareFlags),
      rows,
      ...defined({ cells: flags.cells }),
      onProgress: (at) => progress.update(at),
      onWarning(line) {
        progress.stop();
        warn(line);
      },
    });
  } finally {
    progress.stop();
  }
  // What a kind that failed does not have is null, as what is not finite.
  const withNulls = result.flows.map((flow) =>
    Object.fromEntries(Object.entries(flow).map(([name, value]) => [name, value ?? null])),
  );
  if (flags.json)
    await printJson({
      ...result,
      parsed: parsedColumns(batches, result.columns),
      flows: withNulls,
      best: result.best ?? null,
    });
  else await print(summary(result, source));
  if (result.flows.every(({ error }) => error !== undefined)) process.exitCode = 1;
}

function summary(result: Comparison, source: string): string {
  const { rows, dropped, heldOut, folds, columns, flows } = result;
  const missing = dropped > 0 ? `, ${formatCount(dropped)} left out for missing values` : "";
  const how =
    folds > 1
      ? `${folds}-fold cross-validation`
      : `${formatCount(rows - heldOut)} to fit, ${formatCount(heldOut)} held out`;
  const failures = flows
    .filter(({ error }) => error !== undefined)
    .map(({ flow, error }) => `${flow} failed: ${error}\n`)
    .join("");
  return `${counted(rows, "row")} of ${source}${missing}: ${how}; ${counted(columns.length, "column")}\n${formatTable(flows)}${failures}${verdict(result)}`;
}

/** Adds the command. */
export function addCompare(program: Command): void {
  const command = program
    .command("compare")
    .summary("compare kinds of flows on held-out rows")
    .description(
      `Fit several kinds of flows to the same rows, and score the same other rows.

Log-densities are in nats per row, in the data's own units: higher is better. Differences are taken row by
row. Nothing is written.`,
    )
    .argument("<data>", "table to fit; - for CSV on standard input")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward compare galaxies.csv --flows gaussian,mixture,nsf-ar --folds 5`,
    )
    .action(namingTable(0, run));
  addOptionFlags(command, compareFlags, compareOptionTable);
  addFormerFlags(command);
  addRowsOption(command);
  addTableOptions(command);
}
