/**
 * `pushforward information`: entropy of a table's columns, and what they say of each other.
 *
 * @module
 */

import type { Command } from "commander";
import type { Estimate } from "../../diagnostics/information.ts";
import { UsageError } from "../../errors.ts";
import { interruptSignal } from "../interrupt.ts";
import { defined, nameList, type OptionParser, oneOf, positiveInteger, wholeNumber } from "../options.ts";
import { formatCount, formatFacts, formatLogProb, print, printJson, warn } from "../output.ts";
import { addTableOptions, namingTable, parsedColumns, readData, type TableFlags } from "../tableOptions.ts";

interface InformationFlags extends TableFlags {
  readonly columns?: readonly string[] | undefined;
  readonly between?: readonly (readonly string[])[] | undefined;
  readonly weights?: string | undefined;
  readonly missing?: "error" | "drop" | undefined;
  readonly dequantize?: readonly string[] | undefined;
  readonly folds?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: boolean | undefined;
}

/** Lists of names with colons between. */
function groupList(option: string): OptionParser<readonly (readonly string[])[]> {
  return (text) => {
    const groups = text.split(":").map(nameList(option));
    if (groups.length < 2)
      throw new UsageError(`${option} must be groups of columns such as a,b:c, got ${JSON.stringify(text)}.`);
    return groups;
  };
}

async function run(data: string, flags: InformationFlags): Promise<void> {
  const { columns, between, weights, missing, dequantize, folds, seed } = flags;
  const { information } = await import("../../index.ts");
  const signal = interruptSignal();
  const table = await readData(data, flags, signal);
  const found = await information(table, {
    ...defined({ columns, between, weights, missing, folds, seed }),
    ...defined({ dequantize: dequantize?.join() === "all" ? ("all" as const) : dequantize }),
    signal,
    onWarning: warn,
  });
  if (flags.json) return await printJson({ ...found, parsed: parsedColumns(table, found.columns) });
  const show = ({ value, standardError }: Estimate): string =>
    `${formatLogProb(value)} +- ${formatLogProb(standardError)} nats`;
  await print(
    formatFacts([
      ["rows", formatCount(found.rows)],
      ...(found.dropped > 0 ? [["dropped", formatCount(found.dropped)] as const] : []),
      ["entropy", show(found.entropy)],
      ["negentropy", show(found.negentropy)],
      ...(found.columns.length > 1
        ? [
            ["total correlation", show(found.totalCorrelation)] as const,
            ...found.columns.map(
              (name) => [`entropy of ${name}`, show(found.marginalEntropies[name]!)] as const,
            ),
          ]
        : []),
      ...(found.mutualInformation
        ? [
            [
              `between ${found.between!.map((group) => group.join(",")).join(" : ")}`,
              show(found.mutualInformation),
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
    .option("--columns <names>", "columns to look at", nameList("--columns"))
    .option("--between <groups>", "groups of columns, such as a,b:c", groupList("--between"))
    .option("--weights <column>", "column of row weights")
    .option("--missing <how>", "error or drop", oneOf("--missing", ["error", "drop"]))
    .option("--dequantize <names>", "spread values recorded in steps: a,b or all", nameList("--dequantize"))
    .option("--folds <n>", "parts that the rows are dealt into", positiveInteger("--folds"))
    .option("--seed <n>", "seed of every random choice", wholeNumber("--seed"))
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward information people.csv --between age,height:weight`,
    )
    .action(namingTable(0, run));
  addTableOptions(command);
}
