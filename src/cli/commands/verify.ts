/**
 * `pushforward verify`: whether an export computes what its model does.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { FormatError, NumericalError, reasonOf } from "../../entries/errors.ts";
import type { VerifyOptions } from "../../entries/exchange.ts";
import { verifyOptionTable } from "../../entries/options.ts";
import { verifyFlags } from "../flags/exportFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { counted, formatCount, formatFacts, print, printJson } from "../output.ts";
import { addTableOptions, namingTable, readData, sayHowRead, type TableFlags } from "../tableOptions.ts";

interface VerifyFlags extends TableFlags, VerifyOptions {
  readonly json?: boolean | undefined;
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new FormatError({
      problem: `"${path}" cannot be read: ${reasonOf(error)}`,
      expected: "a file that can be read",
      received: reasonOf(error),
    });
  }
}

async function run(model: string, exported: string, data: string, flags: VerifyFlags): Promise<void> {
  const bytes = readBytes(exported);
  const { load } = await import("../../index.ts");
  const flow = await load(model);
  const table = await readData(data, flags);
  await sayHowRead(table, [...flow.columns, ...flow.given]);
  const { verifyExport } = await import("../../entries/exchange.ts");
  const options = chosenOptions<VerifyOptions>(flags, verifyFlags);
  const found = await verifyExport(flow, bytes, table, options);
  const { rows, worst, worstRelative, nonFiniteMismatches, rowsPerSecond, tolerance, passes } = found;
  if (flags.json) await printJson(found);
  else
    await print(
      formatFacts([
        ["rows", formatCount(rows)],
        ["function", found.function],
        ["largest difference", worst.toExponential(2)],
        ["relative to max(1, |value|)", worstRelative.toExponential(2)],
        ["tolerance", tolerance.toExponential(2)],
        ["not finite in one of both", formatCount(nonFiniteMismatches)],
        ["rows per second", formatCount(Math.round(rowsPerSecond))],
      ]),
    );
  if (passes) return;
  const problem =
    nonFiniteMismatches > 0
      ? `${counted(nonFiniteMismatches, "value")} ${nonFiniteMismatches === 1 ? "is" : "are"} not finite in the model or in "${exported}" alone`
      : `"${exported}" differs from the model by ${worstRelative.toExponential(2)} relative to max(1, |value|)`;
  throw new NumericalError({
    problem,
    expected: `at most ${tolerance.toExponential(2)}`,
    received: worstRelative.toExponential(2),
    remedy: `the tolerance is ${tolerance.toExponential(2)}; export the model anew, or in float64`,
  });
}

/** Adds the command. */
export function addVerify(program: Command): void {
  const command = program
    .command("verify")
    .summary("whether an export computes what its model does")
    .description(
      `Sends the rows of a table through a model, in float64, and through its export, and compares: exit code 1 where they differ beyond
the tolerance. An ONNX file is run by the package onnxruntime-node, which has to be installed.`,
    )
    .argument("<model>", "model (.safetensors)")
    .argument("<export>", "what `pushforward export` has made of it (.onnx, .wasm or .json)")
    .argument("<data>", "table of rows; - for CSV on standard input");
  addOptionFlags(command, verifyFlags, verifyOptionTable);
  command
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward verify galaxies.safetensors galaxies.onnx new.csv`,
    )
    .action(namingTable(2, run));
  addTableOptions(command);
}
