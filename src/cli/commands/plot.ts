/**
 * `pushforward plot`: a pair plot of data against samples of a model.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import { fitOptionTable, hasMixedColumns, sampleOptionTable } from "../../entries/options.ts";
import { checkGiven, checkKnown } from "../columnNames.ts";
import { plotFlags } from "../flags/flagTables.ts";
import { addOptionFlags } from "../flags/optionFlags.ts";
import { checkOutput, counted, print } from "../output.ts";
import {
  addRowsOption,
  addTableOptions,
  namingTable,
  type RowsFlags,
  readRows,
  sayHowRead,
  type TableFlags,
} from "../tableOptions.ts";

interface PlotFlags extends TableFlags, Pick<RowsFlags, "rows"> {
  readonly missing?: "error" | "drop" | undefined;
  readonly out: string;
  readonly columns?: readonly string[] | undefined;
  readonly given?: Readonly<Record<string, number | string>> | undefined;
  readonly seed?: number | undefined;
}

/** Samples without data to compare with. */
const sampleCount = 5000;

async function run(model: string, source: string | undefined, flags: PlotFlags): Promise<void> {
  checkOutput(flags.out, [".svg", ".png", ".html"], "a figure");
  const { load } = await import("../../index.ts");
  const { completeColumns, extentOf, mostSamples, nearRows, samplesAtConditions, spreadAsFitted } =
    await import("../plotRows.ts");
  const { seed = 0, given } = flags;
  const flow = await load(model);
  checkKnown("--columns", flags.columns, [...flow.columns, ...flow.given], "the model");
  const names = [...flow.columns, ...flow.given];
  const { kind, schema } = flow.description;
  const isMixed = hasMixedColumns(kind);
  const conditional = flow.given.length > 0;
  if (isMixed && given !== undefined && source !== undefined)
    throw new UsageError({
      subject: "--given",
      expected: "left out where data of mixed columns are drawn",
      received: JSON.stringify(given),
      remedy: "plot the samples of the condition alone, or all of the data",
    });
  if (given !== undefined || (conditional && source === undefined)) checkGiven(given, flow);
  const table = source === undefined ? undefined : await readRows(source, flags);
  if (table) await sayHowRead(table, names);
  // Of mixed columns a missing cell is drawn for what it is.
  const read = table && (isMixed ? table : completeColumns(table, names, flags.missing));
  // With a condition, rows near it are compared with samples at the conditions of these very rows.
  const near = read && given !== undefined ? nearRows(read, given as Readonly<Record<string, number>>) : read;
  const data = near && (isMixed ? near : spreadAsFitted(near, flow, seed));
  const count = Math.min(data?.rows ?? sampleCount, mostSamples);
  const samples =
    conditional && near
      ? await samplesAtConditions(flow, near, seed)
      : await flow.sample(count, {
          seed,
          ...(given === undefined ? {} : { given }),
          continuous: true,
        });
  const { pairPlot, writeFigure } = await import("../../entries/figures.ts");
  const condition = Object.entries(given ?? {}).map(([name, value]) =>
    near ? extentOf(near, name) : `${name} = ${value}`,
  );
  const title = condition.length > 0 ? `${basename(model)}, given ${condition.join(", ")}` : basename(model);
  // A column that is the same in all samples has no picture.
  const columns =
    flags.columns ?? (given === undefined ? names : names.filter((name) => flow.columns.includes(name)));
  const steps = columns.filter((name) => Object.hasOwn(flow.description.fitted.dequantized, name));
  const spread =
    steps.length > 0 && data ? `; ${steps.join(", ")}: data spread over recorded steps, as for the fit` : "";
  await writeFigure(pairPlot({ ...(data ? { data } : {}), samples, columns, schema, title }), flags.out);
  await print(
    `wrote ${flags.out}: ${counted(samples.rows, "sample")} of ${counted(columns.length, "column")}${spread}\n`,
  );
}

/** Adds the command. */
export function addPlot(program: Command): void {
  const command = program
    .command("plot")
    .summary("pair plot of data and samples")
    .description(
      `Pair plot of data and samples of a model: columns of any kinds one by one and two by two. Numbers have bars and points,
hexagons where rows are many, or tiles where values repeat; levels bars and mosaics, numbers by level boxes; missing
cells are told.

Samples of a conditional model are drawn at the conditions of the data's rows; with --given, at those of the
rows nearest to it, and compared with these rows alone. Columns that were dequantized are spread in the data
as they were for the fit.`,
    )
    .argument("<model>", "model to use (.safetensors)")
    .argument("[data]", "table to compare with; - for CSV on standard input")
    .requiredOption("--out <file>", "figure to write (.svg, .png or .html)")
    .addHelpText(
      "after",
      `
Example:
  pushforward plot galaxies.safetensors galaxies.csv --out figure.png`,
    )
    .action(namingTable(1, run));
  addOptionFlags(command, plotFlags, {
    ...sampleOptionTable,
    ...fitOptionTable,
    given: sampleOptionTable.given,
  });
  addRowsOption(command);
  addTableOptions(command);
}
