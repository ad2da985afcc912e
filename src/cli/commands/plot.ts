/**
 * `pushforward plot`: a pair plot of data against samples of a model.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { DataError, UsageError } from "../../errors.ts";
import { fitOptionTable } from "../../fitting/fitOptions.ts";
import type { Flow } from "../../index.ts";
import { sampleOptionTable } from "../../models/flowOptions.ts";
import { RandomStream, randomKey, split, uniformsAt } from "../../random/philox.ts";
import { completeRows } from "../../tables/completeRows.ts";
import { column, selectColumns, type Table, tableFromRows } from "../../tables/table.ts";
import { checkGiven, checkKnown } from "../columnNames.ts";
import { plotFlags } from "../flagTables.ts";
import { interruptSignal } from "../interrupt.ts";
import { addOptionFlags } from "../optionFlags.ts";
import { checkOutput, formatCount, print } from "../output.ts";
import { addTableOptions, namingTable, readData, sayHowRead, type TableFlags } from "../tableOptions.ts";

interface PlotFlags extends TableFlags {
  readonly missing?: "error" | "drop" | undefined;
  readonly out: string;
  readonly columns?: readonly string[] | undefined;
  readonly given?: Readonly<Record<string, number>> | undefined;
  readonly seed?: number | undefined;
}

/** Samples without data to compare with, and at most with. */
const sampleCount = 5000;
const mostSamples = 20_000;

/** Samples of a conditional model at the conditions of the data's rows, at least: each row's are drawn as often as it takes. */
const fewestSamples = 2000;

/** Rows nearest to a condition that are compared with samples there, at least, and as a share of the rows. */
const fewestNear = 50;
const nearShare = 0.02;

/** The rows of a table that have finite values in some columns. */
function finiteRows(data: Table, names: readonly string[]): number[] {
  const { values } = selectColumns(data, names);
  const width = names.length;
  return Array.from({ length: data.rows }, (_, row) => row).filter((row) =>
    values.subarray(row * width, (row + 1) * width).every(Number.isFinite),
  );
}

const takeRows = (data: Table, rows: readonly number[]): Table =>
  tableFromRows(
    data.columns,
    rows.map((row) => data.values.subarray(row * data.columns.length, (row + 1) * data.columns.length)),
  );

/** Samples of a conditional model at the conditions of the data's own rows. */
async function samplesAtConditions(
  flow: Flow,
  data: Table,
  seed: number,
  signal: AbortSignal,
): Promise<Table> {
  const usable = finiteRows(data, flow.given);
  if (usable.length === 0)
    throw new UsageError(`no row of the data has values of ${flow.given.join(", ")}; pass --given.`);
  const order = new RandomStream(randomKey(seed)).permutation(usable.length).slice(0, mostSamples);
  const times = Math.ceil(fewestSamples / order.length);
  const given = Object.fromEntries(
    flow.given.map((name) => {
      const values = column(data, name);
      return [
        name,
        Float64Array.from(
          { length: times * order.length },
          (_, i) => values[usable[order[i % order.length]!]!]!,
        ),
      ];
    }),
  );
  return await flow.sample(times * order.length, { seed, given, continuous: true, signal });
}

/**
 * The rows whose given values are nearest to a condition, in standard deviations of each column: those that agree with it
 * where they are enough, otherwise with the nearest others.
 */
function nearRows(data: Table, condition: Readonly<Record<string, number>>): Table {
  const usable = finiteRows(data, Object.keys(condition));
  const distance = new Float64Array(data.rows);
  for (const [name, value] of Object.entries(condition)) {
    const own = column(data, name);
    const mean = usable.reduce((sum, row) => sum + own[row]! / usable.length, 0);
    const variance = usable.reduce((sum, row) => sum + (own[row]! - mean) ** 2 / usable.length, 0);
    // In a column that is constant, all rows are as near.
    for (const row of usable) distance[row]! += variance > 0 ? (own[row]! - value) ** 2 / variance : 0;
  }
  usable.sort((a, b) => distance[a]! - distance[b]! || a - b);
  const equal = usable.filter((row) => distance[row] === 0).length;
  const most = Math.max(equal, fewestNear, Math.ceil(nearShare * usable.length));
  return takeRows(data, usable.slice(0, equal >= fewestNear ? equal : most));
}

/** Which values a condition stands for, where data are compared: `c from 0.9 to 1.1`. */
function extentOf(data: Table, name: string): string {
  const values = column(data, name);
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  const low = short(values.reduce((a, b) => Math.min(a, b)));
  const high = short(values.reduce((a, b) => Math.max(a, b)));
  return low === high ? `${name} = ${low}` : `${name} from ${low} to ${high}`;
}

/**
 * The data as the model saw them: columns that were spread over their recorded step are spread here, too, so that in every
 * panel continuous samples stand beside continuous data.
 */
function spreadAsFitted(data: Table, flow: Flow, seed: number): Table {
  const values = data.values.slice();
  const width = data.columns.length;
  const noise = new Float64Array(1);
  for (const [name, step] of Object.entries(flow.description.fitted.dequantized)) {
    const key = split(split(randomKey(seed), "plot"), name);
    const place = data.columns.indexOf(name);
    for (let row = 0; row < data.rows; row++) {
      uniformsAt(key, row, 1, noise);
      values[row * width + place]! += (noise[0]! - 0.5) * step;
    }
  }
  return { ...data, values };
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
  const { load } = await import("../../index.ts");
  const signal = interruptSignal();
  const { seed = 0, given } = flags;
  const flow = await load(model, { signal });
  const names = [...flow.columns, ...flow.given];
  checkKnown("--columns", flags.columns, names, "the model");
  const conditional = flow.given.length > 0;
  if (given !== undefined || (conditional && source === undefined)) checkGiven(given, flow.given);
  const read = source === undefined ? undefined : await plottedData(source, names, flags, signal);
  // With a condition, rows near it are compared with samples at the conditions of these very rows.
  const near = read && given !== undefined ? nearRows(read, given) : read;
  const data = near && spreadAsFitted(near, flow, seed);
  const count = Math.min(data?.rows ?? sampleCount, mostSamples);
  const samples =
    conditional && near
      ? await samplesAtConditions(flow, near, seed, signal)
      : await flow.sample(count, {
          seed,
          ...(given === undefined ? {} : { given }),
          continuous: true,
          signal,
        });
  const { pairPlot, writeFigure } = await import("../../entries/figures.ts");
  const condition = Object.entries(given ?? {}).map(([name, value]) =>
    near ? extentOf(near, name) : `${name} = ${value}`,
  );
  const title = condition.length > 0 ? `${basename(model)}, given ${condition.join(", ")}` : basename(model);
  // A column that is the same in all samples has no picture.
  const columns = flags.columns ?? (given === undefined ? names : flow.columns);
  const steps = columns.filter((name) => Object.hasOwn(flow.description.fitted.dequantized, name));
  const spread =
    steps.length > 0 && data ? `; ${steps.join(", ")}: data spread over recorded steps, as for the fit` : "";
  await writeFigure(pairPlot({ ...(data ? { data } : {}), samples, columns, title }), flags.out);
  await print(
    `wrote ${flags.out}: ${formatCount(samples.rows)} samples of ${columns.length} columns${spread}\n`,
  );
}

/** Adds the command. */
export function addPlot(program: Command): void {
  const command = program
    .command("plot")
    .summary("pair plot of data and samples")
    .description(
      `Pair plot of data and samples of a model: 1-D and 2-D marginals.

Samples of a conditional model are drawn at the conditions of the data's rows; with --given, at those of the
rows nearest to it, and compared with these rows alone. Columns that were dequantized are spread in the data
as they were for the fit.`,
    )
    .argument("<model>", "model to use (.safetensors)")
    .argument("[data]", "table to compare with; - for CSV on standard input")
    .requiredOption("--out <file>", "figure to write (.svg or .png)")
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
  addTableOptions(command);
}
