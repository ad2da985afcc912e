/**
 * `pushforward inspect`: what a model is and how it was fitted.
 *
 * @module
 */

import type { Command } from "commander";
import { hasEpochs } from "../../architectures/kinds.ts";
import { describeArchitecture, describeKey, describeValue } from "../describe.ts";
import { formatCount, print, printJson } from "../output.ts";

async function run(model: string, flags: { readonly json?: boolean }): Promise<void> {
  const { load } = await import("../../index.ts");
  const flow = await load(model);
  const { columns, given, parameterCount, description } = flow;
  // The nested bijection is for programs alone: its summary is the architecture's line.
  if (flags.json) return await printJson(description);
  const { default: Table } = await import("cli-table3");
  const table = new Table({ style: { head: [], border: [] }, colWidths: [28, 68], wordWrap: true });
  table.push(
    ["architecture", describeArchitecture(description)],
    ["parameters", formatCount(parameterCount)],
    ["precision", describeValue(description.precision)],
    ["columns", columns.join(", ")],
  );
  if (given.length > 0) table.push(["given", given.join(", ")]);
  for (const [key, value] of Object.entries(description.fitted)) {
    // What is fitted without gradients takes steps, layers or trials.
    const name = key === "epochs" && !hasEpochs(description.kind) ? "steps" : describeKey(key);
    table.push([`fit: ${name}`, describeValue(value)]);
  }
  await print(`${table.toString()}\n`);
}

/** Adds the command. */
export function addInspect(program: Command): void {
  program
    .command("inspect")
    .summary("describe a model")
    .description("Architecture, parameters and columns of a model, and how it was fitted.")
    .argument("<model>", "model to describe (.safetensors)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward inspect galaxies.safetensors`,
    )
    .action(run);
}
