/**
 * `pushforward cdf`: probabilities that a column is at most some values, given others or not.
 *
 * @module
 */

import type { Command } from "commander";
import { UsageError } from "../../../entries/errors.ts";
import type { DistributionOptions } from "../../../entries/options.ts";
import { cdfOptionTable } from "../../../entries/options.ts";
import { addOptionFlags } from "../../flags/optionFlags.ts";
import { cdfFlags } from "../../flags/questionFlags.ts";
import { askedColumn, giveAnswers, namingConditions, readQuestion } from "../../given.ts";
import { defined, type GivenText } from "../../options.ts";
import { printJson } from "../../output.ts";

interface CdfFlags extends Pick<DistributionOptions<number>, "draws" | "seed" | "engine" | "wide"> {
  readonly column?: string | undefined;
  readonly at?: readonly (number | string)[] | undefined;
  readonly given?: GivenText | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** A probability, and its standard error where it is estimated. */
const withError = (probability: number, error: number): string =>
  error > 0 ? `${probability.toFixed(4)} ± ${error.toFixed(4)}` : probability.toFixed(6);

async function run(model: string, flags: CdfFlags): Promise<void> {
  const { at, draws, seed, engine, wide, out, json } = flags;
  askedColumn(flags.column);
  if (at === undefined)
    throw new UsageError({
      subject: "--at",
      expected: "values of the column, such as 30,40",
      received: "nothing",
    });
  const { flow, column, conditions } = await readQuestion(model, flags);
  const { tableFromColumns } = await import("../../../index.ts");
  const { probability, standardError, effectiveSize } = await namingConditions(flags.given, () =>
    flow.cdf({
      column,
      at,
      ...defined({ given: conditions.given, draws, seed, engine, wide }),
    }),
  );
  const count = effectiveSize.length;
  const rowOf = (values: Float64Array, row: number): number[] =>
    Array.from(values.subarray(row * at.length, (row + 1) * at.length));
  if (json)
    return await printJson({
      column,
      at,
      probability: Array.from({ length: count }, (_, row) => rowOf(probability, row)),
      standardError: Array.from({ length: count }, (_, row) => rowOf(standardError, row)),
      effectiveSize: Array.from(effectiveSize),
    });
  const table = tableFromColumns(
    at.map((value, i) => [String(value), probability.filter((_, place) => place % at.length === i)] as const),
  );
  const facts = at.map(
    (value, i) => [`up to ${value}`, withError(probability[i]!, standardError[i]!)] as const,
  );
  await giveAnswers({ what: "probabilities", flow, table, effectiveSize, facts, out }, conditions);
}

/** Adds the command. */
export function addCdf(program: Command): void {
  const command = program
    .command("cdf")
    .summary("probability that a column is at most a value")
    .description(
      "Probability that a column is at most some values, given others or not, among values that are not missing, from a fit of mixed\ncolumns. The other way of quantile.",
    )
    .argument("<model>", "model to use (.safetensors), fitted by --flow columns")
    .option("--out <file>", "table to write, a row per condition; - for CSV on standard output")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward cdf houses.safetensors --column price --at 250000 --given "rooms=3,age=..20"`,
    )
    .action(run);
  addOptionFlags(command, cdfFlags, cdfOptionTable);
}
