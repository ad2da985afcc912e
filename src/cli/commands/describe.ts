/**
 * `pushforward describe`: what a table holds.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { checkOutput, counted, print, printJson } from "../output.ts";
import { addTableOptions, namingTable, readDataBatches, type TableFlags } from "../tableOptions.ts";

interface DescribeFlags extends TableFlags {
  readonly json?: boolean | undefined;
  readonly out?: string | undefined;
  readonly figure?: string | undefined;
}

async function run(data: string, flags: DescribeFlags): Promise<void> {
  if (flags.out !== undefined) checkOutput(flags.out, [".json"], "a schema");
  if (flags.figure !== undefined)
    checkOutput(flags.figure, [".svg", ".png", ".html"], "a figure", "--figure");
  const { describeBatches, descriptionText, sampleOfBatches } = await import("../../entries/tables.ts");
  const batches = await readDataBatches(data, flags);
  const description = await describeBatches(batches);
  if (flags.out !== undefined) {
    const { writeSchema } = await import("../../entries/tables.ts");
    await writeSchema(description.schema, flags.out);
  }
  const source = data === "-" ? "standard input" : basename(data);
  if (flags.figure !== undefined) {
    const { tablePlot, writeFigure } = await import("../../entries/figures.ts");
    const table = await sampleOfBatches(batches, description.sampledRows ?? batches.rows);
    await writeFigure(tablePlot(table, { description: description, title: source }), flags.figure);
  }
  if (flags.json) return await printJson(description);
  await print(
    `${source}: ${counted(description.rows, "row")}, ${counted(description.columns.length, "column")}\n\n${descriptionText(description)}`,
  );
}

/** Adds the command. */
export function addDescribe(program: Command): void {
  const command = program
    .command("describe")
    .summary("say what a table holds")
    .description(
      "The kind of each column (numbers, whole numbers, levels, dates, ...), missing cells, values with a probability of their own, bounds,\nheavy tails and outliers; rows that repeat, columns that determine each other or follow the order of the rows.",
    )
    .argument(
      "<data>",
      "table: .csv, .tsv, .json, .jsonl, .npy, .npz, .parquet or .arrow, also .gz; - for CSV from standard input",
    )
    .option("--json", "print one JSON document")
    .option("--out <file>", "write the kinds as a schema, .json, for fit --schema");
  command.option("--figure <file>", "draw each column: .svg, .png or .html");
  addTableOptions(command);
  command
    .addHelpText(
      "after",
      `
Example:
  pushforward describe people.csv`,
    )
    .action(namingTable(0, run));
}
