/**
 * `pushforward impute`: missing cells of a table, drawn given the others.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../../entries/errors.ts";
import type { ImputeOptions } from "../../../entries/options.ts";
import { imputeOptionTable } from "../../../entries/options.ts";
import type { Table } from "../../../index.ts";
import { addOptionFlags } from "../../flags/optionFlags.ts";
import { imputeFlags } from "../../flags/questionFlags.ts";
import { qualityText } from "../../given.ts";
import { defined } from "../../options.ts";
import {
  checkOneOutput,
  checkTableOutput,
  counted,
  print,
  printCsv,
  printJson,
  remark,
} from "../../output.ts";
import { addTableOptions, namingTable, readData, sayHowRead, type TableFlags } from "../../tableOptions.ts";

interface ImputeCommandFlags
  extends TableFlags,
    Pick<ImputeOptions, "draws" | "candidates" | "seed" | "engine" | "wide"> {
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(model: string, data: string, flags: ImputeCommandFlags): Promise<void> {
  const { draws, candidates, seed, engine, wide, out, json } = flags;
  if (out === undefined && json)
    throw new UsageError({
      problem: "--json tells how the cells were filled in",
      expected: "--out beside --json",
      received: "no --out",
      remedy: "give --out a file for the table",
    });
  checkOneOutput(out, json);
  if (out !== undefined) checkTableOutput(out, [model, data]);
  const { load, writeTable } = await import("../../../index.ts");
  const { joinDraws } = await import("../../../entries/tables.ts");
  const flow = await load(model);
  const table = await readData(data, flags);
  await sayHowRead(table, [...flow.columns, ...flow.given]);
  const { tables, filled, effectiveSize } = await flow.impute(table, {
    ...defined({ draws, candidates, seed, engine, wide }),
  });
  const all: Table = tables.length === 1 ? tables[0]! : joinDraws(tables);
  const quality = qualityText(effectiveSize, flow, "--candidates");
  if (out === undefined || out === "-") {
    remark(sentence(filled, quality));
    return await printCsv(all);
  }
  await writeTable(all, out);
  if (json)
    return await printJson({
      rows: table.rows,
      draws: tables.length,
      filled,
      assumed: "missing at random",
      effectiveSize: effectiveSize.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    });
  await print(`wrote ${counted(all.rows, "row")} to ${out}: ${sentence(filled, quality)}\n`);
}

const sentence = (filled: number, quality: string): string =>
  `${counted(filled, "missing cell")} filled in by draws given the other cells of their rows, as if they were missing at random; ${quality}`;

/** Adds the command. */
export function addImpute(program: Command): void {
  const command = program
    .command("impute")
    .summary("fill in missing cells by draws")
    .description(
      `Fill in the missing cells of a table by draws from their distribution given the other cells of the row, from a fit of mixed columns.

Cells are taken to be missing at random: whether one is missing does not depend on its value, once the others are known.
With --draws above 1 the tables follow one another, and the column draw counts them. Other columns are carried along.`,
    )
    .argument("<model>", "model to use (.safetensors), fitted by --flow columns")
    .argument("<data>", "table to fill in; - for CSV on standard input")
    .option("--out <file>", "table to write; its extension tells the format")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward impute people.safetensors people.csv --draws 5 --out filled.csv`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, imputeFlags, imputeOptionTable);
  addTableOptions(command);
}
