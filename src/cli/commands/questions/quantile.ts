/**
 * `pushforward quantile`: quantiles of a column, given others or not.
 *
 * @module
 */

import type { Command } from "commander";
import type { DistributionOptions } from "../../../entries/options.ts";
import { quantileOptionTable } from "../../../entries/options.ts";
import { addOptionFlags } from "../../flags/optionFlags.ts";
import { quantileFlags } from "../../flags/questionFlags.ts";
import { giveAnswers, namingConditions, readQuestion } from "../../given.ts";
import { defined, type GivenText } from "../../options.ts";
import { printJson } from "../../output.ts";

interface QuantileFlags extends Pick<DistributionOptions<number>, "draws" | "seed" | "engine" | "wide"> {
  readonly column?: string | undefined;
  readonly at?: readonly number[] | undefined;
  readonly given?: GivenText | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

async function run(model: string, flags: QuantileFlags): Promise<void> {
  const { at = [0.05, 0.5, 0.95], draws, seed, engine, wide, out, json } = flags;
  const { flow, column, conditions } = await readQuestion(model, flags);
  const { tableToObjects } = await import("../../../index.ts");
  const { table, effectiveSize } = await namingConditions(flags.given, () =>
    flow.quantile({
      column,
      at,
      ...defined({ given: conditions.given, draws, seed, engine, wide }),
    }),
  );
  const rows = tableToObjects(table);
  if (json)
    return await printJson({
      column,
      at,
      values: rows.map((row) => at.map((probability) => row[String(probability)])),
      effectiveSize: Array.from(effectiveSize),
    });
  const facts = at.map((probability) => {
    const value = rows[0]![String(probability)]!;
    // Six digits for the eye; tables and JSON have all of them.
    return [
      String(probability),
      String(typeof value === "number" ? Number(value.toPrecision(6)) : value),
    ] as const;
  });
  await giveAnswers({ what: "quantiles", flow, table, effectiveSize, facts, out }, conditions);
}

/** Adds the command. */
export function addQuantile(program: Command): void {
  const command = program
    .command("quantile")
    .summary("quantiles of a column, given others")
    .description(
      "Quantiles of a column given others or not, among values that are not missing, from a fit of mixed columns: numbers, dates, levels\nin an order.",
    )
    .argument("<model>", "model to use (.safetensors), fitted by --flow columns")
    .option("--out <file>", "table to write, a row per condition; - for CSV on standard output")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward quantile houses.safetensors --column price --at 0.05,0.5,0.95 --given "rooms=3,region=north"`,
    )
    .action(run);
  addOptionFlags(command, quantileFlags, quantileOptionTable);
}
