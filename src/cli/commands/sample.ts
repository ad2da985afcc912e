/**
 * `pushforward sample`: draws rows from a model.
 *
 * @module
 */

import type { Command } from "commander";
import { sampleOptionTable } from "../../entries/options.ts";
import type { SampleOptions } from "../../index.ts";
import { checkGiven } from "../columnNames.ts";
import { sampleFlags } from "../flags/flagTables.ts";
import { addOptionFlags } from "../flags/optionFlags.ts";
import { interruptSignal } from "../interrupt.ts";
import { defined, positiveInteger } from "../options.ts";
import { checkTableOutput, formatCount, print, printCsv } from "../output.ts";

interface SampleFlags extends Pick<SampleOptions, Exclude<keyof typeof sampleFlags, "given">> {
  readonly given?: Readonly<Record<string, number | string>> | undefined;
  readonly n: number;
  readonly out?: string | undefined;
}

async function run(model: string, flags: SampleFlags): Promise<void> {
  const { n, seed, given, continuous, out, wide } = flags;
  if (out !== undefined) checkTableOutput(out, [model]);
  const { load, writeTable } = await import("../../index.ts");
  const signal = interruptSignal();
  const flow = await load(model, { signal });
  checkGiven(given, flow);
  const samples = await flow.sample(n, { ...defined({ seed, given, continuous, wide }), signal });
  if (out === undefined || out === "-") return await printCsv(samples);
  await writeTable(samples, out);
  await print(`wrote ${formatCount(samples.rows)} rows to ${out}\n`);
}

/** Adds the command. */
export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .summary("draw rows from a model")
    .description("Draw rows from a model. Without --out, CSV on standard output.")
    .argument("<model>", "model to use (.safetensors)")
    .requiredOption("-n <rows>", "number of rows to draw", positiveInteger("-n"))
    .option("--out <file>", "table to write; its extension tells the format")
    .addHelpText(
      "after",
      `
Example:
  pushforward sample galaxies.safetensors -n 1000 --seed 2 --out samples.csv`,
    )
    .action(run);
  addOptionFlags(command, sampleFlags, sampleOptionTable);
}
