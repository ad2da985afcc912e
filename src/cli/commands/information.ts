/**
 * `pushforward information`: entropy of a table's columns, and what they say of each other.
 *
 * @module
 */

import type { Command } from "commander";
import { informationOptionTable } from "../../entries/options.ts";
import type { Estimate, InformationOptions } from "../../index.ts";
import { informationFlags } from "../flags/flagTables.ts";
import { addFormerFlags, addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { formatCount, formatFacts, formatLogProb, print, printJson, warn } from "../output.ts";
import {
  addRowsOption,
  addTableOptions,
  namingTable,
  parsedColumns,
  type RowsFlags,
  readRows,
  type TableFlags,
} from "../tableOptions.ts";

interface InformationFlags extends TableFlags, Pick<RowsFlags, "rows">, InformationOptions {
  readonly json?: boolean | undefined;
}

async function run(data: string, flags: InformationFlags): Promise<void> {
  const { information } = await import("../../index.ts");
  const table = await readRows(data, flags);
  const result = await information(table, {
    ...chosenOptions<InformationOptions>(flags, informationFlags),
    onWarning: warn,
  });
  if (flags.json) return await printJson({ ...result, parsed: parsedColumns(table, result.columns) });
  const show = ({ value, standardError }: Estimate): string =>
    `${formatLogProb(value)} +- ${formatLogProb(standardError)} nats`;
  await print(
    formatFacts([
      ["rows", formatCount(result.rows)],
      ...(result.dropped > 0 ? [["dropped", formatCount(result.dropped)] as const] : []),
      ["entropy", show(result.entropy)],
      ["negentropy", show(result.negentropy)],
      ...(result.columns.length > 1
        ? [
            ["total correlation", show(result.totalCorrelation)] as const,
            ...result.columns.map(
              (name) => [`entropy of ${name}`, show(result.marginalEntropies[name]!)] as const,
            ),
          ]
        : []),
      ...(result.mutualInformation
        ? [
            [
              `between ${result.between!.map((group) => group.join(",")).join(" : ")}`,
              show(result.mutualInformation),
            ] as const,
          ]
        : []),
    ]),
  );
}

/** Adds the command. */
export function addInformation(program: Command): void {
  const command = program
    .command("information")
    .summary("entropy and mutual information of columns")
    .description(
      `Entropy, negentropy and total correlation of a table's columns, and mutual information between groups of
them, in nats, by Gaussianization. After +- stands the standard error of the mean over rows that the densities
were not fitted to. It does not cover their bias: entropies tend to be too large, what columns share too small,
and below 0 where they share nothing.`,
    )
    .argument("<data>", "table to look at; - for CSV on standard input")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward information people.csv --between age,height:weight`,
    )
    .action(namingTable(0, run));
  addOptionFlags(command, informationFlags, informationOptionTable);
  addFormerFlags(command);
  addRowsOption(command);
  addTableOptions(command);
}
