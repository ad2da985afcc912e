/**
 * `pushforward sample`: draws rows from a model.
 *
 * @module
 */

import type { Command } from "commander";
import { checkGiven } from "../columnNames.ts";
import { interruptSignal } from "../interrupt.ts";
import { assignments, defined, positiveInteger, wholeNumber, wideSimdHelp } from "../options.ts";
import { checkTableOutput, formatCount, print, printCsv } from "../output.ts";

interface SampleFlags {
  readonly n: number;
  readonly seed?: number | undefined;
  readonly given?: Readonly<Record<string, number>> | undefined;
  readonly continuous?: boolean | undefined;
  readonly wideSimd?: boolean | undefined;
  readonly out?: string | undefined;
}

async function run(model: string, flags: SampleFlags): Promise<void> {
  const { n, seed, given, continuous, out, wideSimd: wide } = flags;
  if (out !== undefined) checkTableOutput(out, [model]);
  const { load, writeTable } = await import("../../index.ts");
  const signal = interruptSignal();
  const flow = await load(model, { signal });
  checkGiven(given, flow.given);
  const samples = await flow.sample(n, { ...defined({ seed, given, continuous, wide }), signal });
  if (out === undefined || out === "-") return await printCsv(samples);
  await writeTable(samples, out);
  await print(`wrote ${formatCount(samples.rows)} rows to ${out}\n`);
}

/** Adds the command. */
export function addSample(program: Command): void {
  program
    .command("sample")
    .summary("draw rows from a model")
    .description("Draw rows from a model. Without --out, CSV on standard output.")
    .argument("<model>", "model to use (.safetensors)")
    .requiredOption("-n <rows>", "number of rows to draw", positiveInteger("-n"))
    .option("--seed <n>", "seed of the draws", wholeNumber("--seed"))
    .option("--given <values>", 'values to condition on, such as "c=1.5,d=2"', assignments("--given"))
    .option("--continuous", "columns that were dequantized as they are drawn, not rounded to their steps")
    .option("--out <file>", "table to write; its extension tells the format")
    .option("--wide-simd", wideSimdHelp)
    .addHelpText(
      "after",
      `
Example:
  pushforward sample galaxies.safetensors -n 1000 --seed 2 --out samples.csv`,
    )
    .action(run);
}
