/**
 * `pushforward inspect`: what a model is and how it was fitted.
 *
 * @module
 */

import type { Command } from "commander";
import { oneLine } from "../../entries/errors.ts";
import { print, printJson } from "../output.ts";

async function run(model: string, flags: { readonly json?: boolean }): Promise<void> {
  const { load } = await import("../../index.ts");
  const flow = await load(model);
  // The nested bijection is for programs alone: its summary is the architecture's line.
  if (flags.json) return await printJson(flow.description);
  const { default: Table } = await import("cli-table3");
  const table = new Table({ style: { head: [], border: [] }, colWidths: [28, 68], wordWrap: true });
  table.push(...Object.entries(flow.facts).map(([name, value]) => [name, oneLine(value)]));
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
