/**
 * `pushforward sample`: draws rows from a model.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import type { GivenReport } from "../../entries/options.ts";
import { sampleOptionTable } from "../../entries/options.ts";
import type { TableBatches } from "../../entries/tables.ts";
import type { Flow, SampleOptions, Table } from "../../index.ts";
import { sampleFlags } from "../flags/flagTables.ts";
import { addOptionFlags } from "../flags/optionFlags.ts";
import { conditionsOf, namingConditions, type ReadGiven, readGiven, reportLine } from "../given.ts";
import { defined, GivenFile, type GivenText, positiveInteger } from "../options.ts";
import { checkTableOutput, counted, print, printCsv, remark } from "../output.ts";
import { countedBatches, countedTables, firstPassProgress } from "../scores/rowsProgress.ts";
import { namedAfter } from "../tableOptions.ts";

interface SampleFlags extends Pick<SampleOptions, Exclude<keyof typeof sampleFlags, "given">> {
  readonly given?: GivenText | undefined;
  readonly n?: number | undefined;
  readonly out?: string | undefined;
}

async function run(model: string, flags: SampleFlags): Promise<void> {
  const { n, seed, given, continuous, rowsBefore, complete, out, wide } = flags;
  if (n === undefined && !(given instanceof GivenFile))
    throw new UsageError({
      problem: "-n <rows> is required",
      expected: "-n, or a table in --given",
      received: "neither",
      remedy: "see pushforward sample --help",
    });
  if (out !== undefined) checkTableOutput(out, [model]);
  const { load } = await import("../../index.ts");
  const { sampleBatches } = await import("../../entries/diagnostics.ts");
  const flow = await load(model);
  const how = {
    ...defined({ seed, continuous, complete, wide }),
    onGiven: (report: GivenReport) => remark(reportLine(report, flow)),
  };
  const conditions =
    given instanceof GivenFile ? await readConditions(given, flow, complete) : await readGiven(given, flow);
  if (n !== undefined && conditions.rows !== undefined && n !== conditions.rows)
    throw new UsageError({
      where: `-n ${n}`,
      problem: `the table of --given has ${counted(conditions.rows, "row")}, and one row is drawn for each`,
      expected: String(conditions.rows),
      received: String(n),
      remedy: "leave -n out",
    });
  const rows = n ?? conditions.rows!;
  const samples =
    "batches" in conditions
      ? samplesAt(flow, given as GivenFile, conditions.batches, { ...how, rowsBefore: rowsBefore ?? 0 })
      : countedTables(
          sampleBatches(flow, rows, { ...how, ...defined({ given: conditions.given, rowsBefore }) }),
          rows,
        );
  const toOutput = out === undefined || out === "-";
  const { writeBatches } = await import("../../entries/tables.ts");
  await namingConditions(given, () => (toOutput ? printCsv(samples) : writeBatches(samples, out)));
  if (toOutput) return;
  await print(`wrote ${counted(rows, "row")} to ${out}\n`);
}

/** Conditions in a file: in batches, unless rows are drawn together, for which all of them are needed. */
async function readConditions(
  given: GivenFile,
  flow: Flow,
  complete: boolean | undefined,
): Promise<ReadGiven | { readonly batches: TableBatches; readonly rows: number }> {
  const { readBatches } = await import("../../entries/tables.ts");
  const batches = countedBatches(await readBatches(given.path, { onFirstPass: firstPassProgress() }));
  const isTogether = complete || batches.records.some(({ name }) => flow.columns.includes(name));
  return isTogether ? await readGiven(given, flow) : { batches, rows: batches.rows };
}

/** A row for each condition, batch by batch: what a row is does not depend on where the table is cut. */
async function* samplesAt(
  flow: Flow,
  given: GivenFile,
  batches: TableBatches,
  { rowsBefore, ...how }: SampleOptions & { readonly rowsBefore: number },
): AsyncGenerator<Table> {
  const { sampleBatches } = await import("../../entries/diagnostics.ts");
  for await (const batch of batches) {
    try {
      const conditions = await conditionsOf(batch, given, flow);
      yield* sampleBatches(flow, batch.rows, {
        ...how,
        ...defined({ given: conditions.given }),
        rowsBefore: rowsBefore + (batch.rowsBefore ?? 0),
      });
    } catch (error) {
      throw namedAfter(error, given.path, batch.rowsBefore);
    }
  }
}

/** Adds the command. */
export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .summary("draw rows from a model")
    .description("Draw rows from a model. Without --out, CSV on standard output.")
    .argument("<model>", "model to use (.safetensors)")
    .option("-n <rows>", "number of rows to draw; not with a table of conditions", positiveInteger("-n"))
    .option("--out <file>", "table to write; its extension tells the format")
    .addHelpText(
      "after",
      `
Example:
  pushforward sample galaxies.safetensors -n 1000 --seed 2 --out samples.csv
  pushforward sample people.safetensors -n 100 --given "sex=female,age=40..50"`,
    )
    .action(run);
  addOptionFlags(command, sampleFlags, sampleOptionTable);
}
