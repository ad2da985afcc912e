/**
 * `pushforward evaluate`: how good a model is on rows that it has not seen.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import type { EvaluateOptions, Evaluation } from "../../entries/diagnostics.ts";
import { evaluateOptionTable } from "../../entries/options.ts";
import { evaluateFlags } from "../flags/evaluateFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { withFlags } from "../flags.ts";
import { defined } from "../options.ts";
import { checkOutput, counted, formatCount, print, printJson, sayBound, warn } from "../output.ts";
import {
  addRowsOption,
  addTableOptions,
  namingTable,
  type RowsFlags,
  readRows,
  sayHowRead,
  type TableFlags,
  takenRows,
} from "../tableOptions.ts";

interface EvaluateFlags
  extends TableFlags,
    Pick<RowsFlags, "rows" | "cells">,
    Omit<EvaluateOptions, "train" | "signal" | "onWarning"> {
  readonly train?: string | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * What JSON holds: all but the tables.
 * @param tableRows - Rows of the whole table, where those of the evaluation are some of them.
 */
function document(
  { samples, test, ...rest }: Evaluation,
  tableRows: number | undefined,
  privacy: string,
): object {
  return { ...rest, ...defined({ tableRows }), samples: samples.rows, compared: test.rows, privacy };
}

async function run(model: string, test: string, flags: EvaluateFlags): Promise<void> {
  const { out, train } = flags;
  if (out !== undefined) checkOutput(out, [".html", ".svg", ".png", ".json"], "a page");
  const { load } = await import("../../index.ts");
  const { evaluateBatches, evaluationText, privacyWarning } = await import("../../entries/diagnostics.ts");
  const flow = await load(model);
  sayBound(flow);
  const { batches, rows } = await takenRows(test, flags);
  const tableRows = rows < batches.rows ? batches.rows : undefined;
  await sayHowRead(batches, [...flow.columns, ...flow.given]);
  const { train: _, ...options } = chosenOptions<EvaluateOptions>(flags, evaluateFlags);
  const evaluation = await evaluateBatches(flow, batches, {
    ...options,
    ...(train === undefined ? {} : { train: await readRows(train, flags) }),
    ...defined({ cells: flags.cells, rows: tableRows === undefined ? undefined : rows }),
    onWarning: warn,
  });
  const some = tableRows === undefined ? "" : `${formatCount(rows)} of ${counted(tableRows, "row")} of `;
  const title = `${basename(model)} on ${some}${test === "-" ? "standard input" : basename(test)}`;
  const json = document(evaluation, tableRows, privacyWarning);
  if (out !== undefined) {
    const { evaluationPage, writeFigure } = await import("../../entries/figures.ts");
    if (/\.json$/i.test(out)) await writeFile(out, `${JSON.stringify(json, undefined, 2)}\n`);
    else await writeFigure(evaluationPage(evaluation, { title }), out);
  }
  if (flags.json) return await printJson(json);
  await print(`${title}\n\n${withFlags(evaluationText(evaluation))}`);
}

/** Adds the command. */
export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .summary("how good a model is on rows that it has not seen")
    .description(
      `Log-density of held-out rows, by column where the model has contributions; whether a classifier tells samples from
them (AUC of boosted trees, cross-validated: 0.5 where it cannot); how far the samples' columns are from theirs, one by
one and pair by pair; with --train, whether samples copy rows of the fit.`,
    )
    .argument("<model>", "model to use (.safetensors)")
    .argument("<test>", "table of rows that the model has not seen; - for CSV on standard input")
    .option("--out <file>", "page to write: .html, .svg or .png with pictures, or .json")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward evaluate people.safetensors test.csv --train train.csv --out page.html`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, evaluateFlags, evaluateOptionTable);
  addRowsOption(command);
  addTableOptions(command);
}
