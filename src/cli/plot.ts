/**
 * `pushforward plot`: a pair plot of data against samples of a model.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { completeRows } from "../data/completeRows.ts";
import { selectColumns, type Table, tableFromRows } from "../data/table.ts";
import { DataError, UsageError } from "../errors.ts";
import type { Flow } from "../index.ts";
import { RandomStream, randomKey } from "../random/philox.ts";
import { checkGiven, checkKnown } from "./columnNames.ts";
import { interruptSignal } from "./interrupt.ts";
import { assignments, nameList, oneOf, wholeNumber } from "./options.ts";
import { checkOutput, formatCount, print } from "./output.ts";
import { addTableOptions, readData, sayHowRead, type TableFlags } from "./tableOptions.ts";

interface PlotFlags extends TableFlags {
  readonly missing?: "error" | "drop";
  readonly out: string;
  readonly columns?: readonly string[];
  readonly given?: Readonly<Record<string, number>>;
  readonly seed?: number;
}

/** Samples without data to compare with, and at most with. */
const SAMPLES = 5000;
const MOST_SAMPLES = 20_000;

/** Rows of data whose conditions samples of a conditional model are drawn at, and samples at each. */
const CONDITIONS = 250;
const SAMPLES_A_CONDITION = 8;

/** Samples of a conditional model at the conditions of the data's own rows. */
async function samplesAtConditions(
  flow: Flow,
  data: Table,
  seed: number,
  signal: AbortSignal,
): Promise<Table> {
  const places = flow.given.map((name) => data.columns.indexOf(name));
  const order = new RandomStream(randomKey(seed)).permutation(data.rows).slice(0, CONDITIONS);
  const parts: Table[] = [];
  for (const row of order) {
    const values = places.map((place) => data.values[row * data.columns.length + place]!);
    if (!values.every(Number.isFinite)) continue;
    const given = Object.fromEntries(flow.given.map((name, i) => [name, values[i]!]));
    parts.push(await flow.sample(SAMPLES_A_CONDITION, { seed: seed + row, given, signal }));
  }
  const first = parts[0];
  if (!first)
    throw new UsageError(`no row of the data has values of ${flow.given.join(", ")}; pass --given.`);
  return tableFromRows(
    first.columns,
    parts.flatMap((part) =>
      Array.from({ length: part.rows }, (_, row) =>
        part.values.slice(row * part.columns.length, (row + 1) * part.columns.length),
      ),
    ),
  );
}

/** The columns of the model, rows that miss a value refused or left out. */
async function plottedData(
  source: string,
  names: readonly string[],
  flags: PlotFlags,
  signal: AbortSignal,
): Promise<Table> {
  const table = await readData(source, flags, signal);
  await sayHowRead(table, names);
  const chosen = selectColumns(table, names);
  const complete = completeRows(chosen.values, names.length);
  if (!complete) return chosen;
  const missing = table.rows - complete.rows.length;
  if (flags.missing !== "drop")
    throw new DataError(
      `${missing === 1 ? "1 row misses a value" : `${missing} rows miss values`} in all; ` +
        "fill the cells, or leave such rows out with --missing drop",
    );
  if (complete.rows.length === 0) throw new DataError("each row misses a value; there is nothing to plot.");
  return tableFromRows(names, complete.values);
}

async function run(model: string, source: string | undefined, flags: PlotFlags): Promise<void> {
  checkOutput(flags.out, [".svg", ".png"], "a figure");
  const { load } = await import("../index.ts");
  const signal = interruptSignal();
  const { seed = 0, given } = flags;
  const flow = await load(model, { signal });
  const names = [...flow.columns, ...flow.given];
  checkKnown("--columns", flags.columns, names, "the model");
  const conditional = flow.given.length > 0;
  if (given !== undefined || (conditional && source === undefined)) checkGiven(given, flow.given);
  const data = source === undefined ? undefined : await plottedData(source, names, flags, signal);
  const count = Math.min(data?.rows ?? SAMPLES, MOST_SAMPLES);
  const samples =
    conditional && data && given === undefined
      ? await samplesAtConditions(flow, data, seed, signal)
      : await flow.sample(count, { seed, ...(given === undefined ? {} : { given }), signal });
  const { pairPlot, writeFigure } = await import("./figure.ts");
  const condition = Object.entries(given ?? {}).map(([name, value]) => `${name} = ${value}`);
  const title = condition.length > 0 ? `${basename(model)}, given ${condition.join(", ")}` : basename(model);
  // A column that is the same in all samples has no picture.
  const columns = flags.columns ?? (given === undefined ? names : flow.columns);
  await writeFigure(pairPlot({ ...(data ? { data } : {}), samples, columns, title }), flags.out);
  await print(`wrote ${flags.out}: ${formatCount(samples.rows)} samples of ${columns.length} columns\n`);
}

/** Adds the command. */
export function addPlot(program: Command): void {
  const command = program
    .command("plot")
    .summary("pair plot of data and samples")
    .description("Pair plot of data and samples of a model: 1-D and 2-D marginals.")
    .argument("<model>", "model to use (.safetensors)")
    .argument("[data]", "table to compare with; - for CSV on standard input")
    .requiredOption("--out <file>", "figure to write (.svg or .png)")
    .option("--columns <names>", "columns to draw (default: the first six)", nameList("--columns"))
    .option("--given <values>", 'values to condition on, such as "c=1.5,d=2"', assignments("--given"))
    .option(
      "--missing <policy>",
      "error, or drop rows with missing values",
      oneOf("--missing", ["error", "drop"]),
    )
    .option("--seed <n>", "seed of the samples", wholeNumber("--seed"))
    .addHelpText(
      "after",
      `
Example:
  pushforward plot galaxies.safetensors galaxies.csv --out figure.png`,
    )
    .action(run);
  addTableOptions(command);
}
